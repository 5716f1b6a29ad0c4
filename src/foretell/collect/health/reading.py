"""What is known of the sources' arrivals as of an instant: of the time that is needed, and no more of the history.

Arrival is when an event counts as known: for a file that tells of the past, that is when it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from foretell.clock import micros, naive_utc, utc
from foretell.collect.health.monitors import Share
from foretell.collect.health.rhythm import QUARTER_SECONDS, QUARTERS, Counts
from foretell.engine import OWN_SOURCE, Analytics, Engine

DAY = timedelta(days=1)
BEFORE = timedelta(days=28)
MOST_PATHS = 300
"""Properties that are watched, those seen first; more would make the look at a day slow."""
_OTHERS = f"source <> '{OWN_SOURCE}' AND source <> ''"
_QUARTER = QUARTER_SECONDS * 1_000_000
_ARRIVED = f"""
SELECT source, CAST(floor(($now_us - epoch_us(known_at)) / {_QUARTER}.0) AS BIGINT) AS back, count(*) AS n,
  max(known_at) AS last_at, count(*) FILTER (known_at - ts > INTERVAL '1 day') AS late
FROM event_log WHERE known_at > $begin AND known_at <= $now AND {_OTHERS} GROUP BY ALL
"""
_BREACHED = """
SELECT source, received_at > $day AS recent, count(DISTINCT message_id) AS n FROM violation_rows
WHERE received_at > $before AND received_at <= $now GROUP BY ALL
"""
_ASIDE = """
SELECT source, CASE WHEN received_at > ? THEN 1 ELSE 0 END AS recent, count(*) AS n FROM quarantine
WHERE received_at > ? AND received_at <= ? AND severity = 'error' GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Arrivals:
    """What came of one source.

    Args:
        counts: events by quarter of an hour (:data:`QUARTERS`,), the last one ends now.
        late: of these, events that were known more than a day after they happened.
    """

    counts: Counts
    late: Counts
    last_at: datetime


@dataclass(frozen=True)
class Presence:
    """How often events of a name held a property: before, and in the last day.

    Args:
        told: events with it; ``number``: of these, those in which it is a number.
    """

    source: str
    event: str
    path: str
    told: tuple[Share, Share]
    number: tuple[Share, Share]


def arrivals(analytics: Analytics, now: datetime) -> dict[str, Arrivals]:
    """Source → what came of it in the last eight weeks."""
    begin = now - timedelta(seconds=QUARTER_SECONDS * QUARTERS)
    params = {"now": naive_utc(now), "begin": naive_utc(begin), "now_us": micros(now)}
    found: dict[str, Arrivals] = {}
    for row in analytics.query(_ARRIVED, params).to_pylist():
        one = found.get(row["source"])
        if one is None:
            one = Arrivals(np.zeros(QUARTERS, np.int64), np.zeros(QUARTERS, np.int64), utc(row["last_at"]))
        place = QUARTERS - 1 - row["back"]
        one.counts[place] += row["n"]
        one.late[place] += row["late"]
        found[row["source"]] = Arrivals(one.counts, one.late, max(one.last_at, utc(row["last_at"])))
    return found


def breached(analytics: Analytics, now: datetime) -> dict[tuple[str, bool], int]:
    """(source, in the last day) → events that breached a tracking plan."""
    params = {"now": naive_utc(now), "day": naive_utc(now - DAY), "before": naive_utc(now - BEFORE)}
    return {(row["source"], row["recent"]): row["n"] for row in analytics.query(_BREACHED, params).to_pylist()}


def put_aside(engine: Engine, now: datetime) -> dict[tuple[str, bool], int]:
    """(source, in the last day) → rows that were put into quarantine."""
    rows = engine.ops.query(_ASIDE, (micros(now - DAY), micros(now - BEFORE), micros(now)))
    return {(source, bool(recent)): int(number) for source, recent, number in rows}


def presence(engine: Engine, now: datetime) -> list[Presence]:
    """How often events held each property, by source and event."""
    own = list(engine.log.properties().own().items())[:MOST_PATHS]
    if not own:
        return []
    counts = ", ".join(
        f"count(CASE WHEN {column.text} IS NULL THEN {column.number} ELSE 0 END) AS t{place}, "
        f"count({column.number}) AS n{place}"
        for place, (_, column) in enumerate(own)
    )
    sql = (
        f"SELECT source, event, known_at > $day AS recent, count(*) AS whole, {counts} FROM event_log "
        f"WHERE known_at > $before AND known_at <= $now AND {_OTHERS} GROUP BY source, event, recent"
    )
    params = {"now": naive_utc(now), "day": naive_utc(now - DAY), "before": naive_utc(now - BEFORE)}
    sides: dict[tuple[str, str], dict[bool, Mapping[str, Any]]] = {}
    for row in engine.analytics.query(sql, params).to_pylist():
        sides.setdefault((row["source"], row["event"]), {})[row["recent"]] = row
    found = []
    for (source, event), side in sorted(sides.items()):
        if len(side) < 2:
            continue
        for place, (path, _) in enumerate(own):
            told = tuple(Share(one[f"t{place}"], one["whole"]) for one in (side[False], side[True]))
            number = tuple(Share(one[f"n{place}"], one[f"t{place}"]) for one in (side[False], side[True]))
            if told[0].part:
                found.append(Presence(source, event, path, (told[0], told[1]), (number[0], number[1])))
    return found
