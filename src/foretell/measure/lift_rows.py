"""What a lift is made from: each person once, with their first entry and what they did in the window after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.definitions import revision_of
from foretell.engine import OWN_SOURCE, TIMESTAMP, UNSENT, Engine
from foretell.journey import JourneySpec

_REVISIONS = (
    "SELECT DISTINCT revision FROM journey_runs WHERE journey = $journey AND entered_at <= $now ORDER BY revision"
)
_ENTRIES = """
SELECT profile_id, run, arm, revision, entered_at, goal_at, contaminated FROM (
  SELECT profile_id, run, arm, revision, entered_at, goal_at,
    row_number() OVER (PARTITION BY profile_id ORDER BY entered_at, run) AS place,
    max(CASE WHEN contaminated THEN 1 ELSE 0 END) OVER (PARTITION BY profile_id) AS contaminated
  FROM journey_runs WHERE journey = $journey AND entered_at <= $now AND profile_id <> '') r
WHERE place = 1 ORDER BY profile_id
"""
_JUDGED = """
SELECT e.profile_id, e.run, e.arm, e.entered_at, w.until_at, w.until_at <= $now AS is_over,
  CASE WHEN e.goal_at <= w.until_at AND e.goal_at <= $now THEN 1 ELSE 0 END AS reached, e.contaminated,
  CASE WHEN k.revision IS NULL THEN 1 ELSE 0 END AS otherwise
FROM entries e JOIN windows w ON w.entered_at = e.entered_at LEFT JOIN kept k ON k.revision = e.revision
ORDER BY e.profile_id
"""
_REVENUE = """
SELECT p.profile_id, p.arm, p.entered_at, p.until_at, p.reached, coalesce(sum(o.amount_minor), 0) AS amount_minor
FROM people p LEFT JOIN orders o ON o.profile_id = p.profile_id AND o.timestamp > p.entered_at
  AND o.timestamp <= p.until_at AND o.currency = $currency AND o.kind IN ('completed', 'refunded', 'adjusted')
GROUP BY p.profile_id, p.arm, p.entered_at, p.until_at, p.reached ORDER BY p.profile_id
"""
_RECEIVED = """
SELECT count(DISTINCT p.profile_id) AS people FROM people p
JOIN journey_runs j ON j.profile_id = p.profile_id AND j.journey = $journey AND j.entered_at <= p.until_at
JOIN (
  SELECT run FROM messages WHERE journey = $journey AND sent_at <= $now
  UNION SELECT run FROM audiences WHERE joined_at <= $now
  UNION SELECT run FROM cases WHERE journey = $journey AND opened_at <= $now) r ON r.run = j.run
WHERE p.arm = 'treated'
"""
_WRITTEN_BEFORE = f"""
SELECT count(*) AS active, coalesce(sum(was_before), 0) AS foreseen FROM (
  SELECT p.profile_id, max(CASE WHEN l.batch < t.batch THEN 1 ELSE 0 END) AS was_before
  FROM people p
  JOIN nodes n ON n.profile_id = p.profile_id
  JOIN log_events l ON l.profile_key = n.node_key AND l.ts > p.entered_at AND l.ts <= p.until_at
    AND l.source NOT IN ({UNSENT})
  JOIN (SELECT profile_key, ts, min(batch) AS batch FROM log_events WHERE source = '{OWN_SOURCE}'
      AND event = 'Journey Entered' GROUP BY profile_key, ts) t
    ON t.profile_key = l.profile_key AND t.ts = p.entered_at
  GROUP BY p.profile_id) a
"""


@dataclass(frozen=True)
class Entries:
    """The people who entered a journey.

    Args:
        judged: ``profile_id arm entered_at until_at reached amount_minor``, one row a person whose window is over.
        waiting: ``arm reached until_at`` of those whose window is not.
        contaminated: people with runs of both arms; left out.
        otherwise: people who entered by a revision with another goal, window or holdout; left out.
        received: treated people judged who got a message, were in an audience or had a case opened, by whichever of
            the runs that they began in their window.
        active: people judged of whom anything is known in their window; ``foreseen``: of these, those of whom
            it was already stored when they entered.
    """

    spec: JourneySpec
    judged: pa.Table
    waiting: pa.Table
    contaminated: int
    otherwise: int
    received: int
    active: int
    foreseen: int


def read_entries(
    engine: Engine, journey: str, fallback: JourneySpec, *, now: datetime, zone: ZoneInfo, currency: str
) -> Entries:
    """Who entered ``journey`` up to ``now``, and what they did; ``fallback`` is its document where nobody did."""
    query, told = engine.analytics.query, {"journey": journey, "now": naive_utc(now)}
    spec, kept = _comparable(engine, journey, query(_REVISIONS, told)["revision"].to_pylist(), fallback)
    entries = query(_ENTRIES, told)
    tables = {"entries": entries, "windows": _windows(entries, spec, zone), "kept": _column("revision", kept)}
    people = query(_JUDGED, {"now": told["now"]}, tables)
    clean = _only(people, "contaminated = 0 AND otherwise = 0", engine)
    judged, waiting = _only(clean, "is_over", engine), _only(clean, "NOT is_over", engine)
    part = {"people": judged}
    before = query(_WRITTEN_BEFORE, {}, part).to_pylist()[0]
    return Entries(
        spec=spec,
        judged=query(_REVENUE, {"currency": currency}, part),
        waiting=waiting.select(["arm", "reached", "until_at"]),
        contaminated=_only(people, "contaminated = 1", engine).num_rows,
        otherwise=_only(people, "contaminated = 0 AND otherwise = 1", engine).num_rows,
        received=int(query(_RECEIVED, told, part)["people"][0].as_py()),
        active=int(before["active"]),
        foreseen=int(before["foreseen"]),
    )


def _comparable(
    engine: Engine, journey: str, revisions: Collection[int], fallback: JourneySpec
) -> tuple[JourneySpec, list[int]]:
    """The latest revision that anybody entered by, and all with its goal, window and holdout."""
    specs = {}
    for revision in revisions:
        raw = revision_of(engine.ops, "journey", journey, revision)
        if raw is not None:
            specs[revision] = JourneySpec.model_validate(raw["spec"])
    if not specs:
        return fallback, []
    latest = specs[max(specs)]
    return latest, [revision for revision, spec in specs.items() if _asked(spec) == _asked(latest)]


def _asked(spec: JourneySpec) -> tuple[object, ...]:
    return spec.goal, spec.goal_within, spec.holdout


def _windows(entries: pa.Table, spec: JourneySpec, zone: ZoneInfo) -> pa.Table:
    """The end of the window for each instant of entry."""
    length = Duration.parse(spec.goal_within)
    begins = entries["entered_at"].unique().to_pylist()
    ends = [naive_utc(length.after(utc(begin), zone)) for begin in begins]
    return pa.table({"entered_at": pa.array(begins, TIMESTAMP), "until_at": pa.array(ends, TIMESTAMP)})


def _column(name: str, numbers: list[int]) -> pa.Table:
    return pa.table({name: pa.array(numbers, pa.int64())})


def _only(people: pa.Table, test: str, engine: Engine) -> pa.Table:
    return engine.analytics.query(f"SELECT * FROM people WHERE {test} ORDER BY profile_id", {}, {"people": people})
