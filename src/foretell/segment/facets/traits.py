"""Traits that have few values, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from foretell.clock import naive_utc
from foretell.condition import Reader
from foretell.segment.facets.people import Rows

MOST_TRAITS, MOST_VALUES = 12, 8
_MICRO = Decimal(1_000_000)
_VALUES = """
WITH told AS (
  SELECT t.trait, t.s, t.n, count(DISTINCT t.profile_key) AS people FROM log_traits t JOIN rows_asked r
  ON r.profile_key = t.profile_key
  WHERE t.ts <= $as_of AND t.known_at <= $as_of AND (t.s IS NOT NULL OR t.n IS NOT NULL) GROUP BY t.trait, t.s, t.n
), kinds AS (
  SELECT trait, count(*) AS found, sum(people) AS people FROM told GROUP BY trait
), placed AS (
  SELECT told.*, kinds.people AS held, kinds.found,
    row_number() OVER (PARTITION BY told.trait ORDER BY told.people DESC, told.s, told.n) AS place
  FROM told JOIN kinds ON kinds.trait = told.trait
)
SELECT trait, s, n, people, held FROM placed
WHERE place <= $most AND people >= $floor AND (found <= 50 OR 10 * people >= held)
ORDER BY held DESC, trait, place"""


@dataclass(frozen=True)
class TraitValue:
    """A value that a trait often has."""

    trait: str
    value: str | int | float

    @property
    def raw(self) -> dict[str, Any]:
        """The condition that says so."""
        return {"trait": self.trait, "is": self.value}


def trait_values(
    reader: Reader, rows: Rows, *, as_of: datetime, floor: int, most_traits: int = MOST_TRAITS
) -> list[TraitValue]:
    """The commonest values of the traits that ``rows`` had by ``as_of``, known then; by how many people have the trait.

    Names, addresses and other traits that nearly everybody has another value of are not among them.

    Args:
        floor: a value was told of at least so many people.
    """
    found = reader.analytics.query(
        _VALUES, {"as_of": naive_utc(as_of), "most": MOST_VALUES, "floor": max(floor, 2)}, {"rows_asked": rows.table}
    ).to_pylist()
    traits = list(dict.fromkeys(row["trait"] for row in found))[:most_traits]
    return [
        TraitValue(row["trait"], row["s"] if row["s"] is not None else number_of(row["n"]))
        for row in found
        if row["trait"] in traits
    ]


def number_of(micro: int) -> int | float:
    """A number that is kept in micro units."""
    value = Decimal(micro) / _MICRO
    return int(value) if value == value.to_integral_value() else float(value)
