"""What people did themselves by the hours of their own clocks, and what became of messages to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc, offset_change, offset_seconds, zone_of
from foretell.engine import Analytics
from foretell.errors import UsageError
from foretell.predict.activity import by_people

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
HOURS = 24
DAYS = 180
"""What lies further back says little of when people look today."""
CHANNELS = ("email", "sms", "push", "message")
_NAMED = {"email": "Email", "sms": "SMS", "push": "Push", "message": "Message"}
_RESPONSES = ", ".join(f"'{name} {what}'" for name in _NAMED.values() for what in ("Link Clicked", "Replied"))
CLICKED = tuple(f"{name} Link Clicked" for name in _NAMED.values())

_ZONES = """
SELECT profile_key, s AS zone FROM (
  SELECT t.profile_key, t.s, row_number() OVER (PARTITION BY t.profile_key
    ORDER BY CASE WHEN t.trait = 'timezone' THEN 0 ELSE 1 END, t.ts DESC, t.seq DESC) AS place
  FROM log_traits t
  WHERE t.trait IN ('timezone', 'zone') AND t.s IS NOT NULL AND t.ts <= $as_of AND t.known_at <= $as_of
) l WHERE place = 1"""

_PERSONAS = """
SELECT profile_key, persona FROM (
  SELECT coalesce(m.profile_key, r.node_key) AS profile_key, r.persona, row_number() OVER (
    PARTITION BY coalesce(m.profile_key, r.node_key) ORDER BY r.as_of DESC, r.persona) AS place
  FROM persona_rows r LEFT JOIN merged m ON m.node_key = r.node_key WHERE r.as_of <= $as_of
) l WHERE place = 1 AND persona IS NOT NULL"""


@dataclass(frozen=True)
class Habits:
    """What is known of people as of an instant.

    Args:
        people: profile keys, ascending, (n,).
        responses: hours (days of them) with a click or a reply, by local hour, (n, 24).
        active: hours with anything of their own, by local hour, (n, 24).
        group: place of each one's persona in ``groups``; -1 for none, (n,).
        messages, answers: messages by channel and, at most as many, days with an answer, (n, 4).
    """

    people: Ints
    responses: Floats
    active: Floats
    group: Ints
    groups: tuple[str, ...]
    messages: Floats
    answers: Floats

    def __len__(self) -> int:
        return int(self.people.size)


def habits(
    analytics: Analytics, zone: ZoneInfo, as_of: datetime, since: datetime | None = None, machine: str | None = None
) -> Habits:
    """Habits from ``since`` (by default :data:`DAYS` before) to ``as_of``, known then.

    Clicks by programs are left out, and opens, which mail programs make by themselves, do not count at all.

    Args:
        machine: see :func:`~foretell.predict.activity.by_people`.
    """
    done = by_people(machine)
    begin = since or as_of - timedelta(days=DAYS)
    values = {"as_of": naive_utc(as_of), "since": naive_utc(begin)}
    told = analytics.query(_ZONES, {"as_of": values["as_of"]})
    zones, offsets = _clocks(told, zone, begin, as_of)
    hours = analytics.query(_habits_sql(done), {**values, "here": str(zone)}, {"zones": zones, "offsets": offsets})
    messages = analytics.query(_messages_sql(done), values)
    people = np.unique(np.concatenate([_ints(hours, "profile_key"), _ints(messages, "profile_key")]))
    responses, active = np.zeros((2, people.size, HOURS))
    place = np.searchsorted(people, _ints(hours, "profile_key")), _ints(hours, "hour")
    responses[place], active[place] = _ints(hours, "responses"), _ints(hours, "active")
    sent, answers = np.zeros((2, people.size, len(CHANNELS)))
    which = np.array([CHANNELS.index(name) for name in messages["channel"].to_pylist()], np.int64)
    at = np.searchsorted(people, _ints(messages, "profile_key")), which
    answered = _ints(messages, "answered")
    sent[at] = np.maximum.reduce([_ints(messages, "sent"), _ints(messages, "delivered"), answered])
    answers[at] = answered
    group, groups = _groups(analytics, people, as_of)
    return Habits(people, responses, active, group, groups, sent, answers)


def _habits_sql(done: str) -> str:
    """Hours of people's own clocks with something they did.

    Args:
        done: test of an event ``e`` that a person did it.
    """
    return f"""
WITH own AS (
  SELECT e.profile_key, e.ts, CASE WHEN e.event IN ({_RESPONSES}) THEN 1 ELSE 0 END AS responded,
    coalesce(z.zone, $here) AS zone
  FROM log_events e LEFT JOIN zones z ON z.profile_key = e.profile_key
  WHERE e.ts > $since AND e.ts <= $as_of AND e.known_at <= $as_of AND {done}
), placed AS (
  SELECT own.profile_key, own.responded, own.ts + o.ahead * INTERVAL 1 SECOND AS local
  FROM own JOIN offsets o ON o.zone = own.zone AND own.ts >= o.begins AND own.ts < o.ends
), counted AS (
  SELECT profile_key, CAST(extract(hour FROM local) AS INTEGER) AS hour, CAST(local AS DATE) AS day,
    max(responded) AS responded FROM placed GROUP BY profile_key, 2, 3
)
SELECT profile_key, hour, CAST(sum(responded) AS BIGINT) AS responses, count(*) AS active
FROM counted GROUP BY profile_key, hour ORDER BY profile_key, hour"""


def _messages_sql(done: str) -> str:
    """Messages by channel and person, and the days on which the person answered."""
    return " UNION ALL ".join(
        f"""SELECT '{channel}' AS channel, e.profile_key,
  count(*) FILTER (WHERE e.event = '{name} Sent') AS sent,
  count(*) FILTER (WHERE e.event = '{name} Delivered') AS delivered,
  count(DISTINCT CASE WHEN e.event IN ('{name} Link Clicked', '{name} Replied') AND {done}
    THEN CAST(e.ts AS DATE) END) AS answered
FROM log_events e WHERE e.ts > $since AND e.ts <= $as_of AND e.known_at <= $as_of
  AND e.event IN ('{name} Sent', '{name} Delivered', '{name} Link Clicked', '{name} Replied') GROUP BY e.profile_key"""
        for channel, name in _NAMED.items()
    )


def groups_at(analytics: Analytics, people: Ints, as_of: datetime) -> list[str | None]:
    """The persona of each of ``people`` (ascending) as of the instant."""
    group, names = _groups(analytics, people, as_of)
    return [names[place] if place >= 0 else None for place in group.tolist()]


def _groups(analytics: Analytics, people: Ints, as_of: datetime) -> tuple[Ints, tuple[str, ...]]:
    group = np.full(people.size, -1, np.int64)
    if not people.size or not any(table.name == "persona_rows" for table in analytics.declared()):
        return group, ()
    rows = analytics.query(_PERSONAS, {"as_of": naive_utc(as_of)})
    names = sorted(set(rows["persona"].to_pylist()))
    number = {name: place for place, name in enumerate(names)}
    keys = _ints(rows, "profile_key")
    place = np.minimum(np.searchsorted(people, keys), people.size - 1)
    known = people[place] == keys
    group[place[known]] = np.array([number[name] for name in rows["persona"].to_pylist()], np.int64)[known]
    return group, tuple(names)


def _clocks(told: pa.Table, here: ZoneInfo, since: datetime, until: datetime) -> tuple[pa.Table, pa.Table]:
    """Who has a clock of their own (profile_key, zone), and how far clocks are ahead (zone, begins, ends, ahead)."""
    known = {name: zone for name in told["zone"].unique().to_pylist() if (zone := _zone(name)) is not None}
    chosen = told.filter(pa.compute.is_in(told["zone"], pa.array(list(known), pa.string())))
    rows = [row for zone in {str(here): here, **known}.values() for row in _ahead(zone, since, until)]
    columns: Sequence[Sequence[object]] = list(zip(*rows, strict=True))
    stamp = pa.timestamp("us")
    kinds = (pa.string(), stamp, stamp, pa.int64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return chosen, pa.Table.from_arrays(arrays, ["zone", "begins", "ends", "ahead"])


def _ahead(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[str, datetime, datetime, int]]:
    days = [since - timedelta(days=1) + timedelta(days=day) for day in range((until - since).days + 4)]
    changes = [
        offset_change(zone, one, other)
        for one, other in pairwise(days)
        if offset_seconds(zone, one) != offset_seconds(zone, other)
    ]
    edges = [days[0], *changes, days[-1]]
    for one, other in pairwise(edges):
        yield str(zone), naive_utc(one), naive_utc(other), offset_seconds(zone, one)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return zone_of(name)
    except UsageError:
        return None


def _ints(rows: pa.Table, name: str) -> Ints:
    return np.asarray(rows[name].to_numpy(), dtype=np.int64)
