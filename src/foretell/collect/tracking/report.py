"""Who has to mend what: violations by event, field, rule and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.collect.tracking.compiling import fields_of, spec_of
from foretell.collect.tracking.document import Owner
from foretell.definitions import Catalog
from foretell.engine import UNSENT, Engine, scratch

EXAMPLES = 5
_BETWEEN = "received_at >= $start AND received_at < $end"
_EARLIEST, _LATEST = datetime(1, 1, 1), datetime(9999, 1, 1)
_LINES = f"""
SELECT event, field, rule, source, count(*) AS count, count(DISTINCT message_id) AS events,
       sum(CASE WHEN action = 'allow' THEN 1 ELSE 0 END) AS allowed,
       sum(CASE WHEN action = 'drop_field' THEN 1 ELSE 0 END) AS dropped,
       sum(CASE WHEN action = 'quarantine' THEN 1 ELSE 0 END) AS quarantined,
       max(owner) AS owner, max(owner_type) AS owner_type, max("plan") AS plan,
       min(received_at) AS first_at, max(received_at) AS last_at
FROM violation_rows WHERE {_BETWEEN}
GROUP BY event, field, rule, source ORDER BY count DESC, source, event, field, rule
"""
_DAYS = f"""
SELECT event, field, rule, source, CAST(received_at AS DATE) AS day, count(*) AS count
FROM violation_rows WHERE {_BETWEEN} GROUP BY event, field, rule, source, CAST(received_at AS DATE) ORDER BY day
"""
_EXAMPLES = f"""
SELECT event, field, rule, source, example FROM (
    SELECT event, field, rule, source, example,
           row_number() OVER (PARTITION BY event, field, rule, source ORDER BY count(*) DESC, example) AS place
    FROM violation_rows WHERE {_BETWEEN} AND example IS NOT NULL GROUP BY event, field, rule, source, example) e
WHERE place <= {EXAMPLES} ORDER BY place
"""
_ARRIVED = f"""
WITH aside AS (
    SELECT DISTINCT source, event, message_id FROM violation_rows WHERE {_BETWEEN} AND action = 'quarantine'),
taken AS (SELECT source, event, count(*) AS n FROM event_log WHERE {_BETWEEN} GROUP BY source, event),
out AS (
    SELECT a.source, a.event, count(*) AS n FROM aside a LEFT JOIN event_log e
    ON e.message_id = a.message_id AND e.source = a.source WHERE e.message_id IS NULL GROUP BY a.source, a.event)
SELECT source, event, sum(n) AS n FROM (SELECT * FROM taken UNION ALL SELECT * FROM out) b
WHERE source NOT IN ({UNSENT}) GROUP BY source, event
"""


@dataclass(frozen=True)
class Breach:
    """One rule that was breached, over a range of arrival.

    Args:
        field: property with its dotted path, or ``traits.NAME``; empty where the event is not planned.
        rule: required, type, enum, minimum, maximum, pattern, format, standard or unplanned.
        count: violations; ``events``: events with one.
        share: ``events`` among all events of this name and source that arrived, 0 to 1.
        allowed, dropped, quarantined: what was done, in violations.
        owner, owner_type: who answers for the field today.
        trend: day of arrival (UTC) → violations.
        examples: values, the most frequent ones; masked where they are personal.
    """

    event: str
    field: str
    rule: str
    source: str
    count: int
    events: int
    share: float
    allowed: int
    dropped: int
    quarantined: int
    owner: str | None
    owner_type: str | None
    plan: str
    first_at: datetime
    last_at: datetime
    trend: tuple[tuple[date, int], ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ViolationReport:
    """All that was breached.

    Args:
        events: events that arrived from the sources, those put aside included.
        violating: those of them with a violation.
    """

    start: datetime | None
    end: datetime | None
    events: int
    violating: int
    breaches: tuple[Breach, ...]


def violation_report(
    engine: Engine, catalog: Catalog, start: datetime | None = None, end: datetime | None = None
) -> ViolationReport:
    """Violations of what arrived between ``start`` and ``end`` (not included), the most frequent first."""
    params: dict[str, object] = {
        "start": naive_utc(start) if start else _EARLIEST,
        "end": naive_utc(end) if end else _LATEST,
    }

    def ask(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = engine.analytics.query(sql, params).to_pylist()
        return rows

    arrived = {(row["source"], row["event"]): int(row["n"]) for row in ask(_ARRIVED)}
    trends = _collected(ask(_DAYS), lambda row: (row["day"], int(row["count"])))
    examples = _collected(ask(_EXAMPLES), lambda row: row["example"])
    owners = _owners(catalog)
    breaches = []
    for row in ask(_LINES):
        key = _key(row)
        owner = owners.get((row["plan"], row["event"], row["field"]))
        told = {"owner": owner.name, "owner_type": owner.sort} if owner else {}
        counts = {name: int(row[name]) for name in ("count", "events", "allowed", "dropped", "quarantined")}
        whole = max(arrived.get((row["source"], row["event"]), 0), counts["events"])
        share = counts["events"] / whole
        more = {"trend": tuple(trends.get(key, ())), "examples": tuple(examples.get(key, ()))}
        breaches.append(Breach(**{**row, **told, **counts, **more, "share": share}))
    (violating,) = ask(f"SELECT count(DISTINCT message_id) AS n FROM violation_rows WHERE {_BETWEEN}")
    return ViolationReport(start, end, sum(arrived.values()), int(violating["n"]), tuple(breaches))


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["event"], row["field"], row["rule"], row["source"]


def _collected(rows: list[dict[str, Any]], read: Any) -> dict[tuple[str, ...], list[Any]]:
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in rows:
        found.setdefault(_key(row), []).append(read(row))
    return found


def _owners(catalog: Catalog) -> dict[tuple[str, str, str], Owner]:
    """Plan, event and field → who answers for it; traits under every event that tells them."""
    found = {}
    for document in catalog.all("tracking"):
        for rule in fields_of(document.key, spec_of(document)):
            if rule.owner is not None:
                found[(document.key, rule.event or "Identify", rule.label)] = rule.owner
    return found


def shown_violations(remarks: pa.Table) -> list[dict[str, Any]]:
    """What a frame's violations are, by event, field and rule, for people: before anything is stored."""
    if "rule" not in remarks.column_names:
        return []
    found: list[dict[str, Any]] = scratch(
        "SELECT event, field, rule, action, min(owner) AS owner, count(*) AS count, min(example) AS example "
        "FROM r WHERE rule IS NOT NULL GROUP BY ALL ORDER BY count DESC, event, field, rule",
        {"r": remarks},
    ).to_pylist()
    return found
