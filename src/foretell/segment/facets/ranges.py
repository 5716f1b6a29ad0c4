"""Traits that nearly everybody has another value of, in ranges: numbers, ages, and how long ago."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from foretell.clock import naive_utc
from foretell.condition import Reader
from foretell.segment.facets.people import Rows
from foretell.segment.facets.traits import MOST_VALUES, number_of

MOST_RANGES, SAMPLED = 6, 20_000
AGES = (25, 35, 45, 55, 65)
LATELY = ("30d", "90d", "365d")
_GROWN_YEARS = 12
_SHARES = (0.25, 0.5, 0.75)
_MANY = """
SELECT t.trait, count(*) AS told, count(t.n) AS numbers, count(CASE WHEN t.s LIKE '____-__-__%' THEN 1 END) AS dates,
  count(DISTINCT t.profile_key) AS people
FROM log_traits t JOIN rows_asked r ON r.profile_key = t.profile_key
WHERE t.ts <= $as_of AND t.known_at <= $as_of AND (t.s IS NOT NULL OR t.n IS NOT NULL)
GROUP BY t.trait HAVING count(DISTINCT t.profile_key) >= $floor
  AND count(DISTINCT t.s) + count(DISTINCT t.n) > $most
ORDER BY people DESC, t.trait"""
_TOLD = """
SELECT t.s, t.n FROM log_traits t JOIN rows_asked r ON r.profile_key = t.profile_key
WHERE t.trait = $trait AND t.ts <= $as_of AND t.known_at <= $as_of ORDER BY t.profile_key, t.ts LIMIT $sampled"""


@dataclass(frozen=True)
class TraitRange:
    """A trait's value in a range."""

    trait: str
    test: Mapping[str, Any]

    @property
    def raw(self) -> dict[str, Any]:
        """The condition that says so."""
        return {"trait": self.trait, **self.test}


def trait_ranges(reader: Reader, rows: Rows, *, as_of: datetime, floor: int) -> list[TraitRange]:
    """Ranges of the traits with many values that ``rows`` had by ``as_of``, known then.

    Numbers at their quartiles; dates of long ago (of birth) by age; later ones by how long ago they are.

    Args:
        floor: so many people have the trait at least.
    """
    asked = {"as_of": naive_utc(as_of), "floor": floor, "most": MOST_VALUES}
    tables = {"rows_asked": rows.table}
    found: list[TraitRange] = []
    for row in reader.analytics.query(_MANY, asked, tables).to_pylist():
        if max(row["numbers"], row["dates"]) < 0.9 * row["told"]:
            continue
        told = reader.analytics.query(
            _TOLD, {"trait": row["trait"], "as_of": naive_utc(as_of), "sampled": SAMPLED}, tables
        )
        if row["numbers"] >= row["dates"]:
            tests = _numbers([number_of(value) for value in told["n"].to_pylist() if value is not None])
        else:
            tests = _dates([value for value in told["s"].to_pylist() if value], as_of.date())
        found += [TraitRange(row["trait"], test) for test in tests]
        if len({one.trait for one in found}) == MOST_RANGES:
            break
    return found


def _numbers(values: Sequence[float]) -> Iterator[dict[str, Any]]:
    for cut in np.unique(np.quantile(values, _SHARES, method="lower")).tolist():
        limit = int(cut) if cut == int(cut) else round(cut, 6)
        yield {"gte": limit}
        yield {"lt": limit}


def _dates(values: Sequence[str], today: date) -> Iterator[dict[str, Any]]:
    years = [today.year - int(value[:4]) for value in values if value[:4].isdecimal()]
    if years and float(np.median(years)) >= _GROWN_YEARS:
        for age in AGES:
            yield {"age": {"gte": age}}
            yield {"age": {"lt": age}}
    else:
        for length in LATELY:
            yield {"ago": {"lte": length}}
            yield {"ago": {"gt": length}}
