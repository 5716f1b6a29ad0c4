"""Analytics on Apache Spark over a lake: queries run where Spark's workers are, commits are the lake's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from foretell import telemetry
from foretell.engine.capabilities import Capability
from foretell.engine.derived import every_view
from foretell.engine.lake import Lake, open_place
from foretell.engine.naming import asked_for
from foretell.engine.ports import AnalyticsTable, View, Without
from foretell.engine.settings import LakePlace
from foretell.engine.spark.arriving import plain
from foretell.engine.spark.dialect import EXTRA, spark_params, to_spark
from foretell.engine.spark.relations import Relations, put
from foretell.engine.spark.session import close_session, open_session
from foretell.engine.spark.shapes import Shapes
from foretell.engine.spark.spreading import SparkWork
from foretell.engine.spark.streaming import fetched
from foretell.engine.spark.telling import explained, named
from foretell.engine.spreading import Asked, AtWork, GangWork, Work

_ATTEMPTS = 3
_FILE_GONE = ("FILE_NOT_EXIST", "FileNotFoundException", "PATH_NOT_FOUND")


class SparkAnalytics:
    """Fills :class:`~foretell.engine.Analytics` and :class:`~foretell.engine.Spreading`.

    Args:
        connect: gives a session of :func:`~foretell.engine.spark.session.open_session`. It is called by the first
            query, since starting a driver takes seconds; the session is closed with the store.
    """

    kind = "spark"
    capabilities: frozenset[Capability] = frozenset({"spreads"})

    def __init__(self, connect: Callable[[], SparkSession], lake: Lake) -> None:
        self._connect = connect
        self._lake = lake
        self._lock = threading.RLock()
        self._declared: tuple[AnalyticsTable, ...] = ()
        self._views: tuple[View, ...] = ()
        self._relations = Relations(lake, (), ())
        self._shapes: tuple[object, Shapes] | None = None
        self._started: tuple[SparkSession, SparkWork] | None = None

    def declare(self, tables: Sequence[AnalyticsTable], views: Sequence[View], *, create: bool) -> None:
        """Tell the store its tables and views; with ``create`` they are made in the lake where they are missing."""
        self._lake.declare(tables, create=create)
        with self._lock:
            self._declared, self._views = tuple(tables), tuple(every_view(tables, views))
            if self._started is not None:
                self._relations.let_go()
            self._relations = Relations(self._lake, tables, self._views)
            self._shapes = None

    def is_current(self) -> bool:
        """True where the lake holds the tables as they were declared."""
        return self._lake.is_current()

    @telemetry.timed("analytics", "read")
    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        for attempt in range(_ATTEMPTS):
            with self._told(), explained("query", written=True):
                frame, schema = self._framed(sql, params or {}, tables or {})
                try:
                    return frame.toArrow().cast(schema)
                except PySparkException as error:
                    # Erasing and tidying remove files at once; the state of now names others.
                    if attempt + 1 == _ATTEMPTS or not any(sign in str(error) for sign in _FILE_GONE):
                        raise
        raise AssertionError("the last attempt raises")

    @telemetry.timed_stream("analytics", "read")
    def stream(self, sql: str, params: Mapping[str, object] | None = None, *, rows: int) -> Iterator[pa.Table]:
        with self._told(), explained("query", written=True):
            frame, schema = self._framed(sql, params or {}, {})
            for part in fetched(frame):
                for start in range(0, part.num_rows, rows):
                    yield part.slice(start, rows).cast(schema)

    def frame(
        self, sql: str, params: Mapping[str, object] | None = None, tables: Mapping[str, pa.Table] | None = None
    ) -> DataFrame:
        """A query as :meth:`query` takes it, not computed yet."""
        with explained("query", written=True):
            return self._framed(sql, params or {}, tables or {})[0]

    def last_batch(self) -> int:
        return self._lake.last_batch()

    @telemetry.timed("analytics", "write")
    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        self._lake.apply(number, rows)

    def columns(self, relation: str) -> dict[str, str]:
        with self._lock:
            return self._current_shapes().columns(relation)

    def copy_to(self, path: Path) -> None:
        self._lake.copy_to(open_place(str(path)))

    def declared(self) -> Sequence[AnalyticsTable]:
        return self._declared

    def rewrite(
        self,
        without: Sequence[Without],
        added: Mapping[str, pa.Table],
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """See :meth:`~foretell.engine.Analytics.rewrite`; files that hold none of the rows concerned stay."""
        self._lake.rewrite(without, added, progress)

    def mapped(self, what: str, asked: Asked, work: Work, schema: pa.Schema) -> pa.Table:
        """See :meth:`~foretell.engine.Spreading.mapped`."""
        return self._spark()[1].mapped(what, asked, work, schema)

    def workers(self) -> int:
        """See :meth:`~foretell.engine.Spreading.workers`."""
        return self._spark()[1].workers()

    def at_work(self) -> tuple[AtWork, ...]:
        """See :meth:`~foretell.engine.Spreading.at_work`."""
        return self._started[1].at_work() if self._started else ()

    def gang(
        self, what: str, asked: Sequence[Asked], by: str, work: GangWork, schema: pa.Schema, *, workers: int
    ) -> pa.Table:
        """See :meth:`~foretell.engine.Spreading.gang`."""
        return self._spark()[1].gang(what, asked, by, work, schema, workers=workers)

    def close(self) -> None:
        if self._shapes is not None:
            self._shapes[1].close()
        if self._started is not None:
            with suppress(PySparkException, Py4JError, ConnectionError):  # a driver that has ended holds nothing
                self._relations.let_go()
            close_session(self._started[0])

    def _framed(
        self, sql: str, params: Mapping[str, object], tables: Mapping[str, pa.Table]
    ) -> tuple[DataFrame, pa.Schema]:
        """The query as a frame with the names that DuckDB gives, and the types it would have.

        Spark looks names up when a frame is made, so extra tables need to be there no longer than that.
        """
        extra = {name: plain(table) for name, table in tables.items()}
        with self._lock:
            schema = self._current_shapes().schema(sql, params, extra)
            doubles = {field.name.lower() for table in extra.values() for field in table.schema if _is_real(field.type)}
            names = frozenset(name.lower() for name in extra)
            carried = to_spark(sql, params, self._relations.doubles | doubles, names)
            session = self._spark()[0]
            self._relations.make(session, carried.relations)
            try:
                for name, table in extra.items():
                    put(session, EXTRA + name.lower(), table)
                frame = session.sql(carried.text, args=spark_params(params) or None)
            finally:
                for name in names:
                    session.catalog.dropTempView(EXTRA + name)
        return frame.toDF(*schema.names), schema

    def _current_shapes(self) -> Shapes:
        """The tables as they were published last, without rows."""
        self._relations.refresh()
        columns = self._relations.columns
        if self._shapes is None or self._shapes[0] != columns:
            if self._shapes is not None:
                self._shapes[1].close()
            self._shapes = columns, Shapes(columns, self._views)
        return self._shapes[1]

    def _told(self) -> AbstractContextManager[None]:
        return named(self._spark()[0], asked_for("query"))

    def _spark(self) -> tuple[SparkSession, SparkWork]:
        with self._lock:
            if self._started is None:
                session = self._connect()
                work = SparkWork(session, lambda asked: self.frame(asked.sql, asked.params, asked.tables))
                self._started = session, work
            return self._started


def spark_analytics(place: LakePlace, *, memory_mb: int, writing: bool) -> SparkAnalytics:
    """The analytics store of a lake, for ``writing`` in one process at a time; it has to be declared then."""
    lake = Lake(open_place(place.url), writing=writing, delta=place.format == "delta")
    return SparkAnalytics(lambda: open_session(place.master, memory_mb=memory_mb, conf=place.spark), lake)


def _is_real(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind))
