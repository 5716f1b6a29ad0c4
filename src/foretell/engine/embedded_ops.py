"""The embedded operational store: SQLite in WAL mode, ``synchronous=FULL``, one writer."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell import telemetry
from foretell.engine.capabilities import Capability
from foretell.engine.crash_points import reached
from foretell.engine.tabular import python_rows, quoted
from foretell.errors import ForetellError


def _declared(column: pa.Field) -> str:
    if pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(column.type) else "TEXT"


_CHECKPOINT_PAGES = 25_000
"""Pages (4 KB) in the write-ahead log at which it is folded into the database: a page that several
batches change is then written back once."""
_BLOCK_VALUES = 300
"""Parameters of a statement that enters a block of rows: fewer than any build of SQLite takes."""
_ENTERS = re.compile(r"(INSERT INTO [^?]* VALUES )(\((?:'(?:[^'?]|'')*'|NULL|[-?0-9, ])*\))([^?]*)")
_LONGEST_LITERAL = 200
_MANY_ROWS = 500
"""From so many rows on a statement of their own, in which their constants stand, is worth its preparation."""


class EmbeddedTx:
    """A transaction on the writer's connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        return self._connection.execute(sql.replace("/*clustered*/", "WITHOUT ROWID"), tuple(params)).rowcount

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return 0
        rows = chain([first], rows)
        together = _together(sql, len(first))
        changed = 0
        if together is not None:
            blocks = _Blocks(rows, len(first))
            changed, rows = max(self._connection.executemany(together, blocks).rowcount, 0), blocks.rest
        return changed + max(self._connection.executemany(sql, rows).rowcount, 0)

    def enter(self, sql: str, rows: pa.Table) -> int:
        if rows.num_rows >= _MANY_ROWS:
            sql, rows = with_constants(sql, rows)
        return self.executemany(sql, python_rows(rows))

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(params)).fetchall()

    def put(self, name: str, rows: pa.Table, key: str | None = None) -> None:
        columns = ", ".join(
            f"{quoted(column.name)} {_declared(column)}" + (" PRIMARY KEY" if column.name == key else "")
            for column in rows.schema
        )
        table = f"temp.{quoted(name)}"
        self._connection.execute(f"DROP TABLE IF EXISTS {table}")
        self._connection.execute(f"CREATE TEMP TABLE {quoted(name)} ({columns})")
        marks = ", ".join("?" * rows.num_columns)
        self.executemany(f"INSERT INTO {table} VALUES ({marks})", python_rows(rows))


class _Blocks:
    """The values of rows, a block of rows at a time; those that fill no block are left in ``rest``."""

    def __init__(self, rows: Iterable[Sequence[object]], width: int) -> None:
        self._values, self._width = chain.from_iterable(rows), width
        self.rest: list[tuple[object, ...]] = []

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        size = self._width * _block_rows(self._width)
        while len(block := tuple(islice(self._values, size))) == size:
            yield block
        self.rest = list(zip(*[iter(block)] * self._width, strict=True))


def _block_rows(width: int) -> int:
    return max(_BLOCK_VALUES // width, 1)


@lru_cache(maxsize=64)
def _together(sql: str, width: int) -> str | None:
    """``sql`` for a block of rows of ``width`` values, where it enters rows as they are given: one step
    of the driver then enters them all, in half the time. None where it does something else."""
    found = _ENTERS.fullmatch(sql)
    if found is None or found[2].count("?") != width:
        return None
    return found[1] + ", ".join([found[2]] * _block_rows(width)) + found[3]


def with_constants(sql: str, rows: pa.Table) -> tuple[str, pa.Table]:
    """``sql`` with literals for the columns in which all ``rows`` have one value, and the other columns.

    One column at least is left. A statement that does something else than enter rows as they are given stays.
    """
    found = _ENTERS.fullmatch(sql)
    if found is None or found[2].count("?") != rows.num_columns:
        return sql, rows
    literals = [_literal(column) for column in rows.columns]
    if None not in literals:
        literals[0] = None
    parts = found[2].split("?")
    values = parts[0] + "".join(
        ("?" if one is None else one) + part for one, part in zip(literals, parts[1:], strict=True)
    )
    left = [name for name, one in zip(rows.column_names, literals, strict=True) if one is None]
    return found[1] + values + found[3], rows.select(left)


def _literal(column: pa.ChunkedArray) -> str | None:
    """The one value of a column as SQL; None where there are several, or it is better handed over."""
    if column.null_count == len(column):
        return "NULL"
    first = column[0]
    if column.null_count or first != column[len(column) - 1] or not pc.all(pc.equal(column, first)).as_py():
        return None
    value = first.as_py()
    if isinstance(value, int):
        return str(int(value))
    plain = isinstance(value, str) and len(value) <= _LONGEST_LITERAL and not set("?\0") & set(value)
    return "'" + value.replace("'", "''") + "'" if plain else None


class EmbeddedOps:
    """Operational store in one file: a connection for the writer, and one for reading what is committed.

    Args:
        path: the database file.
        read_only: open for reading alone. The caller keeps writers away.
    """

    kind = "sqlite"
    capabilities: frozenset[Capability] = frozenset({"copies_to_file", "rebuilds"})

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._turn = threading.RLock()
        self._reading, self._looking = threading.Lock(), threading.Lock()
        self._writer: sqlite3.Connection | None = None
        with ExitStack() as opened, explain_store_errors(path):
            if not read_only:
                self._writer = self._connect("mode=rwc", opened)
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                self._writer.execute("PRAGMA fullfsync = ON")
            self._reader = self._connect_reader(opened) if read_only else self._connect("mode=rw", opened)
            self._looker = self._connect_reader(opened) if read_only else self._connect("mode=rw", opened)
            for reader in (self._reader, self._looker):
                reader.execute("PRAGMA query_only = ON")
            opened.pop_all()

    def _connect_reader(self, opened: ExitStack) -> sqlite3.Connection:
        """Where the folder cannot be written, and no journal waits there, the file alone is read."""
        try:
            connection = self._connect("mode=ro", opened)
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except sqlite3.OperationalError:
            journal = self._path.with_name(self._path.name + "-wal")
            if not self._path.exists() or (journal.exists() and journal.stat().st_size):
                raise
            return self._connect("mode=ro&immutable=1", opened)
        return connection

    def _connect(self, how: str, opened: ExitStack) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.resolve().as_uri()}?{how}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
            cached_statements=256,
        )
        opened.callback(connection.close)
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    @telemetry.timed_block("operational", "write")
    @contextmanager
    def write(self) -> Iterator[EmbeddedTx]:
        """A transaction; nested use is refused, since there is one writer."""
        with self._turn, explain_store_errors(self._path):
            writer = self._writer
            if writer is None:
                raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
            if writer.in_transaction:
                raise ForetellError("NESTED_TRANSACTION", "a transaction is open already", where=str(self._path))
            writer.execute("BEGIN IMMEDIATE")
            try:
                yield EmbeddedTx(writer)
                writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    writer.execute("ROLLBACK")
                raise

    @telemetry.timed("operational", "read")
    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._reading, explain_store_errors(self._path):
            return self._reader.execute(sql, tuple(params)).fetchall()

    @telemetry.timed("operational", "read")
    def look_up(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See :meth:`~foretell.engine.OperationalStore.look_up`; by a connection that nothing else uses."""
        with self._looking:
            try:
                return self._looker.execute(sql, params).fetchall()
            except sqlite3.DatabaseError as error:
                raise _explained(error, self._path) from error

    def copy_to(self, path: Path) -> None:
        """Write what is committed now to a database of its own at ``path``."""
        with self._reading, explain_store_errors(path):
            copy = sqlite3.connect(path)
            try:
                self._reader.backup(copy)
            finally:
                copy.close()

    def compact(self) -> None:
        """Write the file anew and empty its log, so that nothing that was deleted or changed lies in either."""
        with self._turn, self._reading, self._looking, explain_store_errors(self._path):
            writer = self._writer
            if writer is None:
                raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
            writer.execute("PRAGMA temp_store = FILE")  # the copy may be larger than memory; temporary tables go
            try:
                writer.execute("VACUUM")
            finally:
                writer.execute("PRAGMA temp_store = MEMORY")
            reached("compact.before_checkpoint")
            busy, _, _ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise ForetellError(
                    "STORE_BUSY", "somebody still reads the operational store as it was",
                    where=str(self._path), next_step="Try again when it has finished.", transient=True,
                )  # fmt: skip

    def close(self) -> None:
        self._reader.close()
        self._looker.close()
        if self._writer is not None:
            self._writer.close()


_FULL = "database or disk is full"
_NEEDED_BYTES = 64 * 1024
"""A store that grows takes this much at once (the log's index takes 32 KB)."""
_KNOWN = (
    (
        _FULL,
        "DISK_FULL",
        "the disk is full",
        "Free some room; nothing acknowledged is lost.",
        True,
    ),
    (
        "readonly database",
        "DISK_READ_ONLY",
        "the operational store is read-only",
        "Make the data folder writable.",
        False,
    ),
    (
        "unable to open",
        "STORE_UNREADABLE",
        "the operational store cannot be opened",
        "Check the path and its owner.",
        False,
    ),
    (
        "database is locked",
        "STORE_BUSY",
        "another process holds the operational store",
        "Try again when it has finished.",
        True,
    ),
    ("disk I/O error", "DISK_FAILED", "the disk answered with an error", "Check the disk and free room.", True),
    ("malformed", "STORE_DAMAGED", "the operational store is damaged", "Restore a backup.", False),
    ("not a database", "STORE_DAMAGED", "the file is no operational store", "Restore a backup.", False),
)


@contextmanager
def explain_store_errors(path: Path) -> Iterator[None]:
    """Turn the driver's operational errors into errors that say what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(error, path) from error


def _explained(error: sqlite3.DatabaseError, path: Path) -> ForetellError:
    said = _FULL if _no_room(error, path) else str(error)
    for text, code, what, next_step, transient in _KNOWN:
        if text in said:
            return ForetellError(code, what, where=str(path), next_step=next_step, transient=transient)
    return ForetellError("STORE_FAILED", str(error), where=str(path))


def _no_room(error: sqlite3.DatabaseError, path: Path) -> bool:
    """True where the driver says "disk I/O error" because the disk is full: it does so of its shared memory."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_IOERR:
        return False
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free < _NEEDED_BYTES
    return False
