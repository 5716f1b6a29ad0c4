"""Vectorised SQL over Arrow tables in memory, and over files, for decoding and arithmetic.

Nothing here touches the stores: these are calculators. Each thread has its own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

_local = threading.local()


def _calculator() -> duckdb.DuckDBPyConnection:
    connection: duckdb.DuckDBPyConnection | None = getattr(_local, "connection", None)
    if connection is None:
        connection = duckdb.connect(config={"threads": 2, "memory_limit": "2GB"})
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
        _local.connection = connection
    return connection


def scratch(sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, object] | None = None) -> pa.Table:
    """Run ``sql`` over ``tables`` and return the result; nothing stays behind.

    Args:
        tables: readable by their names.
        params: values for ``$name`` in the text.
    """
    connection = _calculator()
    for name, table in tables.items():
        connection.register(name, table)
    try:
        return connection.sql(sql, params=dict(params or {})).to_arrow_table()
    finally:
        for name in tables:
            connection.unregister(name)


def open_file(
    path: Path,
    file_format: str,
    *,
    columns: Sequence[str] | None = None,
    options: Mapping[str, object] | None = None,
    order_by: str | None = None,
    spill: Path | None = None,
    batch_rows: int = 100_000,
) -> pa.RecordBatchReader:
    """Read a CSV or Parquet file as batches with bounded memory, ``file_row`` (1-based) first.

    Args:
        columns: the columns to read; None for all.
        options: for CSV: ``delim``, ``quote``, ``encoding``; all columns are read as text.
        order_by: an SQL expression over the columns; rows come sorted by it, then by ``file_row``,
            spilling to ``spill`` where they do not fit into memory.
    """
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    if spill is not None:
        connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    wanted = ", ".join('"' + name.replace('"', '""') + '"' for name in columns) if columns else "*"
    settings = {"path": str(path), **(options or {})}
    arguments = ", ".join(["$path", *(f"{name} = ${name}" for name in settings if name != "path")])
    reader = "read_parquet" if file_format == "parquet" else "read_csv"
    if reader == "read_csv":
        arguments += ", all_varchar = true, header = true, strict_mode = true"
    sql = f"SELECT row_number() OVER () AS file_row, {wanted} FROM {reader}({arguments})"
    if order_by:
        sql = f"SELECT * FROM ({sql}) ORDER BY {order_by}, file_row"
    return connection.sql(sql, params=settings).to_arrow_reader(batch_rows)
