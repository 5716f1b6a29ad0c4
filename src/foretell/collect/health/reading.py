"""What is known of the sources' arrivals as of an instant: mostly from what is added up, see ``rolling``.

Arrival is when an event counts as known: for a file that tells of the past, that is when it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from foretell.clock import micros, naive_utc, utc
from foretell.collect.health.rhythm import QUARTERS, Counts
from foretell.collect.health.rolling import ARRIVED, OTHERS, QUARTER_MICROS, rolled
from foretell.engine import Analytics, Engine

DAY = timedelta(days=1)
BEFORE = timedelta(days=28)
_KNOWN = f"""
WITH every AS (
  SELECT source, slot, n, late, last_at FROM arrival_rows WHERE slot <= $slot
  UNION ALL SELECT source, slot, n, late, last_at FROM ({ARRIVED}) n WHERE slot <= $slot
)
SELECT source, CASE WHEN slot > $slot - {QUARTERS} THEN slot ELSE $slot - {QUARTERS} END AS slot,
  CAST(sum(n) AS BIGINT) AS n, CAST(sum(late) AS BIGINT) AS late, min(slot) AS first, max(last_at) AS last_at
FROM every GROUP BY 1, 2"""
_LATEST = f"""
SELECT source, count(*) AS n, max(known_at) AS last_at FROM event_log
WHERE known_at > $hour AND known_at <= $now AND {OTHERS} GROUP BY source"""
_REPEATED = """
SELECT source, slot, CAST(sum(n) AS BIGINT) AS n FROM repeat_rows WHERE slot <= $slot AND slot > $begin GROUP BY 1, 2"""
_BREACHED = """
SELECT source, received_at > $day AS recent, count(DISTINCT message_id) AS n FROM violation_rows
WHERE received_at > $before AND received_at <= $now GROUP BY ALL
"""
_ASIDE = """
SELECT source, CASE WHEN received_at > ? THEN 1 ELSE 0 END AS recent, count(*) AS n FROM quarantine
WHERE received_at > ? AND received_at <= ? AND severity = 'error' GROUP BY 1, 2
"""


@dataclass
class Arrivals:
    """What came of one source.

    Args:
        counts: events by quarter of an hour (:data:`~foretell.collect.health.rhythm.QUARTERS`,); the last is the last
            one that is over.
        late: of these, events that were known more than a day after they happened.
        repeated: events that came again under a message id that was known, and were left out.
        last_hour: events of the last hour, up to the present.
        first_slot: quarter of the first event ever, counted back from the last one that is over; 0 or less where
            none is over since.
    """

    counts: Counts
    late: Counts
    repeated: Counts
    last_at: datetime
    last_hour: int = 0
    first_slot: int = 0


def arrivals(engine: Engine, now: datetime) -> dict[str, Arrivals]:
    """Source → what came of it; of all sources that ever sent."""
    analytics = engine.analytics
    slot = micros(now) // QUARTER_MICROS
    bounds = {"now": naive_utc(now), "slot": slot, "since": rolled(engine).seq, "until": 2**62}
    found: dict[str, Arrivals] = {}
    for row in analytics.query(_KNOWN, bounds).to_pylist():
        one = found.setdefault(row["source"], _nothing(utc(row["last_at"])))
        one.last_at = max(one.last_at, utc(row["last_at"]))
        one.first_slot = max(one.first_slot, slot - row["first"])
        place = QUARTERS - 1 - (slot - row["slot"])
        if place >= 0:
            one.counts[place] += row["n"]
            one.late[place] += row["late"]
    for row in analytics.query(_LATEST, {"now": naive_utc(now), "hour": naive_utc(now - DAY / 24)}).to_pylist():
        one = found.setdefault(row["source"], _nothing(utc(row["last_at"])))
        one.last_at, one.last_hour = max(one.last_at, utc(row["last_at"])), row["n"]
    for row in analytics.query(_REPEATED, {"slot": slot, "begin": slot - QUARTERS}).to_pylist():
        if row["source"] in found:
            found[row["source"]].repeated[QUARTERS - 1 - (slot - row["slot"])] += row["n"]
    return found


def _nothing(last_at: datetime) -> Arrivals:
    counts, late, repeated = (np.zeros(QUARTERS, np.int64) for _ in range(3))
    return Arrivals(counts, late, repeated, last_at)


def breached(analytics: Analytics, now: datetime) -> dict[tuple[str, bool], int]:
    """(source, in the last day) → events that breached a tracking plan."""
    params = {"now": naive_utc(now), "day": naive_utc(now - DAY), "before": naive_utc(now - BEFORE)}
    return {(row["source"], row["recent"]): row["n"] for row in analytics.query(_BREACHED, params).to_pylist()}


def put_aside(engine: Engine, now: datetime) -> dict[tuple[str, bool], int]:
    """(source, in the last day) → rows that were put into quarantine."""
    rows = engine.ops.query(_ASIDE, (micros(now - DAY), micros(now - BEFORE), micros(now)))
    return {(source, bool(recent)): int(number) for source, recent, number in rows}
