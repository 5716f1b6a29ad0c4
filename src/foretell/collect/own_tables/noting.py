"""The versions of rows, as conditions and lists read them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.own_tables.frames import ROW_REMOVED
from foretell.engine import TABLES_SOURCE, AnalyticsTable, Batch, View, beside

VERSION_ROWS = AnalyticsTable(
    "table_version_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "table_key": "VARCHAR",
        "row_key": "VARCHAR", "account_id": "VARCHAR", "content": "VARCHAR", "removed": "BOOLEAN",
    },
    "node_key",
    order=("table_key", "row_key", "ts"),
    derived="log_table_rows",
)  # fmt: skip


def latest(of: str = "") -> str:
    """SQL text: versions of rows; the last one of a row has ``place`` 1.

    Args:
        of: which rows (``t``) are looked at; it must hold for all versions of a row or for none.
    """
    return (
        "SELECT t.*, row_number() OVER (PARTITION BY t.table_key, t.row_key ORDER BY t.ts DESC, t.seq DESC) AS place "
        f"FROM log_table_rows t{' WHERE ' if of else ''}{of}"
    )


TABLE_ROWS_VIEW = View(
    "table_rows",
    "SELECT l.table_key, l.row_key, coalesce(n.profile_id, '') AS profile_id, "
    "coalesce(l.account_id, '') AS account_id, l.ts AS since, e.properties "
    f"FROM ({latest()}) l JOIN event_log e ON e.seq = l.seq "
    "LEFT JOIN nodes n ON n.node_key = l.profile_key WHERE l.place = 1 AND NOT l.removed",
    {
        "table_key": "Key of the table document.",
        "row_key": "What tells the row from the others of its table.",
        "profile_id": "The person whose it is, after all merges known today; empty where it is an account's.",
        "account_id": "The account whose it is; empty where it is a person's.",
        "since": "The load that told this version, UTC.",
        "properties": "JSON text; the row's values stand under row.",
    },
)


_PATHS = {"table_key": "table", "row_key": "key", "account_id": "account_id", "content": "content"}


def table_versions(batch: Batch) -> pa.Table | None:
    """The versions of rows that the batch tells; None where there is none."""
    events = batch.events
    mine = pc.equal(events["source"], TABLES_SOURCE)
    if not pc.any(mine).as_py():
        return None
    properties = batch.decoded.properties
    kept = properties.filter(pc.is_in(properties["row"], events["row"].filter(mine).combine_chunks()))
    columns = {"row": kept["row"]}
    for column, path in _PATHS.items():
        name = f"s:{path}"
        columns[column] = kept[name] if name in kept.column_names else pa.nulls(kept.num_rows, pa.string())
    told = beside(pa.table(columns), events, ["seq", "node_key", "ts", "known_at", "event"])
    told = told.append_column("removed", pc.equal(told["event"], ROW_REMOVED))
    return told.select(list(VERSION_ROWS.columns))
