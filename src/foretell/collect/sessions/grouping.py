"""From events to sessions: a pure function of the events.

Of a device, events no more than 30 minutes apart are one visit. Within a visit a session begins at its first
event and at every event that names another campaign than the one named last in it; where none was named yet,
naming one begins a session too.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.sessions.agents import read_agents
from foretell.collect.sessions.tables import SESSION_COLUMNS
from foretell.engine import scratch
from foretell.money import minor_digits

IDLE_MINUTES = 30
_IDLE = f"INTERVAL '{IDLE_MINUTES} minutes'"
MOST_TERMS = 10
"""Search terms of a session that are kept."""

_PLACED = f"""
WITH ordered AS (
  SELECT *, row_number() OVER w AS place, lag(ts) OVER w AS before FROM events
  WINDOW w AS (PARTITION BY device ORDER BY ts, message_id)
), visited AS (
  SELECT *, sum(CASE WHEN before IS NULL OR ts - before > {_IDLE} THEN 1 ELSE 0 END)
    OVER (PARTITION BY device ORDER BY place) AS visit FROM ordered
), held AS (
  SELECT *, last_value(campaign IGNORE NULLS) OVER (PARTITION BY device, visit ORDER BY place
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held,
    row_number() OVER (PARTITION BY device, visit ORDER BY place) AS nth FROM visited
)
SELECT place, visit, sum(CASE WHEN nth = 1 OR (campaign IS NOT NULL AND campaign
  IS DISTINCT FROM held) THEN 1 ELSE 0 END) OVER (PARTITION BY device ORDER BY place) AS session
FROM held ORDER BY i
"""
_ORDERED = ["device", "ts", "message_id", "campaign"]


def _first(column: str, where: str = "") -> str:
    """SQL text: the first value of ``column`` that is not null."""
    return f"arg_min({column}, place) FILTER (WHERE {column} IS NOT NULL{where})"


def _of_campaign(column: str) -> str:
    return f"arg_min(coalesce({column}, ''), place) FILTER (WHERE campaign IS NOT NULL) AS {column}"


_SESSIONS = f"""
WITH terms AS (
  SELECT device, session, term, min(place) AS place FROM placed WHERE term IS NOT NULL GROUP BY device, session, term
), numbered AS (
  SELECT *, row_number() OVER (PARTITION BY device, session ORDER BY place) AS nth FROM terms
), searched AS (
  SELECT device, session, string_agg(term, ' | ' ORDER BY place) AS search_terms FROM numbered
  WHERE nth <= {MOST_TERMS} GROUP BY device, session
), grouped AS (
  SELECT device, visit, session, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
    count(*) FILTER (WHERE viewed) AS pages, count(*) FILTER (WHERE type = 'track') AS acts,
    arg_min(message_id, place) AS first_message, arg_max(message_id, place) AS last_message,
    coalesce(arg_max(node_key, place) FILTER (WHERE node_key > 0), 0) AS node_key,
    {_first("page")} AS landing_page, arg_max(page, place) FILTER (WHERE page IS NOT NULL) AS exit_page,
    arg_min(coalesce(referrer, ''), place) FILTER (WHERE page IS NOT NULL) AS referrer,
    arg_min(coalesce(referrer_domain, ''), place) FILTER (WHERE page IS NOT NULL) AS referrer_domain,
    arg_min(coalesce(site, ''), place) FILTER (WHERE page IS NOT NULL) AS site,
    {", ".join(_of_campaign(f"utm_{part}") for part in ("source", "medium", "campaign", "term", "content"))},
    {
    ", ".join(
        f"{_first(name)} AS {name}"
        for name in (
            "user_agent",
            "language",
            "country",
            "city",
            "model",
            "maker",
            "kind",
            "app_os",
            "app_os_version",
            "app",
        )
    )
},
    count(DISTINCT order_id) AS orders, sum(amount_minor) FILTER (WHERE currency = $currency) AS revenue_minor,
    max(known_at) AS known_at, min(known_at) FILTER (WHERE opens) AS opened_known_at,
    min(seq) AS first_seq, max(seq) AS last_seq
  FROM (SELECT *, row_number() OVER (PARTITION BY device, session ORDER BY place) = 1 AS opens FROM placed) p
  GROUP BY device, visit, session
), followed AS (
  SELECT *, lead(greatest(started_at, opened_known_at)) OVER v AS next_at,
    min(started_at) OVER e AS visit_started_at, max(ended_at) OVER e AS visit_ended_at,
    min(first_seq) OVER e AS visit_first_seq, max(last_seq) OVER e AS visit_last_seq
  FROM grouped WINDOW v AS (PARTITION BY device, visit ORDER BY session), e AS (PARTITION BY device, visit)
)
SELECT f.* EXCLUDE (first_seq, last_seq, site, referrer, referrer_domain), visit_first_seq AS first_seq,
  visit_last_seq AS last_seq, search_terms,
  CASE WHEN referrer_domain IS DISTINCT FROM site THEN nullif(referrer, '') END AS referrer,
  CASE WHEN referrer_domain IS DISTINCT FROM site THEN nullif(referrer_domain, '') END AS referrer_domain,
  's_' || substr(md5(CAST(f.device AS VARCHAR) || chr(31) || first_message), 1, 20) AS session_id,
  greatest(known_at, least(ended_at + {_IDLE}, coalesce(next_at, ended_at + {_IDLE}))) AS over_at,
  (epoch_us(ended_at) - epoch_us(started_at)) // 1000000 AS duration_seconds
FROM followed f LEFT JOIN searched s ON s.device = f.device AND s.session = f.session
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
  s.visit_started_at, s.visit_ended_at, s.first_seq, s.last_seq, CAST(NULL AS VARCHAR) AS ended_event
FROM sessions s LEFT JOIN agents a ON a.user_agent = s.user_agent ORDER BY s.started_at, s.session_id
"""


def sessions_of(events: pa.Table, currency: str) -> pa.Table:
    """The sessions that whole visits make up.

    Args:
        events: as :func:`~foretell.collect.sessions.reading.new_events` gives them, each once.
        currency: ISO 4217 code; orders in others add nothing to ``revenue``.

    Returns:
        Columns of ``session_rows``; ``ended_event`` is null.
    """
    narrow = events.select(_ORDERED).append_column("i", pa.array(range(events.num_rows), pa.int64()))
    placed = scratch(_PLACED, {"events": narrow})
    for name in placed.column_names:
        events = events.append_column(name, placed[name])
    sessions = scratch(_SESSIONS, {"placed": events}, {"currency": currency})
    distinct = pc.unique(sessions["user_agent"]).drop_null().to_pylist()
    tables = {"sessions": sessions, "agents": read_agents(distinct)}
    return scratch(_DESCRIBED, tables, {"minor": 10 ** minor_digits(currency)}).select(list(SESSION_COLUMNS))
