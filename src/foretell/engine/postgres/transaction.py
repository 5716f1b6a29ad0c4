"""One transaction on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

import psycopg
import pyarrow as pa
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from foretell.engine.postgres.connecting import Link
from foretell.engine.postgres.encoding import COPY_HEAD, COPY_TAIL, KINDS, TEXT, Kind, array_of, copied_rows, kind_of
from foretell.engine.postgres.sql import Entering, entering, numbered
from foretell.engine.postgres.values import Encoded, asked, without_nul
from foretell.engine.tabular import python_rows, quoted

_ROWS_AT_ONCE = 20_000
_FEW_ROWS = 8
"""So many rows are entered one by one: less work than to find out their types."""


class PostgresTx:
    """A transaction on one connection.

    Args:
        kinds: of the parameters of statements that enter rows, by statement; shared by all transactions of a store.
    """

    def __init__(self, link: Link, kinds: dict[str, tuple[Kind, ...] | None]) -> None:
        self.link = link
        self._connection = link.connection
        self._kinds = kinds
        self.mark: int | None = None
        self._filled: set[str] = set()
        self._made: dict[str, tuple[object, ...]] = {}

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        return max(asked(self._connection, sql, params).rowcount, 0)

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return asked(self._connection, sql, params).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        rows = iter(rows)
        first = list(islice(rows, _FEW_ROWS + 1))
        if not first:
            return 0
        whole = entering(sql) if len(first) > _FEW_ROWS else None
        kinds = self._kinds_of(sql, whole) if whole is not None else None
        if whole is None or kinds is None:
            return self._one_by_one(sql, chain(first, rows))
        changed = 0
        rows = chain(first, rows)
        while block := list(islice(rows, _ROWS_AT_ONCE)):
            changed += self._enter(sql, whole, kinds, list(zip(*block, strict=True)), partial(iter, block))
        return changed

    def enter(self, sql: str, rows: pa.Table) -> int:
        whole = entering(sql) if rows.num_rows > _FEW_ROWS else None
        kinds = self._kinds_of(sql, whole) if whole is not None else None
        if whole is None or kinds is None:
            return self._one_by_one(sql, python_rows(rows)) if rows.num_rows else 0
        changed = 0
        for start in range(0, rows.num_rows, _ROWS_AT_ONCE):
            part = rows.slice(start, _ROWS_AT_ONCE)
            changed += self._enter(sql, whole, kinds, part.columns, partial(python_rows, part))
        return changed

    def put(self, name: str, rows: pa.Table, key: str | None = None) -> None:
        """(Re)fill a temporary table; it stays with the connection, empty, so that the next finds it made."""
        shape = (key, *((column.name, str(column.type)) for column in rows.schema))
        kinds = [kind_of(column) for column in rows.schema]
        known = self._made.get(name) or self.link.put.get(name)
        if known is None or known[1:] != shape:
            self._make(name, rows.schema, kinds, key)
            self._made[name] = known = (False, *shape)
        elif name in self._filled:
            self._connection.execute(f"DELETE FROM pg_temp.{quoted(name)}")
        self._filled.add(name)
        if not rows.num_rows:
            return
        with self._connection.cursor().copy(f"COPY pg_temp.{quoted(name)} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(COPY_HEAD)
            for start in range(0, rows.num_rows, _ROWS_AT_ONCE):
                copy.write(copied_rows(rows.slice(start, _ROWS_AT_ONCE), kinds))
            copy.write(COPY_TAIL)
        if not known[0]:  # its density, once there are rows; how many there are the planner then sees by itself
            self._connection.execute(f"ANALYZE pg_temp.{quoted(name)}")
            self._made[name] = (True, *shape)

    def made(self) -> Mapping[str, tuple[object, ...]]:
        """The temporary tables that this transaction made or weighed, as they are once it has committed: whether the
        planner knows their density, their key and columns."""
        return self._made

    def _make(self, name: str, schema: pa.Schema, kinds: Sequence[Kind], key: str | None) -> None:
        columns = ", ".join(
            f"{quoted(column.name)} {kind.sql}"
            + (' COLLATE "C"' if kind is TEXT else "")
            + (" PRIMARY KEY" if column.name == key else "")
            for column, kind in zip(schema, kinds, strict=True)
        )
        self._connection.execute(f"DROP TABLE IF EXISTS pg_temp.{quoted(name)}")
        self._connection.execute(f"CREATE TEMP TABLE {quoted(name)} ({columns}) ON COMMIT DELETE ROWS")

    def _enter(
        self,
        sql: str,
        whole: Entering,
        kinds: tuple[Kind, ...],
        columns: Sequence[Sequence[object] | pa.ChunkedArray],
        block: Callable[[], Iterable[Sequence[object]]],
    ) -> int:
        """Enter rows that are given by their ``columns``; ``block`` makes the same rows, for where that cannot be."""
        try:
            arrays = [
                Encoded(array_of(_array(values, kind), kind)) for values, kind in zip(columns, kinds, strict=True)
            ]
        except (pa.ArrowException, TypeError):  # values of several types, which the store converts one by one
            return self._one_by_one(sql, block())
        self._connection.execute("SAVEPOINT entering")
        try:
            done = self._connection.execute(whole.of_columns(tuple(kind.sql for kind in kinds)), arrays).rowcount
        except psycopg.errors.CardinalityViolation:  # two rows of one key: the later changes what the earlier made
            self._connection.execute("ROLLBACK TO SAVEPOINT entering")
            done = self._one_by_one(sql, block())
        self._connection.execute("RELEASE SAVEPOINT entering")
        return done

    def _one_by_one(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        with self._connection.cursor() as cursor:
            cursor.executemany(numbered(sql), [without_nul(row) for row in rows])
            return max(cursor.rowcount, 0)

    def _kinds_of(self, sql: str, whole: Entering) -> tuple[Kind, ...] | None:
        """As what the server takes the parameters of ``sql``; None where one has a type that is not known here."""
        if sql not in self._kinds:
            server = self._connection.pgconn
            with self._connection.lock:
                _checked(server.prepare(b"", numbered(sql).encode()))
                told = _checked(server.describe_prepared(b""))
            found = [KINDS.get(told.param_type(place)) for place in range(told.nparams)]
            kinds = tuple(kind for kind in found if kind is not None)
            self._kinds[sql] = kinds if len(kinds) == len(found) == whole.width else None
        return self._kinds[sql]


def _array(values: Sequence[object] | pa.ChunkedArray, kind: Kind) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks().cast(kind.arrow)
    return pa.array(values, kind.arrow)


def _checked(answer: PGresult) -> PGresult:
    if answer.status == ExecStatus.FATAL_ERROR:
        raise psycopg.errors.error_from_result(answer)
    return answer
