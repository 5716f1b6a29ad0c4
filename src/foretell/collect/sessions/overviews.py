"""A person's sessions, and which devices and browsers people use."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine

PARTS = ("browser", "os", "device_type", "country", "language")
_PERSON = """
SELECT s.session_id, s.started_at, s.ended_at, s.duration_seconds, s.pages, s.events, s.landing_page, s.exit_page,
  s.referrer_domain, s.utm_source, s.utm_medium, s.utm_campaign, s.device_type, s.device_name, s.browser,
  s.browser_version, s.os, s.os_version, s.app, s.language, s.country, s.city, s.search_terms, s.orders, s.revenue,
  s.bounced, s.ended_event
FROM log_sessions s WHERE s.profile_key = $person AND s.events > 0 AND NOT s.is_bot
ORDER BY s.started_at DESC, s.session_id LIMIT $limit"""
_COUNTED = """
WITH seen AS (
  SELECT DISTINCT s.profile_key, {columns} FROM log_sessions s
  WHERE s.events > 0 AND NOT s.is_bot AND s.profile_key > 0
), long AS ({long})
SELECT l.part, l.value, count(DISTINCT m.profile_key) AS people, count(DISTINCT l.profile_key) AS everybody
FROM long l LEFT JOIN members m ON m.profile_key = l.profile_key
GROUP BY l.part, l.value ORDER BY l.part, everybody DESC, l.value"""
_LONG = " UNION ALL ".join(
    ["SELECT profile_key, '' AS part, '' AS value FROM seen"]
    + [f"SELECT profile_key, '{part}', {part} FROM seen WHERE {part} IS NOT NULL" for part in PARTS]
    + [f"SELECT profile_key, '{part}', '' FROM seen WHERE {part} IS NOT NULL" for part in PARTS]
)
_SQL = _COUNTED.format(columns=", ".join(f"s.{part}" for part in PARTS), long=_LONG)


@dataclass(frozen=True)
class Technology:
    """With what people come.

    Args:
        people, everybody: how many of the people asked for, and of all, had a session.
        counts: ``part`` (one of :data:`PARTS`), ``value``, ``people``, ``everybody``: who had a session with it; a
            person with two browsers counts for both. The empty value: of whom the part is known.
    """

    people: int
    everybody: int
    counts: pa.Table


def person_sessions(engine: Engine, profile_key: int, limit: int) -> pa.Table:
    """The latest sessions of a person, newest first, programs left out; instants are UTC."""
    return engine.analytics.query(_PERSON, {"person": profile_key, "limit": limit})


def technology(engine: Engine, members: pa.Table) -> Technology:
    """How many people use what.

    Args:
        members: ``profile_key`` of the people who are held against everybody.
    """
    found = engine.analytics.query(_SQL, tables={"members": members.select(["profile_key"])})
    whole = [row for row in found.to_pylist() if row["part"] == ""]
    people, everybody = (whole[0]["people"], whole[0]["everybody"]) if whole else (0, 0)
    return Technology(people, everybody, found.filter(pc.not_equal(found["part"], "")))
