"""What is told of each persona beside what it was found by: typical day, channels, devices, products, pain.

All of it is counted; where nothing was counted, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.segment.personas.clocks import local_parts, zones_of
from foretell.segment.personas.document import PersonaSpec

_MOST = 6
"""Rows of a ranking."""
_MEDIA = ("Email", "SMS", "Push")
_TOLD = {"Delivered": "delivered", "Opened": "opened", "Link Clicked": "clicked"}

_VISITS = """
SELECT p.persona, p.zone, s.started_at AS ts FROM log_sessions s
JOIN people p ON p.profile_key = s.profile_key
WHERE s.events > 0 AND NOT s.is_bot AND s.started_at > $since AND s.started_at <= $as_of"""
_ORDERS = """
SELECT p.persona, p.zone, o.ts FROM log_orders o
JOIN people p ON p.profile_key = o.profile_key WHERE o.kind = 'completed' AND o.ts > $since AND o.ts <= $as_of"""
_SESSIONS = """
SELECT p.persona, {value} AS value, count(*) AS n FROM log_sessions s JOIN people p ON p.profile_key = s.profile_key
WHERE s.events > 0 AND NOT s.is_bot AND s.started_at > $since AND s.started_at <= $as_of
GROUP BY p.persona, {value}"""
_BY_PROPERTY = """
SELECT p.persona, e.{column} AS value, count(*) AS n FROM log_events e JOIN people p ON p.profile_key = e.profile_key
WHERE e.event = 'Order Completed' AND e.ts > $since AND e.ts <= $as_of GROUP BY p.persona, e.{column}"""
_MESSAGES = """
SELECT p.persona, e.event, count(*) AS n FROM log_events e JOIN people p ON p.profile_key = e.profile_key
WHERE e.event IN ({names}) AND e.ts > $since AND e.ts <= $as_of{human} GROUP BY p.persona, e.event"""
_BOUGHT = """
SELECT p.persona, coalesce(max(i.name), {value}) AS value, count(DISTINCT i.profile_key) AS people
FROM log_order_items i JOIN order_rows o ON o.seq = i.seq JOIN people p ON p.profile_key = i.profile_key
WHERE o.kind = 'completed' AND i.ts > $since AND i.ts <= $as_of AND {value} IS NOT NULL
GROUP BY p.persona, {value}"""
_FROM = "coalesce(nullif(s.utm_source, ''), nullif(s.referrer_domain, ''), 'direct')"
_RANKED = """
WITH named AS (SELECT persona, value, CAST(sum(n) AS BIGINT) AS n FROM found
  WHERE value IS NOT NULL AND value <> '' GROUP BY persona, value),
total AS (SELECT sum(n) AS n FROM named), own AS (SELECT persona, sum(n) AS n FROM named GROUP BY persona),
every AS (SELECT value, sum(n) AS n FROM named GROUP BY value),
placed AS (SELECT a.persona, a.value, a.n, CAST(a.n AS DOUBLE) / o.n AS share, CAST(e.n AS DOUBLE) / t.n AS everyone,
  row_number() OVER (PARTITION BY a.persona ORDER BY a.n DESC, a.value) AS place
  FROM named a JOIN own o ON o.persona = a.persona JOIN every e ON e.value = a.value CROSS JOIN total t)
SELECT persona, value, n, share, everyone FROM placed WHERE place <= $most ORDER BY persona, place"""
_PEOPLE_RANKED = """
WITH own AS (SELECT persona, count(*) AS n FROM people GROUP BY persona), total AS (SELECT count(*) AS n FROM people),
named AS (SELECT persona, value, CAST(sum(people) AS BIGINT) AS n FROM found GROUP BY persona, value),
every AS (SELECT value, sum(n) AS n FROM named GROUP BY value),
placed AS (SELECT a.persona, a.value, a.n, CAST(a.n AS DOUBLE) / o.n AS share, CAST(e.n AS DOUBLE) / t.n AS everyone,
  row_number() OVER (PARTITION BY a.persona ORDER BY a.n DESC, a.value) AS place
  FROM named a JOIN own o ON o.persona = a.persona JOIN every e ON e.value = a.value CROSS JOIN total t)
SELECT persona, value, n, share, everyone FROM placed WHERE place <= $most ORDER BY persona, place"""


@dataclass(frozen=True)
class _Asked:
    """Whom, and over which time."""

    engine: Engine
    people: pa.Table
    times: Mapping[str, object]

    def query(self, sql: str) -> pa.Table:
        """A query over the table ``people``."""
        return self.engine.analytics.query(sql, self.times, {"people": self.people})


def portraits(
    engine: Engine, catalog: Catalog, reader: Reader, spec: PersonaSpec, people: pa.Table, *, as_of: datetime
) -> dict[str, dict[str, Any]]:
    """The portrait of each persona, as plain JSON values.

    Args:
        people: profile_key and persona, one row a person.

    Returns:
        By persona: ``day`` (``of``, ``n``, ``hours`` of 24 and ``weekdays`` of 7 counts from Monday, on the person's
        clock), ``channels``, ``visits_from``, ``devices`` (value, n, share, everyone: shares of the counts),
        ``messages`` (channel, delivered, opened, clicked), ``categories``, ``products``, ``pains`` (value, n people,
        share and everyone: shares of people).
    """
    window = Duration.parse(spec.window)
    since = window.before(as_of, catalog.settings.zone_info)
    times = {"since": naive_utc(since), "as_of": naive_utc(as_of)}
    asked = _Asked(engine, zones_of(engine, catalog, people), times)
    names = sorted(set(people["persona"].to_pylist()))
    made: dict[str, dict[str, Any]] = {name: {} for name in names}
    parts = {
        "day": _days(asked),
        "channels": _by_property(asked, "channel"),
        "visits_from": _ranked(asked.query(_SESSIONS.format(value=_FROM))),
        "devices": _ranked(asked.query(_SESSIONS.format(value="s.device_type"))),
        "messages": _messages(asked),
        "categories": _bought(asked, "i.category"),
        "products": _bought(asked, "i.product_id"),
        "pains": _pains(reader, spec, people, as_of),
    }
    for part, told in parts.items():
        for name in names:
            made[name][part] = told.get(name, None if part == "day" else [])
    return made


def _days(asked: _Asked) -> dict[str, Any]:
    """When people come, by their own clock: visits where there are any, else orders."""
    for name, sql in (("visits", _VISITS), ("orders", _ORDERS)):
        rows = asked.query(sql)
        if rows.num_rows:
            return _day_of(name, local_parts(rows))
    return {}


def _day_of(name: str, parts: pa.Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, size in (("hour", 24), ("weekday", 7)):
        counted = parts.group_by(["persona", column]).aggregate([([], "count_all")]).to_pylist()
        for row in counted:
            day = found.setdefault(row["persona"], {"of": name, "n": 0, "hours": [0] * 24, "weekdays": [0] * 7})
            day["hours" if size == 24 else "weekdays"][row[column]] = row["count_all"]
    for day in found.values():
        day["n"] = sum(day["hours"])
    return found


def _by_property(asked: _Asked, name: str) -> dict[str, Any]:
    column = asked.engine.log.properties().of(name)
    if column is None or column.array is not None:
        return {}
    return _ranked(asked.query(_BY_PROPERTY.format(column=column.text)))


def _ranked(found: pa.Table) -> dict[str, Any]:
    return _grouped(scratch(_RANKED, {"found": found}, {"most": _MOST}))


def _bought(asked: _Asked, value: str) -> dict[str, Any]:
    sql = _BOUGHT if value == "i.product_id" else _BOUGHT.replace("coalesce(max(i.name), {value})", "{value}")
    found = asked.query(sql.format(value=value))
    return _grouped(scratch(_PEOPLE_RANKED, {"found": found, "people": asked.people}, {"most": _MOST}))


def _messages(asked: _Asked) -> dict[str, Any]:
    names = ", ".join(f"'{medium} {what}'" for medium in _MEDIA for what in _TOLD)
    machine = asked.engine.log.properties().of("machine")
    human = f" AND coalesce(e.{machine.text}, '') <> 'true'" if machine and machine.array is None else ""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in asked.query(_MESSAGES.format(names=names, human=human)).to_pylist():
        medium, _, what = row["event"].partition(" ")
        of = found.setdefault(row["persona"], {})
        told = of.setdefault(medium, {"channel": medium, "delivered": 0, "opened": 0, "clicked": 0})
        told[_TOLD[what]] = row["n"]
    return {name: [of[medium] for medium in _MEDIA if medium in of] for name, of in found.items()}


def _pains(reader: Reader, spec: PersonaSpec, people: pa.Table, as_of: datetime) -> dict[str, Any]:
    """What goes wrong for how many."""
    sizes = _counts(people)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in sizes}
    total = people.num_rows
    for pain in spec.all_pains:
        whom = reader.members(parse(pain.condition), as_of=as_of, of="all")["profile_key"].combine_chunks()
        hit = _counts(people.filter(pc.is_in(people["profile_key"], whom)))
        for name, size in sizes.items():
            count = hit.get(name, 0)
            row = {"value": pain.title, "n": count, "share": count / size, "everyone": sum(hit.values()) / total}
            if hit:
                found[name].append({**row, "condition": pain.condition})
    return {name: sorted(rows, key=lambda row: -float(row["share"])) for name, rows in found.items()}


def _counts(people: pa.Table) -> dict[str, int]:
    counted = people.group_by("persona").aggregate([([], "count_all")])
    return dict(zip(counted["persona"].to_pylist(), counted["count_all"].to_pylist(), strict=True))


def _grouped(rows: pa.Table) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        found.setdefault(row.pop("persona"), []).append(row)
    return found
