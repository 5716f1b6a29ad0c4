"""What DuckDB would say of a query: an empty store of its own, with the tables and views as they are declared.

Every query is bound here before Spark sees it. So wrong SQL is refused in the same words on every engine, nothing is
reached but what is declared, and the answer's columns get the names and types that they have elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from foretell.engine.analytics_errors import explain_engine_errors, require_reading
from foretell.engine.memory import SESSION
from foretell.engine.ports import View
from foretell.engine.tabular import quoted

_HERE = Path("analytics")
KEPT = 2_000


class Shapes:
    """Tables and views without rows.

    Args:
        tables: columns and types of each.
        views: each after those that it reads.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, str]], views: Iterable[View]) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], pa.Schema] = {}
        self._connection = duckdb.connect(config={"threads": 1, "python_enable_replacements": False})
        self._connection.execute(f"{SESSION}; SET enable_external_access = false")
        with explain_engine_errors(_HERE):
            for name, columns in tables.items():
                told = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
                self._connection.execute(f"CREATE TABLE {quoted(name)} ({told})")
            for view in views:
                self._connection.execute(f"CREATE VIEW {quoted(view.name)} AS {view.sql}")

    def schema(self, sql: str, params: Mapping[str, object], tables: Mapping[str, pa.Table]) -> pa.Schema:
        """The answer's columns.

        Args:
            tables: extra tables of the query.

        Raises:
            UsageError: ``BAD_SQL``.
        """
        kinds = tuple((name, type(value)) for name, value in params.items())
        asked = (sql, kinds, tuple((name, table.schema.to_string()) for name, table in tables.items()))
        with self._lock:
            if asked not in self._known:
                if len(self._known) >= KEPT:
                    self._known.clear()
                self._known[asked] = self._bound(sql, params, tables)
            return self._known[asked]

    def columns(self, relation: str) -> dict[str, str]:
        """Column names and types of a table or view; none where there is no such relation."""
        with self._lock:
            found = self._connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $name AND NOT internal "
                "ORDER BY column_index",
                {"name": relation},
            ).fetchall()
        return {str(name): str(kind) for name, kind in found}

    def close(self) -> None:
        """Free what it holds."""
        self._connection.close()

    def _bound(self, sql: str, params: Mapping[str, object], tables: Mapping[str, pa.Table]) -> pa.Schema:
        with explain_engine_errors(_HERE, sql):
            require_reading(self._connection, sql)
            try:
                for name, table in tables.items():
                    self._connection.register(name, table.schema.empty_table())
                schema: pa.Schema = self._connection.sql(sql, params=dict(params)).to_arrow_reader().schema
                return schema
            finally:
                for name in tables:
                    with suppress(duckdb.Error):
                        self._connection.unregister(name)
