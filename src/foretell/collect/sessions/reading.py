"""The events that sessions are made of, as the log tells them, with what matters to a session in columns.

Each is a *part* of a session; what a visit has been so far is one part too, with the same columns, see
:mod:`foretell.collect.sessions.carrying`. An event counts that has a web or app context: a page or screen, or one
whose context names a page, a device or a user agent. What nobody sent and what happened to a message (an
e-mail was opened) do not count.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import UNSENT, Analytics, scratch

_SELECT = f"""
SELECT e.seq, e.ts, e.known_at, e.message_id, e.event, e.type, e.node_key, e.properties, e.context,
  coalesce(d.device, -e.node_key) AS device, n.profile_id AS who, o.order_id, o.amount_minor, o.currency
FROM event_log e
LEFT JOIN (SELECT seq, device FROM device_rows WHERE seq >= $since AND seq <= $until) d ON d.seq = e.seq
LEFT JOIN (SELECT seq, order_id, amount_minor, currency FROM order_rows
           WHERE kind = 'completed' AND seq >= $since AND seq <= $until) o ON o.seq = e.seq
LEFT JOIN nodes n ON n.node_key = e.node_key AND d.device IS NULL
{{join}}
WHERE e.seq >= $since AND e.seq <= $until AND coalesce(e.source, '') NOT IN ({UNSENT})
  AND (e.type IN ('page', 'screen') OR e.context LIKE '%"userAgent"%' OR e.context LIKE '%"page"%'
       OR e.context LIKE '%"device"%')
  AND e.event NOT LIKE 'Email %' AND e.event NOT LIKE 'SMS %' AND e.event NOT LIKE 'Push %'
  AND coalesce(d.device, -e.node_key) <> 0"""
_AGAIN = """JOIN visits v ON v.device = coalesce(d.device, -e.node_key)
  AND e.ts >= v.visit_started_at AND e.ts <= v.visit_ended_at"""
_WITHIN = " AND e.ts >= $begin AND e.ts <= $end"

_CONTEXT = {
    "page_url": "/page/url", "page_path": "/page/path", "page_referrer": "/page/referrer",
    "page_search": "/page/search", "c_source": "/campaign/source", "c_medium": "/campaign/medium",
    "c_name": "/campaign/name", "c_term": "/campaign/term", "c_content": "/campaign/content",
    "user_agent": "/userAgent", "language": "/locale", "country": "/location/country", "city": "/location/city",
    "model": "/device/model", "maker": "/device/manufacturer", "kind": "/device/type", "app_os": "/os/name",
    "app_os_version": "/os/version", "app": "/app/name",
}  # fmt: skip
_PROPERTIES = {
    "own_url": "/url", "own_path": "/path", "own_referrer": "/referrer", "own_search": "/search", "own_name": "/name",
    "own_query": "/query", "own_term": "/search_term", "own_utm_source": "/utm_source",
    "own_utm_medium": "/utm_medium", "own_utm_campaign": "/utm_campaign", "own_utm_term": "/utm_term",
    "own_utm_content": "/utm_content",
}  # fmt: skip


def _members(document: str, paths: dict[str, str]) -> str:
    listed = ", ".join(f"'{path}'" for path in paths.values())
    return f"json_extract_string({document}, [{listed}])"


def _named(column: str, paths: dict[str, str]) -> str:
    return ", ".join(f"nullif(trim(left({column}[{n}], 1000)), '') AS {name}" for n, name in enumerate(paths, 1))


def _parameter(names: str) -> str:
    """SQL text: the first parameter of these names in ``query``, decoded; null where it cannot be."""
    raw = f"replace(regexp_extract(query, '&(?:{names})=([^&]*)', 1), '+', ' ')"
    return f"nullif(trim(TRY(url_decode({raw}))), '')"


def host(url: str) -> str:
    """SQL text: the host of an address without ``www.``; null where it has none."""
    pattern = r"^[a-z][a-z0-9+.-]*://(?:[^/@?#]*@)?(?:www\.)?([^/:?#]+)"
    return f"nullif(regexp_extract(lower({url}), '{pattern}', 1), '')"


CAMPAIGN = (
    "CASE WHEN coalesce(utm_source, utm_medium, utm_campaign) IS NOT NULL THEN lower(coalesce(utm_source, '') || "
    "chr(31) || coalesce(utm_medium, '') || chr(31) || coalesce(utm_campaign, '')) END"
)
"""SQL text: by what campaigns are told apart; null where none is named."""
_PAGE = """coalesce(nullif(regexp_replace(url, '[?#].*$', ''), ''), nullif(regexp_replace(path, '[?#].*$', ''), ''),
    CASE WHEN viewed THEN own_name END)"""
_PARSED = f"""
WITH valid AS (
  SELECT * EXCLUDE (properties, context), type IN ('page', 'screen') AS viewed,
    CASE WHEN json_valid(context) THEN context END AS context,
    CASE WHEN (type IN ('page', 'screen') OR event = 'Products Searched') AND json_valid(properties)
      THEN properties END AS properties FROM log
), read AS (
  SELECT * EXCLUDE (properties), {_members("context", _CONTEXT)} AS c, {_members("properties", _PROPERTIES)} AS p
  FROM valid
  WHERE viewed OR json_exists(context, '/page') OR json_exists(context, '/device') OR json_exists(context, '/userAgent')
), named AS (
  SELECT * EXCLUDE (c, p, context), {_named("c", _CONTEXT)}, {_named("p", _PROPERTIES)} FROM read
), placed AS (
  SELECT *, coalesce(page_url, CASE WHEN viewed THEN own_url END) AS url,
    coalesce(page_path, CASE WHEN viewed THEN own_path END) AS path,
    coalesce(page_referrer, CASE WHEN viewed THEN own_referrer END) AS referrer FROM named
), asked AS (
  SELECT *, '&' || coalesce(nullif(regexp_extract(url, '[?]([^#]*)', 1), ''),
    ltrim(coalesce(page_search, CASE WHEN viewed THEN own_search END), '?'), '') AS query FROM placed
), campaigns AS (
  SELECT *, coalesce(c_source, own_utm_source, {_parameter("utm_source")}) AS utm_source,
    coalesce(c_medium, own_utm_medium, {_parameter("utm_medium")}) AS utm_medium,
    coalesce(c_name, own_utm_campaign, {_parameter("utm_campaign")}) AS utm_campaign,
    coalesce(c_term, own_utm_term, {_parameter("utm_term")}) AS utm_term,
    coalesce(c_content, own_utm_content, {_parameter("utm_content")}) AS utm_content FROM asked
)
SELECT device, who, CAST(NULL AS VARCHAR) AS session_id, ts AS began_at, ts, ts AS visit_at,
  message_id AS first_message, message_id, seq AS first_seq, seq AS last_seq, known_at, node_key, 1 AS events,
  CASE WHEN viewed THEN 1 ELSE 0 END AS pages,
  CASE WHEN type = 'track' THEN 1 ELSE 0 END AS acts, order_id AS order_ids,
  CASE WHEN currency = $currency THEN amount_minor END AS revenue_minor, {_PAGE} AS landing_page, {_PAGE} AS exit_page,
  referrer, {host("referrer")} AS referrer_domain, {host("url")} AS site,
  utm_source, utm_medium, utm_campaign, utm_term, utm_content, {CAMPAIGN} AS campaign,
  user_agent, language, country, city, model, maker, kind, app_os, app_os_version, app,
  replace(left(CASE WHEN event = 'Products Searched' THEN coalesce(own_query, own_term)
    WHEN viewed THEN {_parameter("q|s|query|search")} END, 100), '|', '/') AS terms,
  CAST(NULL AS VARCHAR) AS ended_event
FROM campaigns
"""


def new_events(analytics: Analytics, currency: str, *, since: int, until: int) -> pa.Table:
    """What arrived as events ``since`` to ``until`` (sequence numbers, both included) and counts, as parts.

    Nothing but the number of rows is told where there are none.

    Args:
        currency: ISO 4217 code; orders in others add nothing to ``revenue_minor``.
    """
    rows = analytics.query(_SELECT.format(join=""), {"since": since, "until": until})
    return scratch(_PARSED, {"log": rows}, {"currency": currency}) if rows.num_rows else rows


def events_of(analytics: Analytics, currency: str, visits: pa.Table, *, until: int) -> pa.Table:
    """What counts of the times of some visits, as parts.

    Args:
        visits: ``device``, ``visit_started_at``, ``visit_ended_at``, ``first_seq`` (no event of it comes before);
            of one device they do not overlap.
        until: sequence number of the last event that they may be made of.
    """
    bounds = {
        "since": pc.min(visits["first_seq"]).as_py(),
        "until": until,
        "begin": pc.min(visits["visit_started_at"]).as_py(),
        "end": pc.max(visits["visit_ended_at"]).as_py(),
    }
    rows = analytics.query(_SELECT.format(join=_AGAIN) + _WITHIN, bounds, {"visits": visits})
    return scratch(_PARSED, {"log": rows}, {"currency": currency})
