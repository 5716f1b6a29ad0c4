"""Words for the heads and qualifiers that speak of the person: persona, place, draw, moment and clock."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from foretell.condition import wording
from foretell.condition.nodes import Bucket, Check, Context, Near, Persona, Selection, Test
from foretell.condition.values import holds_at

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clause(tree: Persona | Near | Bucket | Context) -> str:
    """What is said of people."""
    match tree:
        case Persona():
            return f"whose persona is {tree.key}"
        case Near():
            return f"whose {tree.trait} is at most {tree.km:f} km from {tree.latitude:f}, {tree.longitude:f}"
        case Bucket():
            return f"whose place in the draw {tree.key} is {wording.listed([_shares(check) for check in tree.test])}"
        case Context():
            return f"whose {tree.name} at the moment {wording.verb(tree.test)}"


def clock(selection: Selection) -> str:
    """``on Saturday or Sunday between 9:00 and 17:59 on their clock``; empty where the clock is not asked for."""
    words = []
    if selection.weekdays:
        days = [_DAYS[day - 1] for day in _allowed(selection.weekdays, range(1, 8))]
        words.append(f"on {wording.listed(days, 'or')}" if days else "on no day")
    if selection.hours:
        spans = _spans(_allowed(selection.hours, range(24)))
        said = [f"{first}:00 and {last}:59" for first, last in spans]
        words.append(f"between {wording.listed(said, 'or between')}" if said else "at no hour")
    return f"{' '.join(words)} on their clock" if words else ""


def _allowed(test: Test, values: Iterable[int]) -> list[int]:
    return [value for value in values if holds_at(test, Decimal(value))]


def _spans(hours: list[int]) -> list[tuple[int, int]]:
    """Runs of hours that follow each other, as first and last."""
    runs = ([hour for _, hour in run] for _, run in groupby(enumerate(hours), key=lambda placed: placed[1] - placed[0]))
    return [(run[0], run[-1]) for run in runs]


def _shares(check: Check) -> str:
    shares = [percent(operand) for operand in check.operands if isinstance(operand, Decimal)]
    if check.name == "between":
        return f"from {shares[0]} to below {shares[1]}"
    return f"{wording.COMPARED[check.name]} {shares[0]}"


def percent(share: Decimal) -> str:
    """``0.125`` as ``12.5%``."""
    return f"{(share * 100).normalize():f}%"
