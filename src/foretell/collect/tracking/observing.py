"""What sources really send: for every event and path, how often, of which types, with which values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import UNSENT, Engine, scratch

MOST_EVENTS = 50_000
"""Events of one name that are looked at, the latest ones."""
MOST_VALUES = 12
LEVELS = 3
_LATEST = f"""
SELECT event, type, properties, seq FROM (
    SELECT event, type, properties, seq, row_number() OVER (PARTITION BY event ORDER BY seq DESC) AS place
    FROM event_log WHERE source NOT IN ({UNSENT}) AND ($source IS NULL OR source = $source)
    AND received_at >= $start AND received_at < $end) e
WHERE place <= {MOST_EVENTS}
"""
_MEMBERS = """
SELECT event, row, {array} AS held_in, {prefix} || key AS path, token FROM (
    SELECT event, row, {columns} unnest(json_keys(token)) AS key,
           CAST(unnest(json_extract(token, '$.*')) AS VARCHAR) AS token
    FROM docs WHERE starts_with(token, '{{')) m
"""
_ITEMS = """
SELECT event, held_in, row_number() OVER () AS row, CAST(token AS VARCHAR) AS token FROM (
    SELECT event, path AS held_in, unnest(json_extract(token, '$[*]')) AS token FROM v WHERE starts_with(token, '[')) i
"""
_SUMMED = """
WITH told AS (
    SELECT event, held_in, path, row, token, CASE WHEN starts_with(token, '"') THEN json_extract_string(token, '$') END
           AS text, CASE WHEN token < ':' AND NOT starts_with(token, '"') THEN TRY_CAST(token AS DOUBLE) END AS number
    FROM v WHERE token <> 'null'),
valued AS (
    SELECT event, held_in, path, text, count(*) AS n FROM told WHERE text IS NOT NULL AND strlen(text) <= 60
    GROUP BY ALL),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY event, held_in, path ORDER BY n DESC, text) AS place FROM valued),
listed AS (
    SELECT event, held_in, path, list(text ORDER BY text) FILTER (place <= $most) AS texts, count(*) AS distinct_texts,
           min(n) AS rarest
    FROM ranked GROUP BY ALL)
SELECT t.event, t.held_in, t.path, count(DISTINCT t.row) AS present, count(*) AS told, count(t.text) AS string,
       count(*) FILTER (t.token IN ('true', 'false')) AS boolean, count(t.number) AS number,
       count(*) FILTER (t.number = trunc(t.number)) AS whole,
       count(*) FILTER (starts_with(t.token, '[')) AS array_count,
       count(*) FILTER (starts_with(t.token, '{')) AS object, min(t.number) AS least, max(t.number) AS greatest,
       count(*) FILTER (regexp_full_match(t.text, '[^@\\s]+@[^@\\s.]+([.][^@\\s.]+)+')) AS emails,
       count(*) FILTER (regexp_full_match(t.text, '[+0][0-9 ()/.-]{6,20}')) AS phones,
       count(*) FILTER (regexp_full_match(t.text, '[0-9]{4}-[0-9]{2}-[0-9]{2}')) AS dates,
       min(l.texts) AS texts, min(l.distinct_texts) AS distinct_texts, min(l.rarest) AS rarest
FROM told t LEFT JOIN listed l ON l.event = t.event AND l.held_in = t.held_in AND l.path = t.path
GROUP BY t.event, t.held_in, t.path ORDER BY t.event, t.held_in, present DESC, t.path
"""


def observed_events(
    engine: Engine, source: str | None, start: datetime | None, end: datetime | None
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Events looked at by name, and what they hold: a row for each event, array (empty: none) and path."""
    params: dict[str, object] = {
        "source": source,
        "start": naive_utc(start) if start else datetime(1, 1, 1),
        "end": naive_utc(end) if end else datetime(9999, 1, 1),
    }
    found = engine.analytics.query(_LATEST, params)
    counted = scratch("SELECT event, count(*) AS n FROM e GROUP BY event ORDER BY n DESC, event", {"e": found})
    counts = {row["event"]: int(row["n"]) for row in counted.to_pylist()}
    docs = scratch(
        "SELECT event, seq AS row, CAST(json_merge_patch(coalesce(properties, '{}'), CASE "
        "WHEN type IN ('group', 'alias') THEN '{\"group_id\":null,\"traits\":null,\"previous_id\":null}' "
        "WHEN type IN ('page', 'screen') THEN '{\"category\":null}' ELSE '{}' END) AS VARCHAR) AS token FROM e",
        {"e": found},
    )
    return counts, summed(docs)


def observed_traits(traits: pa.Table) -> tuple[int, list[dict[str, Any]]]:
    """How many calls told traits, and the traits they told, in the form of :func:`observed_events`.

    Args:
        traits: ``seq``, ``trait``, ``s``, ``n``.
    """
    tokens = scratch(
        "SELECT 'Identify' AS event, seq AS row, '' AS held_in, trait AS path, CASE "
        "WHEN s IS NULL AND n IS NULL THEN 'null' WHEN s IS NULL THEN CAST(CAST(n AS DOUBLE) / 1000000 AS VARCHAR) "
        "WHEN s IN ('true', 'false') THEN s WHEN starts_with(s, '[') THEN s ELSE CAST(to_json(s) AS VARCHAR) END "
        "AS token FROM t",
        {"t": traits},
    )
    calls = scratch("SELECT count(DISTINCT seq) AS n FROM t", {"t": traits})["n"][0].as_py()
    return int(calls), _summary(tokens)


def summed(docs: pa.Table) -> list[dict[str, Any]]:
    """What objects hold.

    Args:
        docs: ``event``, ``row``, ``token`` (an object).
    """
    values = _descended(docs, "''")
    items = scratch(_ITEMS, {"v": values})
    held = scratch("SELECT event, held_in, count(*) AS items FROM i GROUP BY ALL", {"i": items}).to_pylist()
    sizes = {(row["event"], row["held_in"]): int(row["items"]) for row in held}
    if items.num_rows:
        values = pa.concat_tables([values, _descended(items, "held_in")])
    rows = _summary(values)
    for row in rows:
        row["items"] = sizes.get((row["event"], row["held_in"]))
    return rows


def _summary(values: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = scratch(_SUMMED, {"v": values}, {"most": MOST_VALUES}).to_pylist()
    for row in rows:
        row["items"] = None
    return rows


def _descended(docs: pa.Table, array: str) -> pa.Table:
    """The members of objects and of the objects in them, a few levels deep: ``event row held_in path token``."""
    has_array = array != "''"
    columns = "held_in," if has_array else ""
    parts = [scratch(_MEMBERS.format(array=array, prefix="''", columns=columns), {"docs": docs})]
    for _ in range(LEVELS - 1):
        deeper = _MEMBERS.format(array="held_in", prefix="path || '.'", columns="held_in, path,")
        parts.append(scratch(deeper, {"docs": parts[-1]}))
        if not parts[-1].num_rows:
            break
    return pa.concat_tables(parts)
