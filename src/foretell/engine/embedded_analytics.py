"""The embedded analytics store: one native DuckDB file, one process at a time."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from foretell import telemetry
from foretell.engine.analytics_errors import explain_engine_errors, require_reading
from foretell.engine.borrowing import Borrowing
from foretell.engine.capabilities import Capability
from foretell.engine.compacting import beside, files_of, put_in_place, remove_files, write_anew
from foretell.engine.crash_points import reached
from foretell.engine.declared import require_declared
from foretell.engine.derived import every_view
from foretell.engine.memory import KEPT, SESSION
from foretell.engine.narrowing import narrowed
from foretell.engine.ports import AnalyticsTable, View, Without
from foretell.engine.tabular import in_order, last_of_each, quoted
from foretell.errors import ForetellError

_ARROW_TYPES = {pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}


_TAKES_ALL, _WORD = re.compile(r"(?<!count\()\*"), re.compile(r"\w+")
COLUMNS_AT_ONCE = 100
"""Columns added in one transaction: it keeps a version of the table for each of them."""
_BEGIN_READING = "BEGIN TRANSACTION READ ONLY"
_SMALL_BYTES = 64_000_000
"""In a store and with extra tables up to this size planning a query takes longer than running it. The usual way to an
Arrow table plans twice and copies no row; the way through a result plans once and copies, which then costs less."""
_WAITED_FOR_OTHERS_SECONDS = 20.0
_WAITING_SHARE, _LEAST_WAITING_MB = 8, 16
"""The log of changes is folded into the file when it holds this share (one in …) of the memory. Folding writes every
part of a table anew of which a row was replaced, however few: the oftener, the more a wave of a large table costs."""


class EmbeddedAnalytics:
    """Analytics in one file.

    Args:
        path: the database file.
        memory_mb: upper bound of the buffer pool.
        read_only: open for reading alone (several processes may).
    """

    kind = "duckdb"
    capabilities: frozenset[Capability] = frozenset({"copies_to_file", "rebuilds"})

    def __init__(self, path: Path, *, memory_mb: int, threads: int, read_only: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._borrowing = Borrowing()
        self._readers: list[duckdb.DuckDBPyConnection] = []
        self._idle_readers: list[duckdb.DuckDBPyConnection] = []
        self._tables: dict[str, AnalyticsTable] = {}
        self._views: list[View] = []
        self._columns: Mapping[str, Sequence[str]] | None = None  # until some are added
        self._widened = False
        self._last_batch: int | None = None
        self._read_only = read_only
        self._config: dict[str, str | bool | int | float | list[str]] = {
            **KEPT,
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "checkpoint_threshold": f"{max(memory_mb // _WAITING_SHARE, _LEAST_WAITING_MB)}MB",
            "temp_directory": str(path.parent / "spill"),
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        }
        self._fresh = not path.exists()
        if not read_only:
            remove_files(beside(path))
        try:
            with explain_engine_errors(path):
                self._connection = self._connect()
        except BaseException:
            self._leave_nothing()
            raise

    def _leave_nothing(self) -> None:
        """Of a file that could not be made whole nothing stays, so that the next process makes it anew."""
        if self._fresh and not self._read_only:
            remove_files(self._path)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(self._path), read_only=self._read_only, config=self._config)
        try:
            connection.execute(SESSION)
            # Queries reach what is declared: no files, no network, no variables of our own code.
            if not self._read_only:
                mine = [str(file.absolute()) for file in files_of(beside(self._path))]
                connection.execute("SET allowed_paths = $mine", {"mine": mine})
            connection.execute("SET enable_external_access = false")
            if not self._read_only:
                connection.execute("CREATE TABLE IF NOT EXISTS applied (batch BIGINT)")
                connection.execute("CREATE TABLE IF NOT EXISTS declared (fingerprint VARCHAR)")
        except BaseException:
            connection.close()
            raise
        return connection

    def declare(self, tables: Sequence[AnalyticsTable], views: Sequence[View], *, create: bool) -> None:
        """Tell the store its tables and views; with ``create`` they are made where they are missing."""
        self._tables, self._columns = {table.name: table for table in tables}, None
        self._views = list(views)
        if not create or self.is_current():
            return
        try:
            self._create(tables)
        except BaseException:
            if self._fresh:
                self.close()
            self._leave_nothing()
            raise
        self._fresh = False

    def _create(self, tables: Sequence[AnalyticsTable]) -> None:
        with self._transaction():
            known = {} if self._fresh else self._known_columns()
            for table in tables:
                columns = ", ".join(
                    f"{quoted(name)} {kind}" + (" USING COMPRESSION zstd" if name in table.packed else "")
                    for name, kind in table.columns.items()
                )
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})")
                there = known.get(table.name, table.columns)
                self._add_columns(table.name, {n: k for n, k in table.columns.items() if n not in there})
            self._tell_declared()

    def _tell_declared(self) -> None:
        """Make the views, and remember how all is declared."""
        self._make_views()
        self._connection.execute("DELETE FROM declared")
        self._connection.execute("INSERT INTO declared VALUES ($print)", {"print": self._fingerprint()})

    def is_current(self) -> bool:
        """True where tables and views stand in the file as they were declared."""
        with self._lock, explain_engine_errors(self._path):
            try:
                found = self._connection.execute("SELECT fingerprint FROM declared").fetchall()
            except (duckdb.CatalogException, duckdb.BinderException):  # a file of before it was remembered
                return False
        return found == [(self._fingerprint(),)]

    def _fingerprint(self) -> str:
        told = repr((list(self._tables.values()), self._views))
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()

    @telemetry.timed("analytics", "read")
    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        try:
            return self._asked(sql, params, tables)
        except ForetellError as error:
            # The bound is for all that is asked at once: what had too little beside others may have enough after them.
            if error.code != "MEMORY_SHORT" or not self._borrowing.others_back(_WAITED_FOR_OTHERS_SECONDS):
                raise
        return self._asked(sql, params, tables)

    def _asked(self, sql: str, params: Mapping[str, object] | None, tables: Mapping[str, pa.Table] | None) -> pa.Table:
        with explain_engine_errors(self._path, sql), self._reader() as reader:
            require_reading(reader, sql)
            try:
                for name, table in (tables or {}).items():
                    reader.register(name, table)
                with _reading(reader):
                    once = self._is_small(tables or {})
                    return self._relation(reader, sql, params, planned_once=once).to_arrow_table()
            finally:
                for name in tables or {}:
                    with suppress(duckdb.Error):
                        reader.unregister(name)

    def _relation(
        self,
        reader: duckdb.DuckDBPyConnection,
        sql: str,
        params: Mapping[str, object] | None,
        *,
        planned_once: bool = False,
    ) -> duckdb.DuckDBPyRelation | duckdb.DuckDBPyConnection:
        """A query as it is to be run, or ``planned_once`` its result."""
        values = dict(params or {})

        def ask(text: str) -> duckdb.DuckDBPyRelation | duckdb.DuckDBPyConnection:
            return reader.execute(text, values) if planned_once else reader.sql(text, params=values)

        narrow = narrowed(sql, self._wide_tables(), self._wide_columns(reader))
        if narrow != sql:
            try:
                return ask(narrow)
            except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
                reader.execute("ROLLBACK")  # it names what is not there, or what is added just now: as it was told
                reader.execute(_BEGIN_READING)
        return ask(sql)

    def _wide_tables(self) -> list[AnalyticsTable]:
        return [table for table in self._tables.values() if table.open and table.derived]

    def _wide_columns(self, reader: duckdb.DuckDBPyConnection) -> Mapping[str, Sequence[str]]:
        """The columns of the tables that take more of them as they arrive."""
        if self._columns is None:
            asked = {table.name: f"SELECT name FROM pragma_table_info('{table.name}')" for table in self._wide_tables()}
            self._columns = {name: [row[0] for row in reader.execute(one).fetchall()] for name, one in asked.items()}
        return self._columns

    def _is_small(self, tables: Mapping[str, pa.Table]) -> bool:
        size = self._path.stat().st_size + sum(table.nbytes for table in tables.values())
        return bool(size <= _SMALL_BYTES)

    @telemetry.timed_stream("analytics", "read")
    def stream(self, sql: str, params: Mapping[str, object] | None = None, *, rows: int) -> Iterator[pa.Table]:
        with explain_engine_errors(self._path, sql), self._reader() as reader:
            require_reading(reader, sql)
            with _reading(reader):
                batches: pa.RecordBatchReader = self._relation(reader, sql, params).to_arrow_reader(rows)
                for batch in batches:
                    if batch.num_rows:
                        yield pa.Table.from_batches([batch])

    @contextmanager
    def _reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one's own, so that whoever reads waits neither for the writer nor for other readers.

        It sees what was committed when its transaction began.
        """
        with self._borrowing.one() as turn:
            with turn:
                reader = self._idle_readers.pop() if self._idle_readers else None
                if reader is None:
                    reader = self._connection.cursor()
                    reader.execute(SESSION)
                    self._readers.append(reader)
            try:
                yield reader
            finally:
                with turn:
                    self._idle_readers.append(reader)

    def last_batch(self) -> int:
        with self._lock, explain_engine_errors(self._path):
            if self._last_batch is None:  # nobody else writes, so that it is read once
                found = self._connection.execute("SELECT coalesce(max(batch), 0) FROM applied").fetchall()
                self._last_batch = int(found[0][0])
            return self._last_batch

    @telemetry.timed("analytics", "write")
    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        require_declared(self._tables.values(), rows)
        if number > self.last_batch():
            self._widen_far(rows)
        with self._transaction():
            if number <= self.last_batch():
                return
            self._last_batch = None  # read anew where this fails
            missing = {name: self._missing(name, table) for name, table in rows.items()}
            for name, columns in missing.items():
                self._add_columns(name, columns)
            self._make_views_of([name for name, columns in missing.items() if columns])
            for name, table in rows.items():
                self._append(name, table)
            self._enter_applied(number)
            reached("analytics.before_commit")
        self._last_batch = number

    def copy_to(self, path: Path) -> None:
        with self._lock, explain_engine_errors(self._path):
            self._connection.execute("CHECKPOINT")
            shutil.copyfile(self._path, path)

    def declared(self) -> Sequence[AnalyticsTable]:
        return tuple(self._tables.values())

    def rewrite(
        self,
        without: Sequence[Without],
        added: Mapping[str, pa.Table],
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """See :meth:`~foretell.engine.Analytics.rewrite`. The caller keeps writers away; whoever reads waits for no
        more than the change of the files."""
        target = beside(self._path).absolute()
        require_declared(self._tables.values(), added)
        try:
            with explain_engine_errors(self._path), self._connection.cursor() as copier:
                write_anew(copier, target, self._tables, without, added, progress)
            with self._borrowing.nobody(), self._lock, explain_engine_errors(self._path):
                self._connection.execute("CHECKPOINT")
                self.close()
                try:
                    put_in_place(target, self._path)
                finally:
                    self._readers.clear()
                    self._idle_readers.clear()
                    self._columns = None
                    self._connection = self._connect()
                with self._transaction():
                    self._tell_declared()
        finally:
            remove_files(target)

    def fill(self, name: str, columns: Mapping[str, str], parts: Iterable[pa.Table]) -> None:
        """Let a table hold these rows and no others, in one transaction. Of rows with one key there is one.

        Args:
            columns: column → SQL type, those among them that were added as data arrived.
        """
        with self._transaction():
            there = self._known_columns()[name]
            self._add_columns(name, {column: kind for column, kind in columns.items() if column not in there})
            self._connection.execute(f"DELETE FROM {name}")
            for rows in parts:
                self._append(name, rows, fresh=True)
            self._make_views()

    def settle(self, number: int) -> None:
        """All recorded batches up to ``number`` are in it."""
        with self._transaction():
            self._enter_applied(number)
        self._last_batch = number

    def columns(self, relation: str) -> dict[str, str]:
        with self._lock, explain_engine_errors(self._path):
            found = self._connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $name AND NOT internal "
                "ORDER BY column_index",
                {"name": relation},
            ).fetchall()
        return {str(name): str(kind) for name, kind in found}

    def _known_columns(self) -> dict[str, set[str]]:
        """The columns of all tables that are there, in one question: it costs as much as for one table."""
        known: dict[str, set[str]] = {}
        for table, column in self._connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
        ).fetchall():
            known.setdefault(table, set()).add(column)
        return known

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
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
            finally:
                if self._widened:
                    self._columns, self._widened = None, False

    def _append(self, name: str, rows: pa.Table, *, fresh: bool = False) -> None:
        """Append rows; ``fresh`` where no two have one key and the table has none of their keys."""
        table = self._tables[name]
        columns = [column for column in table.order if column in rows.column_names]
        self._connection.register("arriving", in_order(rows if fresh else last_of_each(rows, table.key), columns))
        try:
            if table.key and not fresh:
                same = " AND ".join(
                    f"{name}.{column} IS NOT DISTINCT FROM arriving.{column}" for column in map(quoted, table.key)
                )
                self._connection.execute(f"DELETE FROM {name} USING arriving WHERE {same}")
            self._connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM arriving")
        finally:
            with suppress(duckdb.Error):  # an aborted transaction refuses; the rollback follows
                self._connection.unregister("arriving")

    def _enter_applied(self, number: int) -> None:
        told = {"batch": number}
        changed = self._connection.execute("UPDATE applied SET batch = $batch", told).fetchall()
        if changed == [(0,)]:
            self._connection.execute("INSERT INTO applied VALUES ($batch)", told)

    def _missing(self, name: str, rows: pa.Table) -> dict[str, str]:
        """Columns that arrive for the first time, of a table declared open."""
        if not self._tables[name].open:
            return {}
        # Asked for this table alone: what lists the columns of all relations works out every view first.
        known = {row[0] for row in self._connection.execute(f"SELECT name FROM pragma_table_info('{name}')").fetchall()}
        return {
            column.name: _ARROW_TYPES.get(column.type, "VARCHAR") for column in rows.schema if column.name not in known
        }

    def _widen_far(self, rows: Mapping[str, pa.Table]) -> None:
        """Add columns in transactions of their own where they are very many: each is a version of the table, and
        until the commit all are kept."""
        for name, table in rows.items():
            missing = list(self._missing(name, table).items())
            for start in range(0, len(missing) - COLUMNS_AT_ONCE, COLUMNS_AT_ONCE):
                with self._transaction():
                    self._add_columns(name, dict(missing[start : start + COLUMNS_AT_ONCE]))
                    self._make_views_of([name])

    def _add_columns(self, table: str, columns: Mapping[str, str]) -> None:
        self._widened |= bool(columns)
        for name, kind in columns.items():
            self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {kind}")

    def _make_views(self) -> None:
        for view in self._every_view():
            self._connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")

    def _make_views_of(self, widened: Sequence[str]) -> None:
        """Make anew what shows the new columns of ``widened``: views over them, and over those views, that take
        columns without naming them. All others stay as they are, and making one costs a millisecond."""
        changed = set(widened)
        for view in self._every_view() if changed else ():
            if _TAKES_ALL.search(view.sql) and not changed.isdisjoint(_WORD.findall(view.sql)):
                self._connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
                changed.add(view.name)

    def _every_view(self) -> Iterator[View]:
        """The derived views of tables and the declared ones, each after those that it reads."""
        return every_view(self._tables.values(), self._views)


@contextmanager
def _reading(reader: duckdb.DuckDBPyConnection) -> Iterator[None]:
    reader.execute(_BEGIN_READING)
    try:
        yield
    finally:
        with suppress(duckdb.Error):
            reader.execute("ROLLBACK")
