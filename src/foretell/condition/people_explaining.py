"""What was found of one person for the heads ``persona near bucket context``, and whose clock was read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt

import pyarrow as pa

from foretell.clock import utc
from foretell.condition import people_heads
from foretell.condition.nodes import (
    Bucket,
    Check,
    Condition,
    Context,
    Did,
    Event,
    Near,
    Persona,
    Pick,
    Property,
    Ratio,
    Selection,
    Sequence,
    Table,
    Trait,
)
from foretell.condition.people_wording import percent
from foretell.condition.scope import Scope
from foretell.money import MICRO, from_micro

Query = Callable[[str], pa.Table]


def found(tree: Persona | Near | Bucket | Context, scope: Scope, query: Query) -> str:
    """What was read of the one person of ``scope``."""
    match tree:
        case Persona():
            return _persona(scope, query)
        case Near():
            return _distance(tree, scope, query)
        case Bucket():
            rows = query(people_heads.draws(tree.key, scope))["draw"].to_pylist()
            return f"at {_place(rows[0])} of the draw" if rows else "not in the draw"
        case Context():
            rows = query(f"SELECT x.s, x.n {people_heads.context_values(tree, scope)}").to_pylist()
            return ", ".join(_number(row["n"]) if row["s"] is None else row["s"] for row in rows) or "missing"


def _persona(scope: Scope, query: Query) -> str:
    rows = query(f"SELECT p.persona, p.as_of FROM ({people_heads.personas(scope)}) AS p WHERE p.place = 1").to_pylist()
    if not rows or rows[0]["persona"] is None:
        return "of no persona"
    return f"{rows[0]['persona']}, assigned as of {utc(rows[0]['as_of']).isoformat()}"


def _distance(tree: Near, scope: Scope, query: Query) -> str:
    rows = query(people_heads.coordinates(tree.trait, scope)).to_pylist()
    if not rows or rows[0]["latitude"] is None or rows[0]["longitude"] is None:
        return "no coordinates"
    here = (rows[0]["latitude"] / MICRO, rows[0]["longitude"] / MICRO)
    away = _kilometres(here, (float(tree.latitude), float(tree.longitude)))
    return f"at {_number(rows[0]['latitude'])}, {_number(rows[0]['longitude'])}, {away:,.1f} km away"


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    north, east = radians(other[0] - one[0]), radians(other[1] - one[1])
    square = sin(north / 2) ** 2 + cos(radians(one[0])) * cos(radians(other[0])) * sin(east / 2) ** 2
    return 2 * people_heads.EARTH_KM * asin(min(1.0, sqrt(square)))


def _place(draw: str) -> str:
    return percent((Decimal(int(draw, 16)) / 16**people_heads.DRAW_DIGITS).quantize(Decimal("0.0001")))


def _number(micro: int) -> str:
    return f"{from_micro(micro).normalize():f}"


def zone(tree: Condition, scope: Scope, query: Query) -> str:
    """``on the clock of Europe/London`` where the part reads the person's clock, else nothing."""
    if not _reads_clock(tree) or scope.only is None:
        return ""
    named = query(f"SELECT {scope.clock.zone(str(int(scope.only)))} AS zone")["zone"][0].as_py()
    return f"on the clock of {named}"


def _reads_clock(tree: Condition) -> bool:
    match tree:
        case Did():
            return _clocked(tree.selection) or (tree.without is not None and _clocked(tree.without))
        case Pick():
            return _clocked(tree.selection) or _returning(tree.properties)
        case Sequence():
            return any(_clocked(step.selection) for step in tree.steps)
        case Ratio():
            return _clocked(tree.over) or _clocked(tree.under)
        case Trait() | Event():
            return any(_is_anniversary(check) for check in tree.test)
        case Table():
            return _returning(tree.where)
        case _:
            return False


def _clocked(selection: Selection) -> bool:
    return bool(selection.hours or selection.weekdays) or _returning(selection.where)


def _returning(properties: tuple[Property, ...]) -> bool:
    return any(_is_anniversary(check) for one in properties for check in one.test)


def _is_anniversary(check: Check) -> bool:
    return check.name == "anniversary_in"
