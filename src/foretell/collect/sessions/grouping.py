"""From parts to sessions: a pure function of the events.

Of a device, events no more than 30 minutes apart follow each other; they are one visit, but one that has gone on
for 12 hours or more at a midnight (UTC) ends there, so that no visit is longer than 36 hours, and a late event can
change no more than the visits that it lies in or next to. Within a visit a session begins at its first event and at
every event that names another campaign than the one named last in it; where none was named yet, naming one begins a
session too.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.sessions.agents import read_agents
from foretell.collect.sessions.tables import FIRST, SESSION_COLUMNS
from foretell.engine import scratch
from foretell.money import minor_digits

IDLE_MINUTES = 30
LONG_HOURS = 12
"""A visit that has gone on for so long ends at midnight."""
_IDLE = f"INTERVAL '{IDLE_MINUTES} minutes'"
_DAY_MICROS = 86_400_000_000
MOST_TERMS = 10
"""Search terms of a session that are kept."""

_PLACED = f"""
WITH ordered AS (
  SELECT *, row_number() OVER w AS place, lag(ts) OVER w AS before FROM parts
  WINDOW w AS (PARTITION BY device ORDER BY began_at, first_message)
), chained AS (
  SELECT *, sum(CASE WHEN before IS NULL OR began_at - before > {_IDLE} THEN 1 ELSE 0 END)
    OVER (PARTITION BY device ORDER BY place) AS chain FROM ordered
), begun AS (
  SELECT *, first_value(visit_at) OVER (PARTITION BY device, chain ORDER BY place) AS chain_at FROM chained
), cut AS (
  SELECT *, greatest(epoch_us(began_at) // {_DAY_MICROS}
    - (epoch_us(chain_at) + {LONG_HOURS * 3_600_000_000} + {_DAY_MICROS - 1}) // {_DAY_MICROS} + 1, 0) AS part
  FROM begun
), visited AS (
  SELECT *, sum(CASE WHEN nth = 1 THEN 1 ELSE 0 END) OVER (PARTITION BY device ORDER BY place) AS visit
  FROM (SELECT *, row_number() OVER (PARTITION BY device, chain, part ORDER BY place) AS nth FROM cut) c
), held AS (
  SELECT *, last_value(campaign IGNORE NULLS) OVER (PARTITION BY device, visit ORDER BY place
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held FROM visited
)
SELECT place, visit, sum(CASE WHEN nth = 1 OR (campaign IS NOT NULL AND campaign
  IS DISTINCT FROM held) THEN 1 ELSE 0 END) OVER (PARTITION BY device ORDER BY place) AS session
FROM held ORDER BY i
"""
_ORDERED = ["device", "began_at", "ts", "visit_at", "first_message", "campaign"]


def _first(column: str) -> str:
    """SQL text: the first value of ``column`` that is not null."""
    return f"arg_min({column}, place) FILTER (WHERE {column} IS NOT NULL) AS {column}"


def _sum(column: str) -> str:
    return f"CAST(sum({column}) AS BIGINT) AS {column}"


def _of_campaign(column: str) -> str:
    return f"arg_min(coalesce({column}, ''), place) FILTER (WHERE campaign IS NOT NULL) AS {column}"


def _of_page(column: str) -> str:
    return f"arg_min(coalesce({column}, ''), place) FILTER (WHERE landing_page IS NOT NULL) AS {column}"


_DISTINCT = """
SELECT device, session, string_agg(one, $separator ORDER BY place, nth) AS listed, count(*) AS number FROM (
  SELECT *, row_number() OVER (PARTITION BY device, session ORDER BY place, nth) AS rank FROM (
    SELECT device, session, one, min(place) AS place, arg_min(nth, place) AS nth FROM (
      SELECT device, session, place, unnest(ones) AS one, unnest(range(len(ones))) AS nth
      FROM (SELECT *, string_split(listed, $separator) AS ones FROM told) t
    ) u GROUP BY device, session, one
  ) d
) r WHERE rank <= $most GROUP BY device, session"""
_ALL = 2**31
_LISTED = {"device": pa.int64(), "session": pa.int64(), "listed": pa.string(), "number": pa.int64()}

_SESSIONS = f"""
WITH grouped AS (
  SELECT device, visit, session, min(began_at) AS started_at, max(ts) AS ended_at,
    {", ".join(map(_sum, ("events", "pages", "acts", "revenue_minor")))},
    arg_min(first_message, place) AS first_message, arg_max(message_id, place) AS last_message,
    coalesce(arg_max(node_key, place) FILTER (WHERE node_key > 0), 0) AS node_key,
    {_first("landing_page")}, arg_max(exit_page, place) FILTER (WHERE exit_page IS NOT NULL) AS exit_page,
    {", ".join(map(_of_page, ("referrer", "referrer_domain", "site")))},
    {", ".join(_of_campaign(f"utm_{part}") for part in ("source", "medium", "campaign", "term", "content"))},
    {", ".join(map(_first, FIRST))}, {_first("ended_event")}, {_first("session_id")},
    {_first("who")},
    min(visit_at) AS visit_at,
    max(known_at) AS known_at, min(known_at) FILTER (WHERE opens) AS opened_known_at,
    min(first_seq) AS first_seq, max(last_seq) AS last_seq
  FROM (SELECT *, row_number() OVER (PARTITION BY device, session ORDER BY place) = 1 AS opens FROM placed) p
  GROUP BY device, visit, session
), followed AS (
  SELECT *, lead(greatest(started_at, opened_known_at)) OVER v AS next_at,
    min(visit_at) OVER (PARTITION BY device, visit) AS visit_started_at
  FROM grouped WINDOW v AS (PARTITION BY device, visit ORDER BY session)
)
SELECT f.* EXCLUDE (session_id, site, referrer, referrer_domain), s.listed AS search_terms, o.listed AS order_ids,
  coalesce(o.number, 0) AS orders, next_at IS NULL AS last_of_visit,
  CASE WHEN referrer_domain IS DISTINCT FROM site THEN nullif(referrer, '') END AS referrer,
  CASE WHEN referrer_domain IS DISTINCT FROM site THEN nullif(referrer_domain, '') END AS referrer_domain,
  coalesce(f.session_id, 's_' || substr(md5(coalesce(f.who, CAST(f.device AS VARCHAR)) || chr(31) || first_message), 1,
    20)) AS session_id,
  greatest(known_at, least(ended_at + {_IDLE}, coalesce(next_at, ended_at + {_IDLE}))) AS over_at,
  (epoch_us(ended_at) - epoch_us(started_at)) // 1000000 AS duration_seconds
FROM followed f LEFT JOIN searched s ON s.device = f.device AND s.session = f.session
LEFT JOIN ordered o ON o.device = f.device AND o.session = f.session
"""
_DESCRIBED = """
SELECT s.session_id, s.device, s.node_key, s.started_at, s.ended_at, s.over_at, s.duration_seconds, s.events, s.pages,
  s.landing_page, s.exit_page, s.referrer, s.referrer_domain, nullif(s.utm_source, '') AS utm_source,
  nullif(s.utm_medium, '') AS utm_medium, nullif(s.utm_campaign, '') AS utm_campaign,
  nullif(s.utm_term, '') AS utm_term, nullif(s.utm_content, '') AS utm_content,
  coalesce(CASE WHEN s.model IS NULL AND s.app IS NULL AND s.app_os IS NULL THEN a.device_type END,
    CASE WHEN lower(concat_ws(' ', s.kind, s.model)) SIMILAR TO '.*(ipad|tablet).*' OR s.app_os = 'iPadOS' THEN 'tablet'
      WHEN lower(s.kind) IN ('ios', 'android', 'phone', 'mobile') OR s.app_os IN ('iOS', 'Android') THEN 'phone' END,
    a.device_type) AS device_type,
  coalesce(CASE WHEN s.model IS NOT NULL THEN concat_ws(' ', s.maker, s.model) END, a.device_name) AS device_name,
  a.browser, a.browser_version, coalesce(s.app_os, a.os) AS os,
  CASE WHEN s.app_os IS NULL THEN a.os_version ELSE s.app_os_version END AS os_version, s.app, s.language, s.country,
  s.city, s.search_terms, s.orders, coalesce(s.revenue_minor, 0) / CAST($minor AS DOUBLE) AS revenue,
  s.pages <= 1 AND s.acts = 0 AS bounced, coalesce(a.machine, false) AS is_bot, s.first_message, s.last_message,
  s.visit_started_at, s.last_of_visit, s.first_seq, s.last_seq, s.known_at, s.user_agent, s.model, s.maker,
  s.kind, s.app_os, s.app_os_version, s.order_ids, s.ended_event
FROM sessions s LEFT JOIN agents a ON a.user_agent = s.user_agent ORDER BY s.started_at, s.session_id
"""


def sessions_of(parts: pa.Table, currency: str) -> pa.Table:
    """The sessions that whole visits make up.

    Args:
        parts: as :func:`~foretell.collect.sessions.reading.new_events` gives them, each once; of a visit that began
            before, what it has been so far comes first.
        currency: ISO 4217 code of ``revenue_minor``.

    Returns:
        Columns of ``session_rows``.
    """
    narrow = parts.select(_ORDERED).append_column("i", pa.array(np.arange(parts.num_rows)))
    placed = scratch(_PLACED, {"parts": narrow})
    for name in placed.column_names:
        parts = parts.append_column(name, placed[name])
    searched = _listed(parts, "terms", " | ", MOST_TERMS)
    ordered = _listed(parts, "order_ids", chr(31), _ALL)
    sessions = scratch(_SESSIONS, {"placed": parts, "searched": searched, "ordered": ordered})
    distinct = pc.unique(sessions["user_agent"]).drop_null().to_pylist()
    tables = {"sessions": sessions, "agents": read_agents(distinct)}
    return scratch(_DESCRIBED, tables, {"minor": 10 ** minor_digits(currency)}).select(list(SESSION_COLUMNS))


def _listed(parts: pa.Table, column: str, separator: str, most: int) -> pa.Table:
    """The distinct texts of ``column`` of each session (``device``, ``session``), in order, and their ``number``."""
    told = parts.select(["device", "session", "place", column]).filter(pc.is_valid(parts[column]))
    if not told.num_rows:
        return pa.schema(list(_LISTED.items())).empty_table()
    told = told.rename_columns(["device", "session", "place", "listed"])
    return scratch(_DISTINCT, {"told": told}, {"separator": separator, "most": most})
