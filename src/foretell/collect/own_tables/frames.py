"""What of a table is spooled: rows that are new, changed or gone, and the reading of them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.collect.own_tables.document import ACCOUNT, SERIES
from foretell.collect.storable import without_nul
from foretell.collect.told import Origin, assembled, read_properties
from foretell.collect.who import tidied
from foretell.engine import IDENTIFIERS, TABLES_SOURCE, TIMESTAMP, TRAITS, Decoded, Frame, scratch

TABLE_ROWS = "table"
"""The format of such frames."""
ROW_SET, ROW_REMOVED = "Table Row Set", "Table Row Removed"
TOLD = pa.schema(
    [("line", pa.int64()), ("row_key", pa.string()), ("owner", pa.string()), ("content", pa.string()),
     ("told", pa.string()), ("removed", pa.bool_()), ("message_id", pa.string())]
)  # fmt: skip


def table_frame(rows: pa.Table, table: str, kind: str, *, file: str, now: datetime) -> Frame:
    """A frame of rows (columns of :data:`TOLD`) of ``table``, whose owners are told as ``kind``."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, TOLD) as writer:
        writer.write_table(rows.select(TOLD.names).cast(TOLD))
    meta = {"source": TABLES_SOURCE, "file": file, "received_at": now.isoformat(), "table": table, "link": kind}
    return Frame(TABLE_ROWS, meta, sink.getvalue().to_pybytes())


def decode_table(frame: Frame) -> Decoded:
    """Read a frame of rows: one event each, of the row's owner. Rows of accounts and of series are nobody's."""
    meta = frame.meta
    rows = without_nul(pa.ipc.open_stream(frame.body).read_all())
    origin = Origin(meta["source"], meta["file"], datetime.fromisoformat(meta["received_at"]))
    told = scratch(
        _EVENTS,
        {"r": rows.append_column("row", pa.array(np.arange(rows.num_rows)))},
        {"table": meta["table"], "of_account": meta["link"] == ACCOUNT},
    )
    flat = read_properties(told, _NO_DOCS)
    return assembled(_events(told, origin), flat, _owners(told, meta["link"]), TRAITS.empty_table(), [], origin)


_EVENTS = f"""
SELECT row, line, message_id, owner, CASE WHEN removed THEN '{ROW_REMOVED}' ELSE '{ROW_SET}' END AS event,
  '{{"table":' || CAST(to_json($table) AS VARCHAR) || ',"key":' || CAST(to_json(row_key) AS VARCHAR)
  || ',"content":"' || content || '"'
  || CASE WHEN $of_account THEN ',"account_id":' || CAST(to_json(owner) AS VARCHAR) ELSE '' END
  || CASE WHEN removed THEN '' ELSE ',"row":' || told END || '}}' AS properties
FROM r ORDER BY row"""
_NO_DOCS = pa.table({"row": pa.array([], pa.int64()), "token": pa.array([], pa.string())})


def _owners(told: pa.Table, kind: str) -> pa.Table:
    if kind in (ACCOUNT, SERIES):
        return IDENTIFIERS.empty_table()
    return tidied(
        pa.table([told["row"], pa.repeat(kind, told.num_rows), told["owner"]], names=["row", "kind", "value"])
    )


def _events(told: pa.Table, origin: Origin) -> pa.Table:
    height = told.num_rows
    at = pa.repeat(pa.scalar(naive_utc(origin.received_at), TIMESTAMP), height)
    columns = {
        "row": told["row"],
        "line": pc.if_else(pc.equal(told["line"], 0), None, told["line"]),
        "message_id": told["message_id"],
        "type": pa.repeat("track", height),
        "event": told["event"],
        "ts": at,
        "known_at": at,
        "received_at": at,
        "source": pa.repeat(origin.source, height),
        "properties": told["properties"],
        "context": pa.nulls(height, pa.string()),
    }
    return pa.table(columns)
