"""The embedded analytics store: one native DuckDB file, one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from foretell.engine.crash_points import reached
from foretell.engine.ports import AnalyticsTable, View
from foretell.errors import ForetellError, UsageError

_ARROW_TYPES = {pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}


def quoted(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


class EmbeddedAnalytics:
    """Analytics in one file.

    Args:
        path: the database file.
        memory_mb: upper bound of the buffer pool.
        read_only: open for reading alone (several processes may).
    """

    def __init__(self, path: Path, *, memory_mb: int, threads: int, read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._tables: dict[str, AnalyticsTable] = {}
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": str(path.parent / "spill"),
        }
        with explain_engine_errors(path):
            self._connection = duckdb.connect(str(path), read_only=read_only, config=config)
            self._connection.execute("SET TimeZone = 'UTC'")
            if not read_only:
                self._connection.execute("CREATE TABLE IF NOT EXISTS applied (batch BIGINT)")

    def declare(self, tables: Sequence[AnalyticsTable], views: Sequence[View], *, create: bool) -> None:
        """Tell the store its tables and views; with ``create`` they are made where they are missing."""
        self._tables = {table.name: table for table in tables}
        self._views = list(views)
        if not create:
            return
        with self._transaction():
            for table in tables:
                columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in table.columns.items())
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})")
                known = self.columns(table.name)
                self._add_columns(table.name, {n: k for n, k in table.columns.items() if n not in known})
            self._make_views()

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        with self._lock, explain_engine_errors(self._path, sql):
            for name, table in (tables or {}).items():
                self._connection.register(name, table)
            try:
                return self._connection.sql(sql, params=dict(params or {})).to_arrow_table()
            finally:
                for name in tables or {}:
                    self._connection.unregister(name)

    def last_batch(self) -> int:
        with self._lock, explain_engine_errors(self._path):
            found = self._connection.execute("SELECT coalesce(max(batch), 0) FROM applied").fetchall()
        return int(found[0][0])

    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        if number <= self.last_batch():
            return
        with self._transaction():
            changed = [self._widen(name, table) for name, table in rows.items()]
            if any(changed):
                self._make_views()
            for name, table in rows.items():
                self._append(name, table)
            self._connection.execute("DELETE FROM applied")
            self._connection.execute("INSERT INTO applied VALUES ($batch)", {"batch": number})
            reached("analytics.before_commit")

    def columns(self, relation: str) -> dict[str, str]:
        found = self._connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $name "
            "ORDER BY ordinal_position",
            {"name": relation},
        ).fetchall()
        return {str(name): str(kind) for name, kind in found}

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, explain_engine_errors(self._path):
            self._connection.execute("BEGIN TRANSACTION")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _append(self, name: str, rows: pa.Table) -> None:
        table = self._tables[name]
        order = f" ORDER BY {', '.join(table.order)}" if table.order else ""
        self._connection.register("arriving", rows)
        try:
            if table.key:
                same = " AND ".join(f"{name}.{column} = arriving.{column}" for column in table.key)
                self._connection.execute(f"DELETE FROM {name} USING arriving WHERE {same}")
            self._connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM arriving{order}")
        finally:
            self._connection.unregister("arriving")

    def _widen(self, name: str, rows: pa.Table) -> bool:
        """Add columns that arrive for the first time to a table declared open."""
        if name not in self._tables:
            raise ForetellError("TABLE_UNDECLARED", f"no room declares the table {name}", thing=name)
        if not self._tables[name].open:
            return False
        known = self.columns(name)
        missing = {
            column.name: _ARROW_TYPES.get(column.type, "VARCHAR") for column in rows.schema if column.name not in known
        }
        self._add_columns(name, missing)
        return bool(missing)

    def _add_columns(self, table: str, columns: Mapping[str, str]) -> None:
        for name, kind in columns.items():
            self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}")

    def _make_views(self) -> None:
        for table in self._tables.values():
            if table.derived:
                self._connection.execute(
                    f"CREATE OR REPLACE VIEW {table.derived} AS "
                    f"SELECT t.*, coalesce(m.profile_key, t.{table.profile_column}) AS profile_key "
                    f"FROM {table.name} t LEFT JOIN merged m ON m.node_key = t.{table.profile_column}"
                )
        for view in self._views:
            self._connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")


@contextmanager
def explain_engine_errors(path: Path, sql: str = "") -> Iterator[None]:
    """Turn the engine's errors into errors that say what to do."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        lower = text.lower()
        where = str(path)
        if "no space left" in lower or "disk full" in lower or "could not write all" in lower:
            raise ForetellError(
                "DISK_FULL", "the disk is full", where=where, transient=True,
                next_step="Free some room; nothing acknowledged is lost.",
            ) from error  # fmt: skip
        if "could not set lock" in lower or "conflicting lock" in lower:
            raise ForetellError(
                "WORKSPACE_BUSY", "another process is writing to this workspace", where=where, transient=True,
                next_step="Wait until it has finished, or use another workspace.",
            ) from error  # fmt: skip
        if "read-only" in lower and ("file system" in lower or "cannot open" in lower):
            raise ForetellError(
                "DISK_READ_ONLY", "the analytics store is read-only", where=where,
                next_step="Make the data folder writable.",
            ) from error  # fmt: skip
        if (
            isinstance(
                error,
                duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException | duckdb.ConversionException,
            )
            and sql
        ):
            raise UsageError("BAD_SQL", text.splitlines()[0], thing="query", next_step=_hint(text)) from error
        raise ForetellError("ANALYTICS_FAILED", text.splitlines()[0], where=where) from error


def _hint(text: str) -> str:
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    return " ".join(lines)[:400] if lines else "Check the names of views and columns."
