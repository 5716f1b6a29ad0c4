"""What the gate would have been told in the past: addresses, zones, suppressions and messages, as of instants.

For back-tests, which let candidates through the same gate and write nothing. People are those of today's identity map.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc, zone_of
from foretell.engine import Analytics, Engine, scratch, table_of
from foretell.errors import UsageError

COUNTED_STATES = ("queued", "claimed", "sent", "delivered", "uncertain", "bounced")
"""Messages that took a place under the caps when they were decided."""
_KNOWN = "t.ts <= $until AND t.known_at <= $until AND t.s IS NOT NULL"
_TOLD = f"""
SELECT i.profile_key, i.kind AS field, i.value, epoch_us(min(i.first_seen)) AS since, 1 AS rank FROM log_identifiers i
WHERE i.kind IN ('email', 'phone') AND i.first_seen <= $until
  AND i.profile_key IN (SELECT a.profile_key FROM asked AS a) GROUP BY i.profile_key, i.kind, i.value
UNION ALL
SELECT t.profile_key, t.trait, t.s, epoch_us(min(greatest(t.ts, t.known_at))), 0 FROM log_traits t
WHERE t.trait IN ('email', 'phone') AND {_KNOWN} AND t.profile_key IN (SELECT a.profile_key FROM asked AS a)
GROUP BY t.profile_key, t.trait, t.s"""
# As `people.py` reads them: an e-mail address that no server would take is none.
_FIT = r"""
WITH said AS (
  SELECT profile_key, field, since, rank, CASE WHEN field = 'email' THEN lower(trim(value))
    ELSE regexp_replace(value, '[\s().\-/]', '', 'g') END AS value FROM f
), fit AS (
  SELECT *, row_number() OVER (PARTITION BY profile_key, field ORDER BY rank, value) AS place,
    min(since) OVER (PARTITION BY profile_key, field) AS first FROM said
  WHERE CASE field WHEN 'email' THEN regexp_full_match(value, '[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]+')
    ELSE regexp_full_match(value, '\+?[0-9]{5,15}') END
)
SELECT profile_key, field, value, first AS since FROM fit WHERE place = 1 ORDER BY profile_key, field"""
_ZONES = f"""
SELECT t.profile_key, t.trait, t.s AS zone, epoch_us(greatest(t.ts, t.known_at)) AS since, epoch_us(t.ts) AS told
FROM log_traits t WHERE t.trait IN ('timezone', 'zone') AND {_KNOWN}
  AND t.profile_key IN (SELECT a.profile_key FROM asked AS a) ORDER BY t.ts, t.seq"""
_MESSAGES = f"""
SELECT m.profile_key, m.medium, m.purpose, coalesce(m.journey, '') AS journey, epoch_us(m.at) AS at_us
FROM log_messages m WHERE m.at > $since AND m.at <= $until AND m.medium <> 'ads'
  AND m.state IN ({", ".join(f"'{state}'" for state in COUNTED_STATES)}) AND coalesce(m.journey, '') <> $without
  AND m.profile_key IN (SELECT a.profile_key FROM asked AS a) ORDER BY m.profile_key, m.at"""
_REPLIES = """
SELECT m.channel, coalesce(m.topic, '') AS topic, epoch_us(m.sent_at) AS sent, epoch_us(m.opened_at) AS opened,
  epoch_us(m.clicked_at) AS clicked, CASE WHEN m.state = 'bounced' THEN epoch_us(m.ended_at) END AS bounced
FROM log_messages m WHERE m.sent_at IS NOT NULL AND m.sent_at <= $until AND m.medium <> 'ads' ORDER BY m.sent_at"""

_SURVEYS = """
SELECT e.profile_key, epoch_us(e.ts) AS at_us, e.message_id, e.properties FROM log_events e
WHERE e.event = 'Survey Sent' AND e.ts <= $until AND e.profile_key IN (SELECT a.profile_key FROM asked AS a)"""
_SURVEY_ROWS = """
SELECT profile_key, at_us, json_extract_string(properties, '$.survey') AS survey,
  coalesce(json_extract_string(properties, '$.message_id'), message_id) AS thread
FROM r WHERE json_extract_string(properties, '$.survey') IS NOT NULL
  AND coalesce(json_extract_string(properties, '$.journey'), '') <> $without
ORDER BY profile_key, at_us, message_id"""


@dataclass(frozen=True)
class Reachable:
    """How people could have been reached.

    Args:
        addresses: profile_key, field (``email``, ``phone``), value, since (µs: when there was one first).
        zones: profile_key, trait, zone (IANA, known to exist), since (µs: known from then on), by the time it was told.
    """

    addresses: pa.Table
    zones: pa.Table


def reachable_then(analytics: Analytics, people: pa.Array, until: datetime) -> Reachable:
    """Addresses and zones of ``people`` (profile keys, each once) by ``until``; the address is the one of that time."""
    asked = {"asked": pa.table({"profile_key": people})}
    told = {"until": naive_utc(until)}
    addresses = scratch(_FIT, {"f": analytics.query(_TOLD, told, asked)})
    zones = analytics.query(_ZONES, told, asked)
    good = [zone for zone in zones["zone"].unique().to_pylist() if _exists(zone)]
    kept = scratch("SELECT z.* FROM z WHERE zone IN (SELECT zone FROM g) ORDER BY told", {
        "z": zones, "g": pa.table({"zone": pa.array(good, pa.string())})})  # fmt: skip
    return Reachable(addresses, kept)


def messages_then(analytics: Analytics, people: pa.Array, since: datetime, until: datetime, without: str) -> pa.Table:
    """Messages that counted for caps: profile_key, medium, purpose, journey (empty: none), at_us; by person and time.

    Args:
        without: those of this journey are left out.
    """
    told = {"since": naive_utc(since), "until": naive_utc(until), "without": without}
    return analytics.query(_MESSAGES, told, {"asked": pa.table({"profile_key": people})})


def surveys_then(analytics: Analytics, people: pa.Array, until: datetime, without: str) -> pa.Table:
    """Surveys that people were asked by ``until``: profile_key, at_us, survey, thread (the message); by person, time.

    Args:
        without: those of this journey are left out.
    """
    rows = analytics.query(_SURVEYS, {"until": naive_utc(until)}, {"asked": pa.table({"profile_key": people})})
    return scratch(_SURVEY_ROWS, {"r": rows}, {"without": without})


def suppressed_since(engine: Engine, addresses: pa.Table) -> pa.Table:
    """Those of ``addresses`` (medium, address) that nothing may be sent to: medium, address, reason, since (µs)."""
    kinds = {"medium": pa.string(), "address": pa.string(), "reason": pa.string(), "since": pa.int64()}
    if not engine.ops.query("SELECT 1 FROM suppressions LIMIT 1"):
        return table_of(kinds)
    listed = table_of(kinds, engine.ops.query("SELECT medium, address, reason, since FROM suppressions"))
    return scratch(
        "SELECT l.medium, l.address, l.reason, l.since FROM l SEMI JOIN a ON a.medium = l.medium "
        "AND a.address = l.address ORDER BY l.medium, l.address",
        {"l": listed, "a": addresses},
    )


def answers_then(analytics: Analytics, until: datetime) -> pa.Table:
    """What became of messages that were sent by ``until``: channel, topic, sent, opened, clicked, bounced (µs)."""
    return analytics.query(_REPLIES, {"until": naive_utc(until)})


def _exists(zone: str) -> bool:
    try:
        zone_of(zone)
    except UsageError:
        return False
    return True
