"""Writing the embedded analytics store anew: every table copied into a new file, some rows left out, others added.

Deleting in place leaves the old values in free blocks; a file that never held them does not. The declared form of a
table (its packed columns) is kept, and so is the order of its rows but for where parts of a copy meet.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from foretell.engine.crash_points import reached
from foretell.engine.folders import sync_file, sync_folder
from foretell.engine.ports import AnalyticsTable, Without
from foretell.engine.tabular import in_order, quoted

SUFFIXES = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
"""Files that belong to a store, after its name."""
_FRESH = "fresh"
_DECLARED = "declared"
"""Holds what the store was declared as; without its row all is declared at the next opening."""


def beside(path: Path) -> Path:
    """Where the new file of a store is written."""
    return path.with_name(f"{path.name}.new")


def files_of(path: Path) -> list[Path]:
    """Every file of the store at ``path``, there or not."""
    return [path.with_name(path.name + suffix) for suffix in SUFFIXES]


def remove_files(path: Path) -> None:
    """Remove the store at ``path``."""
    for file in files_of(path):
        file.unlink(missing_ok=True)


def write_anew(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    declared: Mapping[str, AnalyticsTable],
    without: Sequence[Without],
    added: Mapping[str, pa.Table],
    progress: Callable[[str, int], None] | None = None,
) -> None:
    """Copy the store behind ``connection`` to ``target``, which is whole and closed on returning.

    Views are left to be declared again, and the copy says so.
    """
    remove_files(target)
    connection.execute(f"ATTACH '{str(target).replace(chr(39), chr(39) * 2)}' AS {_FRESH}")
    try:
        for name in _tables(connection):
            table = declared.get(name)
            connection.execute(f"CREATE TABLE {_FRESH}.{name} ({_columns(connection, name, table)})")
            parts = [part for part in without if part.table == name]
            rows = 0 if name == _DECLARED else _copy(connection, name, parts)
            if name in added:
                _add(connection, name, added[name], table)
            reached("rewrite.table")
            if progress is not None:
                progress(name, rows)
        connection.execute(f"CHECKPOINT {_FRESH}")
    finally:
        with suppress(duckdb.Error):
            connection.execute(f"DETACH {_FRESH}")


def put_in_place(target: Path, path: Path) -> None:
    """Let ``target`` be the store at ``path``; both are closed, and nothing waits in the log of either.

    Raises:
        OSError: nothing has changed then.
    """
    for log in (path.with_name(path.name + ".wal"), target.with_name(target.name + ".wal")):
        if log.exists() and log.stat().st_size:
            raise OSError(f"{log.name} still holds changes")
        log.unlink(missing_ok=True)
    with target.open("rb") as file:
        sync_file(file.fileno())
    reached("rewrite.before_replace")
    os.replace(target, path)
    sync_folder(path.parent)
    reached("rewrite.after_replace")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal "
        "AND NOT temporary ORDER BY table_name"
    ).fetchall()
    return [str(name) for (name,) in found]


def _columns(connection: duckdb.DuckDBPyConnection, name: str, table: AnalyticsTable | None) -> str:
    found = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
        "AND table_name = $name ORDER BY column_index",
        {"name": name},
    ).fetchall()
    packed = table.packed if table is not None else ()
    return ", ".join(
        f"{quoted(column)} {kind}" + (" USING COMPRESSION zstd" if column in packed else "") for column, kind in found
    )


def _copy(connection: duckdb.DuckDBPyConnection, name: str, without: Sequence[Without]) -> int:
    joins = ""
    try:
        for place, part in enumerate(without):
            connection.register(f"left_out_{place}", pa.table({"left_out": part.keys}))
            joins += f" ANTI JOIN left_out_{place} ON left_out_{place}.left_out = t.{quoted(part.column)}"
        done = connection.execute(f"INSERT INTO {_FRESH}.{name} SELECT t.* FROM main.{name} t{joins}").fetchall()
        return int(done[0][0])
    finally:
        for place in range(len(without)):
            with suppress(duckdb.Error):
                connection.unregister(f"left_out_{place}")


def _add(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, table: AnalyticsTable | None) -> None:
    order = [column for column in (table.order if table else ()) if column in rows.column_names]
    connection.register("added_rows", in_order(rows, order))
    try:
        connection.execute(f"INSERT INTO {_FRESH}.{name} BY NAME SELECT * FROM added_rows")
    finally:
        with suppress(duckdb.Error):
            connection.unregister("added_rows")
