"""Which sessions were told before the log was derived again, so that none is told twice.

What was told is found by the session's id; where the documents of today let a session begin otherwise, its id is
another one, and it is found by the person and the time.
"""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import OWN_SOURCE, Analytics, scratch, with_column

_TOLD = f"""
SELECT e.message_id, e.profile_key, e.ts, e.properties FROM log_events e
WHERE e.event = $event AND e.source = '{OWN_SOURCE}' AND e.seq > $since"""
_PEOPLE = """
SELECT m.session_id, m.started_at, m.ended_at, coalesce(p.profile_key, m.node_key) AS profile_key
FROM made m LEFT JOIN merged p ON p.node_key = m.node_key WHERE m.ended_event IS NULL"""
_MATCHED = """
WITH known AS (
  SELECT message_id, profile_key, ts, json_extract_string(properties, '$.session_id') AS session_id,
    TRY_CAST(json_extract_string(properties, '$.started_at') AS TIMESTAMP) AS started_at FROM told
), same AS (
  SELECT m.session_id, k.message_id FROM made m JOIN known k ON k.session_id = m.session_id
), others AS (
  SELECT m.session_id, max(k.message_id) AS message_id FROM made m JOIN known k ON k.profile_key = m.profile_key
    AND k.started_at <= m.ended_at AND k.ts >= m.started_at
  ANTI JOIN same s ON s.session_id = m.session_id ANTI JOIN same t ON t.message_id = k.message_id
  GROUP BY m.session_id
)
SELECT coalesce(r.ended_event, s.message_id, o.message_id) AS ended_event FROM rows r
LEFT JOIN same s ON s.session_id = r.session_id LEFT JOIN others o ON o.session_id = r.session_id ORDER BY r.i"""
_MADE = ["session_id", "started_at", "ended_at", "node_key", "ended_event"]


def with_what_was_told(analytics: Analytics, rows: pa.Table, event: str, *, since: int) -> pa.Table:
    """``rows`` (columns of ``session_rows``) with the message ids of the ``event`` by which they were told.

    Args:
        since: what was told lies after this sequence number.
    """
    told = analytics.query(_TOLD, {"event": event, "since": since})
    if not told.num_rows or not rows.num_rows:
        return rows
    made = analytics.query(_PEOPLE, tables={"made": rows.select(_MADE)})
    numbered = rows.select(["session_id", "ended_event"]).append_column("i", pa.array(range(rows.num_rows), pa.int64()))
    found = scratch(_MATCHED, {"told": told, "made": made, "rows": numbered})
    return with_column(rows, "ended_event", found["ended_event"])
