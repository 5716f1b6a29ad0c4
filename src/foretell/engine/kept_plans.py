"""Statements that are asked again and again over small tables are planned once.

To plan a statement of a page or two takes several times as long as to run it over a few thousand rows.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import duckdb
import pyarrow as pa

MOST_ROWS = 10_000
"""With more rows running is what takes long, and a plan may look at how many there are."""
MOST_PLANS = 100
_PLACES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w+)""")
_Key = tuple[str, tuple[tuple[str, pa.Schema], ...], tuple[tuple[str, str], ...]]


class KeptPlans:
    """The plans of one thread, the latest asked ones.

    Args:
        database: each plan has a connection of its own to it.
        session: SQL text that a connection begins with.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, session: str) -> None:
        self._database, self._session = database, session
        self._plans: OrderedDict[_Key, _Plan | Literal["asked once", "refused"]] = OrderedDict()

    def run(self, sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, object], rows: int) -> pa.Table | None:
        """The result by a kept plan; None where there is none, and the statement is to be run as usual.

        A plan is made when a statement comes the second time with tables and values of the same types.

        Args:
            rows: most rows of a batch of the result.
        """
        kinds = [(name, _kind(value)) for name, value in params.items()]
        if sum(table.num_rows for table in tables.values()) > MOST_ROWS or any(not kind for _, kind in kinds):
            return None
        key = (sql, tuple((name, table.schema) for name, table in tables.items()), tuple(kinds))
        try:
            plan = self._plan(key)
            return None if isinstance(plan, str) else plan.run(tables, params, rows)
        except (duckdb.Error, UnicodeError):  # it cannot be prepared, or is wrong; run as usual it says so
            self._plans[key] = "refused"
            return None

    def _plan(self, key: _Key) -> _Plan | Literal["asked once", "refused"]:
        plan = self._plans.get(key)
        if plan is None:
            plan = "asked once"
        elif plan == "asked once":
            plan = _Plan(self._database.cursor(), self._session, key)
        self._plans[key] = plan
        self._plans.move_to_end(key)
        while len(self._plans) > MOST_PLANS:
            self._plans.popitem(last=False)
        return plan


class _Plan:
    def __init__(self, connection: duckdb.DuckDBPyConnection, session: str, key: _Key) -> None:
        sql, schemas, kinds = key
        self._connection, self._kinds = connection, dict(kinds)
        self._held = {name: _Held(schema) for name, schema in schemas}
        connection.execute(session)
        for name, held in self._held.items():
            connection.register(name, held)
        connection.execute(f"PREPARE kept AS {_typed(sql, self._kinds)}")

    def run(self, tables: Mapping[str, pa.Table], params: Mapping[str, object], rows: int) -> pa.Table:
        # A value of another type than its place would have all planned anew.
        told = [
            f"{name} := CAST({_literal(params[name])} AS {kind})"
            for name, kind in self._kinds.items()
            if kind != "NULL"
        ]
        try:
            for name, table in tables.items():
                self._held[name].table = table
            call = f"EXECUTE kept({', '.join(told)})" if told else "EXECUTE kept"
            result: pa.Table = self._connection.execute(call).to_arrow_table(rows)
            return result
        finally:
            for held in self._held.values():
                held.table = None


class _Held:
    """What a plan reads: another table each time, always of the same columns."""

    def __init__(self, schema: pa.Schema) -> None:
        self.table: pa.Table | None = None
        self._schema = schema

    def __arrow_c_schema__(self) -> Any:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        table = self._schema.empty_table() if self.table is None else self.table
        return table.__arrow_c_stream__(requested_schema)


def _kind(value: object) -> str:
    """The SQL type that a value has on its way; empty where it is told otherwise than as text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER" if -(2**31) <= value < 2**31 else "BIGINT" if -(2**63) <= value < 2**63 else ""
    if isinstance(value, float):
        return "DOUBLE"
    if isinstance(value, str):
        return "" if "\0" in value else "VARCHAR"
    if isinstance(value, datetime):
        return "TIMESTAMP" if value.tzinfo is None else "TIMESTAMPTZ"
    return ""


def _typed(sql: str, kinds: Mapping[str, str]) -> str:
    """``sql`` whose ``$name`` have the types of their values, as when it is run with the values at hand."""

    def replaced(found: re.Match[str]) -> str:
        kind = kinds.get(found[1]) if found[1] else None
        return found[0] if kind is None else "NULL" if kind == "NULL" else f"CAST(${found[1]} AS {kind})"

    return _PLACES.sub(replaced, sql)


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        value = (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(" ")
    return "'" + str(value).replace("'", "''") + "'"
