"""The numbers of people: one query a behaviour, by the same words that rules are written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader, parse_measure
from foretell.money import MICRO
from foretell.segment.personas.behaviours import Behaviour
from foretell.stats import Floats

Keys = npt.NDArray[np.int64]

_FIRST = """
SELECT p.profile_key, min(s.ts) AS first_seen FROM people p JOIN log_sightings s ON s.profile_key = p.profile_key
WHERE s.ts <= $as_of GROUP BY p.profile_key ORDER BY p.profile_key"""
_SEEN = "SELECT DISTINCT e.event FROM event_log e WHERE e.ts <= $as_of AND e.event IS NOT NULL"


@dataclass(frozen=True)
class Behaved:
    """What people did in the window, by an instant; arrays (n,) in order of ``people``.

    Args:
        people: profile keys, ascending.
        years: how long each was observed within the window.
        values: behaviour → its number: of a share the quotient, NaN where nothing is below; of an average NaN where
            there is nothing; else 0.
        tops, bottoms: of shares: the two counts.
    """

    people: Keys
    years: Floats
    behaviours: tuple[Behaviour, ...]
    values: dict[str, Floats]
    tops: dict[str, Floats]
    bottoms: dict[str, Floats]


def first_seen(reader: Reader, people: pa.Table, as_of: datetime) -> pa.Table:
    """When each of ``people`` (profile_key) was first seen: profile_key, first_seen (UTC), by profile_key."""
    return reader.analytics.query(_FIRST, {"as_of": naive_utc(as_of)}, {"people": people.select(["profile_key"])})


def seen_only(reader: Reader, behaviours: Sequence[Behaviour], as_of: datetime) -> tuple[Behaviour, ...]:
    """Those behaviours whose events were ever seen."""
    seen = set(reader.analytics.query(_SEEN, {"as_of": naive_utc(as_of)})["event"].to_pylist())
    return tuple(one for one in behaviours if set(one.events) <= seen)


def behaved(
    reader: Reader,
    behaviours: Sequence[Behaviour],
    first: pa.Table,
    *,
    as_of: datetime,
    window: str,
    known_at: datetime | None = None,
) -> Behaved:
    """What people did within ``window`` by ``as_of``.

    Args:
        first: see :func:`first_seen`; the people.
        known_at: what arrived later does not count; default: ``as_of``.
    """
    known = known_at or as_of
    keys = np.asarray(first["profile_key"].to_numpy(), np.int64)
    days = np.asarray((np.datetime64(naive_utc(as_of), "us") - first["first_seen"].to_numpy()) / np.timedelta64(1, "D"))
    years = np.clip(days, 30.0, Duration.parse(window).days) / 365.25
    found = Behaved(keys, years, tuple(behaviours), {}, {}, {})
    for one in behaviours:
        values = _values(reader, one.of, one.form, keys, (as_of, known), window)
        if one.per is not None:
            below = _values(reader, one.per, "count", keys, (as_of, known), window)
            found.tops[one.key], found.bottoms[one.key] = values, below
            values = np.divide(values, below, out=np.full(keys.size, np.nan), where=below > 0)
        found.values[one.key] = values
    return found


def halves(
    reader: Reader, behaviours: Sequence[Behaviour], first: pa.Table, *, as_of: datetime, window: str
) -> tuple[Behaved, Behaved]:
    """What people did in the first and in the second half of the time that half of them were observed for within
    ``window``; who came later than its begin is left out."""
    seen = np.asarray((np.datetime64(naive_utc(as_of), "us") - first["first_seen"].to_numpy()) / np.timedelta64(1, "D"))
    days = max(int(min(Duration.parse(window).days, float(np.median(seen))) / 2), 1)
    middle = as_of - timedelta(days=days)
    begin = pa.scalar(naive_utc(middle - timedelta(days=days)), first["first_seen"].type)
    there = first.filter(pc.less_equal(first["first_seen"], begin))
    both = [behaved(reader, behaviours, there, as_of=at, window=f"{days}d", known_at=as_of) for at in (middle, as_of)]
    return both[0], both[1]


def _values(
    reader: Reader, raw: dict[str, Any], form: str, keys: Keys, at: tuple[datetime, datetime], window: str
) -> Floats:
    measure = parse_measure({**raw, "within": window})
    rows = reader.analytics.query(reader.measure_sql(measure, as_of=at[0], known_at=at[1]))
    place = np.asarray(pc.index_in(pa.array(keys), rows["profile_key"].combine_chunks()).fill_null(-1).to_numpy())
    told = np.append(np.asarray(rows["value"].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64), np.nan)
    values = told[place] / (MICRO if form in ("amount", "average") else 1)
    found: Floats = values if form == "average" else np.nan_to_num(values, nan=0.0)
    return found
