"""Traits as features: what was told of a person by the instant, and known by then.

The values that stand are the latest told (ties go by sequence). Which traits, and which values of a text have a column
of their own, is chosen when a model is trained and kept on its plan; a value that comes later falls among the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.engine import Analytics
from foretell.predict.features.plan import Feature, FeaturePlan, TraitPlan
from foretell.predict.features.raw import Column, Raw
from foretell.predict.features.reading import Instants

FAMILY = "traits"
MOST_TRAITS, MOST_VALUES = 40, 8
LEAST_PEOPLE, LEAST_SHARE = 20, 0.01
"""A trait that fewer people have, or a value that a smaller share has, gets no column."""
_NEARLY_ALL = 0.95
_NAMES_SOMEBODY = frozenset(
    {"email", "phone", "name", "first_name", "last_name", "firstName", "lastName", "username", "avatar", "id"}
)
"""Who somebody is says nothing about what people like them do."""
_FLAGS = ("true", "false", "yes", "no")
_YES = ("true", "yes")

_TOLD = """
WITH told AS (
  SELECT t.profile_key, t.trait, t.s, t.n,
    row_number() OVER (PARTITION BY t.profile_key, t.trait ORDER BY t.ts DESC, t.seq DESC) AS place
  FROM log_traits t JOIN people p ON p.profile_key = t.profile_key WHERE t.ts <= $as_of AND t.known_at <= $as_of
)"""
_OVERVIEW = f"""{_TOLD}
SELECT trait, count(*) AS people, count(n) AS numbers, count(s) AS texts, count(DISTINCT s) AS different,
  count(*) FILTER (WHERE lower(s) IN ('true', 'false', 'yes', 'no')) AS flags,
  count(*) FILTER (WHERE s LIKE '____-__-__%') AS dates, count(DISTINCT n) AS different_numbers
FROM told WHERE place = 1 GROUP BY trait ORDER BY count(*) DESC, trait"""
_VALUES = f"""{_TOLD}
SELECT trait, s, count(*) AS people FROM told WHERE place = 1 AND s IS NOT NULL GROUP BY trait, s
ORDER BY trait, count(*) DESC, s"""


def choose(analytics: Analytics, people: pa.Table, as_of: datetime) -> tuple[TraitPlan, ...]:
    """The traits that enough of ``people`` (column profile_key) have and that can tell them apart."""
    asked = {"people": people.select(["profile_key"])}
    rows = analytics.query(_OVERVIEW, {"as_of": naive_utc(as_of)}, asked).to_pylist()
    kinds = [(str(row["trait"]), _kind(row)) for row in rows if row["people"] >= LEAST_PEOPLE]
    kept = [(trait, kind) for trait, kind in kinds if kind and trait not in _NAMES_SOMEBODY][:MOST_TRAITS]
    if not kept:
        return ()
    values = analytics.query(_VALUES, {"as_of": naive_utc(as_of)}, asked)
    plans = []
    for trait, kind in kept:
        if kind != "text":
            plans.append(TraitPlan(trait, kind))
        elif common := _common(values.filter(pc.equal(values["trait"], trait)), people.num_rows):
            plans.append(TraitPlan(trait, "text", common))
    return tuple(sorted(plans, key=lambda one: one.trait))


_Kind = Literal["number", "flag", "date", "text"]


def _kind(row: Mapping[str, Any]) -> _Kind | None:
    """How a trait becomes a number; None where it does not."""
    people = row["people"]
    if row["numbers"] >= _NEARLY_ALL * people and row["different_numbers"] > 1:
        return "number"
    if row["flags"] >= _NEARLY_ALL * people:
        return "flag"
    if row["dates"] >= _NEARLY_ALL * people:
        return "date"
    return "text" if row["texts"] and row["different"] <= max(people / 4, 12) else None


def _common(values: pa.Table, people: int) -> tuple[str, ...]:
    """The most frequent values; empty where none is frequent."""
    least = max(LEAST_PEOPLE, LEAST_SHARE * people)
    found = values.filter(pc.greater_equal(values["people"], least))
    return tuple(found["s"].to_pylist()[:MOST_VALUES])


def parameters(plan: FeaturePlan) -> dict[str, object]:
    """Names of the traits as named parameters."""
    return {f"trait_{place}": one.trait for place, one in enumerate(plan.traits)}


def parts(plan: FeaturePlan, instants: Instants) -> list[tuple[str, str, tuple[str, ...]]]:
    """The named queries: what stands of each trait, then one row a person."""
    if not plan.traits:
        return []
    key, columns = instants.key, {}
    for place, one in enumerate(plan.traits):
        value = "n" if one.kind == "number" else "s"
        columns[f"trait_{place}_value"] = f"max(CASE WHEN trait = $trait_{place} THEN {value} END)"
    names = ", ".join(f"$trait_{place}" for place in range(len(plan.traits)))
    told = f"""
  SELECT p.{key}, t.trait, t.s, t.n,
    row_number() OVER (PARTITION BY p.{key}, t.trait ORDER BY t.ts DESC, t.seq DESC) AS turn
  FROM log_traits t JOIN people p ON p.profile_key = t.profile_key
  WHERE {instants.there("t")} AND t.trait IN ({names})"""
    shown = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    standing = f"\n  SELECT {key}, {shown} FROM told_traits WHERE turn = 1 GROUP BY {key}"
    return [("told_traits", told, ()), ("standing_traits", standing, tuple(columns))]


def shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    """Features of the plan's traits."""
    for place, one in enumerate(plan.traits):
        column, said = f"trait_{place}_value", _said(one.trait)
        if one.kind == "number":
            yield Feature(f"trait:{one.trait}", f"{said}: {{}}", "number", FAMILY), raw.value(column)
        elif one.kind == "date":
            yield Feature(f"trait:{one.trait}", f"days since {said}: {{}}", "days", FAMILY), raw.dates(column)
        elif one.kind == "flag":
            yield Feature(f"trait:{one.trait}", f"{said}: {{}}", "number", FAMILY), _flag(raw.text(column))
        else:
            yield from _one_hot(raw.text(column), one, said)


def _said(trait: str) -> str:
    return trait.replace("_", " ").replace(".", " ").replace("{", "(").replace("}", ")")


def _flag(texts: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    lowered = pc.utf8_lower(texts)
    known = pc.is_in(lowered, pa.array(_FLAGS))
    yes = pc.is_in(lowered, pa.array(_YES)).cast(pa.float64())
    numbers = pc.if_else(known, yes, pa.scalar(None, pa.float64()))
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _one_hot(texts: pa.ChunkedArray, one: TraitPlan, said: str) -> Iterator[Column]:
    """One column a value, one for all others, one for who has none."""
    for value in one.values:
        safe = value.replace("{", "(").replace("}", ")")
        yield (
            Feature(f"trait:{one.trait}={value}", f"{said} is {safe}", "number", FAMILY),
            _ones(pc.fill_null(pc.equal(texts, value), False)),
        )
    other = pc.fill_null(pc.invert(pc.is_in(texts, pa.array(one.values, pa.string()))), False)
    yield (
        Feature(f"trait:{one.trait}=other", f"{said} is something else", "number", FAMILY),
        _ones(pc.and_(other, pc.is_valid(texts))),
    )
    yield Feature(f"trait:{one.trait}=none", f"{said} is not known", "number", FAMILY), _ones(pc.is_null(texts))


def _ones(chosen: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(chosen.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
