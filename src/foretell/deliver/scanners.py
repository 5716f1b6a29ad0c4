"""Programs that call themselves people: found by what they do with one message within seconds.

Security scanners open a mail and follow its links on arrival, with the name of a browser. Two things tell them: they
follow the trap, a link that no person can see (a click without an address), and they follow several links at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretell.engine import Engine, scratch, table_of, with_column

TRAPPED_SECONDS = 60
"""What happens to a message so shortly before or after its trap was followed, the same program does."""
AT_ONCE_SECONDS, MOST_LINKS = 10, 2
"""Nobody follows more different links of a message in so short a time."""
_MICROS = 1_000_000
_KEYS_A_QUERY = 2_000
_KNOWN = {"message_id": pa.string(), "at": pa.int64(), "url": pa.string()}
_JUDGED = f"""
WITH hits AS (
  SELECT message_id, h.at, coalesce(url, '') AS url FROM known h
  UNION ALL SELECT message_id, epoch_us(CAST(a.at AS TIMESTAMP)), coalesce(url, '') FROM asked a WHERE kind = 'click'),
judged AS (
  SELECT a.i, count(CASE WHEN h.url = '' THEN 1 END) AS traps,
    count(DISTINCT CASE WHEN h.url <> '' AND abs(h.at - a.t) <= {AT_ONCE_SECONDS * _MICROS} THEN h.url END) AS links
  FROM (SELECT i, message_id, kind, epoch_us(CAST(q.at AS TIMESTAMP)) AS t FROM asked q) a
  JOIN hits h ON h.message_id = a.message_id AND abs(h.at - a.t) <= {TRAPPED_SECONDS * _MICROS}
  WHERE a.kind IN ('open', 'click') GROUP BY a.i)
SELECT coalesce(a.machine, false) OR coalesce(j.traps > 0 OR j.links > {MOST_LINKS}, false) AS machine
FROM asked a LEFT JOIN judged j ON j.i = a.i ORDER BY a.i"""


def with_scanners(engine: Engine, rows: pa.Table) -> pa.Table:
    """``rows`` of :func:`~foretell.deliver.engaging.engaged` with ``machine`` where a message's openings and clicks,
    these and those known before, betray a program. What was told before as a person's stays so."""
    if not {"open", "click"} & set(rows["kind"].to_pylist()):
        return rows
    numbered = rows.append_column("i", pa.array(range(rows.num_rows), pa.int64()))
    for name, kind in (("url", pa.string()), ("machine", pa.bool_())):
        if name not in numbered.column_names:
            numbered = numbered.append_column(name, pa.nulls(rows.num_rows, kind))
    known = table_of(_KNOWN, clicks_on(engine, sorted(set(rows["message_id"].to_pylist()))))
    asked = numbered.select(["i", "message_id", "kind", "at", "url", "machine"])
    judged = scratch(_JUDGED, {"asked": asked, "known": known})["machine"]
    return (
        with_column(rows, "machine", judged)
        if "machine" in rows.column_names
        else rows.append_column("machine", judged)
    )


def clicks_on(engine: Engine, ids: Sequence[str]) -> list[tuple[object, ...]]:
    """Message, instant (µs) and address of every click that was told of messages; of the trap without an address."""
    found: list[tuple[object, ...]] = []
    for start in range(0, len(ids), _KEYS_A_QUERY):
        part = ids[start : start + _KEYS_A_QUERY]
        marks = ", ".join("?" * len(part))
        sql = f"SELECT message_id, at, url FROM engagements WHERE message_id IN ({marks}) AND kind = 'click'"
        found += engine.ops.query(sql, part)
    return found
