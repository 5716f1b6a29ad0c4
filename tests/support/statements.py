"""Every operational statement that a whole run makes on SQLite is held against PostgreSQL when the run ends.

The two share a subset of SQL; nothing but the other one tells that a statement has left it. What tests run is noted
with the types of its parameters and the temporary tables that were there, and prepared on a server with today's
tables. Statements over tables that rooms do not have are the tests' own, and passed over.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa

from foretell.engine import PARTS, RoomParts
from foretell.engine.embedded_ops import EmbeddedOps, EmbeddedTx
from foretell.engine.migrations import migrate
from foretell.engine.postgres.sql import numbered
from foretell.engine.tabular import quoted
from tests.support.pairs import open_pair

FOLDER = "STATEMENTS_OF_TESTS"
"""The variable that tells the processes of a run where to note."""
_OIDS = {int: 20, bool: 20, float: 701, bytes: 17}
_LISTED = re.compile(r"\bIN \(\?(?:, \?)+\)")
_WORDS = re.compile(r"\w+")
_OFTEN = 20
"""What was run so many times has shown the types that its parameters have."""
_SHAPING = ("CREATE", "DROP", "ALTER", "PRAGMA", "EXPLAIN", "VACUUM")
_OF_TESTS = (psycopg.errors.UndefinedTable,)
Noted = tuple[str, tuple[int, ...], tuple[tuple[str, tuple[tuple[str, str], ...]], ...]]


class Notes:
    """What one process has run."""

    def __init__(self) -> None:
        self.noted: set[Noted] = set()
        self._times: Counter[str] = Counter()
        self._put: dict[str, tuple[tuple[str, str], ...]] = {}

    def begin(self) -> None:
        """Note from now on."""
        for owner, names in ((EmbeddedTx, ("execute", "query")), (EmbeddedOps, ("query", "look_up"))):
            for name in names:
                setattr(owner, name, self._noting(getattr(owner, name)))
        many, put = EmbeddedTx.executemany, EmbeddedTx.put

        def executemany(tx: EmbeddedTx, sql: str, rows: Any) -> int:
            given = list(rows)
            if not _is_of_a_test():
                self._note(sql, given[0] if given else ())
            return many(tx, sql, given)

        def put_noting(tx: EmbeddedTx, name: str, rows: pa.Table, key: str | None = None) -> None:
            self._put[name] = tuple((column.name, _kind(column.type)) for column in rows.schema)
            put(tx, name, rows, key)

        EmbeddedTx.executemany, EmbeddedTx.put = executemany, put_noting  # type: ignore[method-assign]

    def _noting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def noting(store: Any, sql: str, params: Sequence[object] = ()) -> Any:
            if not _is_of_a_test():
                self._note(sql, params)
            return run(store, sql, params)

        return noting

    def _note(self, sql: str, params: Sequence[object]) -> None:
        self._times[sql] += 1
        if self._times[sql] > _OFTEN or sql.lstrip().startswith(_SHAPING) or sql.count("?") != len(params):
            return
        short = sql
        if len(params) > 8 and "INSERT" not in sql:
            short = _LISTED.sub("IN (?)", sql)
            params = () if short != sql else params
        types = tuple(_OIDS.get(type(value), 0) for value in params)
        named = tuple((name, self._put[name]) for name in sorted(self._put.keys() & {*_WORDS.findall(sql)}))
        self.noted.add((short, types, named))

    def write(self, folder: Path) -> None:
        """Leave them where the run looks for them."""
        (folder / f"{os.getpid()}.json").write_text(json.dumps(sorted(self.noted)))


def _is_of_a_test() -> bool:
    """True where a test itself asks, whose SQL may be SQLite's own, or wrong on purpose."""
    return str(sys._getframe(2).f_globals.get("__name__", "")).startswith("tests.")


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return "DOUBLE PRECISION" if pa.types.is_floating(kind) else 'TEXT COLLATE "C"'


def begin_run() -> Path:
    """Let the processes that are started from now on note what they run; returns where."""
    folder = Path(tempfile.mkdtemp(prefix="foretell-statements-"))
    os.environ[FOLDER] = str(folder)
    return folder


def unfit(folder: Path) -> tuple[int, list[str]]:
    """How many statements were noted, and what PostgreSQL has against which of them."""
    noted = {_frozen(entry) for file in folder.glob("*.json") for entry in json.loads(file.read_text())}
    with open_pair("postgresql+duckdb") as pair:
        store = pair.ops(folder)
        migrate(store, _every_room())
        place = pair.settings(folder).postgres
        assert place is not None
        with psycopg.connect(place.url) as connection:
            connection.execute(f'SET search_path TO "{place.schema}"')  # type: ignore[arg-type]
            connection.execute("SET client_min_messages TO error")
            connection.commit()
            found = [told for entry in sorted(noted) if (told := _fault(connection, entry)) is not None]
        store.close()
    return len(noted), found


def _every_room() -> list[RoomParts]:
    from foretell.app import ROOMS  # most runs never come here, and it takes a second

    return [PARTS, *ROOMS]


def _frozen(entry: Any) -> Noted:
    sql, types, named = entry
    return sql, tuple(types), tuple((name, tuple((column, kind) for column, kind in shape)) for name, shape in named)


def _fault(connection: psycopg.Connection[Any], entry: Noted) -> str | None:
    """Why PostgreSQL does not take a statement; None where it does, or where it is of the tests' own tables."""
    sql, types, named = entry
    try:
        for name, shape in named:
            columns = ", ".join(f"{quoted(column)} {kind}".replace("%", "%%") for column, kind in shape)
            connection.execute(f"CREATE TEMP TABLE {quoted(name)} ({columns})")  # type: ignore[arg-type]
        answer = connection.pgconn.prepare(b"", numbered(sql).encode(), types or None)
        if answer.status == psycopg.pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(answer)
    except _OF_TESTS:
        return None
    except psycopg.Error as error:
        return f"{error.diag.message_primary}: {' '.join(sql.split())}"
    finally:
        connection.rollback()
    return None
