"""Tables of the lake and declared views as relations of a Spark session, made when a query first reads them.

A relation that stands holds the files and columns of when it was made. It is made anew when these have changed, and
with it every view over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from foretell.engine.lake import BATCH, Lake, LakeTable, Manifest
from foretell.engine.ports import AnalyticsTable, View
from foretell.engine.spark.dialect import to_spark

_KINDS = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ", "INTEGER": "INT"}


SMALL_BYTES = 4_000_000
"""Tables up to this size are read once, as one partition, and kept in memory: opening a file costs more than reading
one so small, and what is in one place need not be brought together by a shuffle."""


class Relations:
    """What a session can read by name.

    Args:
        tables: as they are declared.
        views: each after those that it reads.
    """

    def __init__(self, lake: Lake, tables: Iterable[AnalyticsTable], views: Iterable[View]) -> None:
        self._lake = lake
        self._keys = {table.name: table.key for table in tables}
        self._views = {view.name.lower(): view for view in views}
        self._place = {name: place for place, name in enumerate(self._views)}
        self._state = Manifest(version=-1)
        self._made: dict[str, object] = {}
        self._held: dict[str, DataFrame] = {}
        self.columns: dict[str, dict[str, str]] = {}
        self.doubles: frozenset[str] = frozenset()

    def refresh(self) -> None:
        """Look at the lake's state of now."""
        state = self._lake.state()
        if state.version == self._state.version:
            return
        self._state = state
        columns = {name: _own(table.columns) for name, table in state.tables.items()}
        if columns != self.columns:
            kinds = (column for table in columns.values() for column in table.items())
            self.columns, self.doubles = columns, frozenset(name.lower() for name, kind in kinds if kind == "DOUBLE")

    def make(self, session: SparkSession, names: Iterable[str]) -> None:
        """Let the relations ``names`` be there as of the last :meth:`refresh`; other names are passed over.

        Args:
            session: the same one each time.
        """
        for name in sorted(names):
            self._signature(session, name)

    def let_go(self) -> None:
        """Free what is kept in memory."""
        for frame in self._held.values():
            frame.unpersist()
        self._held.clear()
        self._made.clear()

    def _signature(self, session: SparkSession, name: str) -> object:
        """What a relation was made of; it is made where it is not there, or was made of something else."""
        table, view = self._state.tables.get(name), self._views.get(name)
        signature: object
        if table is not None:
            signature = table
            if self._made.get(name) != signature:
                frame, held = self._rows(session, name, table), self._held.pop(name, None)
                if _is_small(table):
                    self._held[name] = frame.cache()
                self._keep(name, frame, signature)
                if held is not None:
                    held.unpersist()
        elif view is not None:
            carried = to_spark(view.sql, None, self.doubles)
            # What is declared later is no part of it: a WITH of that name is.
            below = sorted(one for one in carried.relations if self._place.get(one, -1) < self._place[name])
            signature = (view.sql, tuple(self._signature(session, one) for one in below))
            if self._made.get(name) != signature:
                self._keep(name, session.sql(carried.text), signature)
        return self._made.get(name)

    def _keep(self, name: str, frame: DataFrame, signature: object) -> None:
        frame.createOrReplaceTempView(name)
        self._made[name] = signature

    def _rows(self, session: SparkSession, name: str, table: LakeTable) -> DataFrame:
        """The rows of a table that count: of several with one key, those of the newest batch."""
        if not table.files:
            # Known to be empty when a question is planned, so that joins with it are left out.
            told = ", ".join(
                f"CAST(NULL AS {_kind(kind)}) AS `{column}`" for column, kind in _own(table.columns).items()
            )
            return session.sql(f"SELECT {told} WHERE false")
        addresses = [_opened(self._lake.place.address(file.name)) for file in table.files]
        rows = session.read.schema(spark_schema(table.columns)).parquet(*addresses)
        if _is_small(table):
            rows = rows.coalesce(1)
        if BATCH not in table.columns:
            return rows
        if len(table.files) == 1:
            return rows.drop(BATCH)
        keys = ", ".join(f"`{column}`" for column in self._keys[name])
        columns = ", ".join(f"`{column}`" for column in _own(table.columns))
        newest = f"row_number() OVER (PARTITION BY {keys} ORDER BY `{BATCH}` DESC) AS newest_first"
        return session.sql(
            f"SELECT {columns} FROM (SELECT *, {newest} FROM {{rows}}) WHERE newest_first = 1", rows=rows
        )


def _is_small(table: LakeTable) -> bool:
    return bool(table.files) and sum(file.size for file in table.files) <= SMALL_BYTES


def put(session: SparkSession, name: str, rows: pa.Table) -> None:
    """Let ``rows`` be there as ``name``."""
    frame = session.createDataFrame(rows)
    (frame.coalesce(1) if rows.nbytes <= SMALL_BYTES else frame).createOrReplaceTempView(name)


def _own(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in columns.items() if name != BATCH}


def _opened(address: str) -> str:
    """An address as Hadoop's file systems take it; a folder of this machine is not one of its default store."""
    if "://" not in address:
        return f"file:{address}"
    return re.sub(r"^s3://", "s3a://", address)


def _kind(kind: str) -> str:
    return _KINDS.get(kind, kind)


def spark_schema(columns: Mapping[str, str]) -> StructType:
    """Columns of the portable subset's types as Spark's."""
    told = ", ".join(f"`{name}` {_kind(kind)}" for name, kind in columns.items())
    return cast(StructType, StructType.fromDDL(told))
