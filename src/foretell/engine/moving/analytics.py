"""Set-based tables from DuckDB's file to a lake and back, table by table, each as one state of the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import pyarrow as pa

from foretell.engine.crash_points import reached
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.lake import Lake
from foretell.engine.lake.files import filled
from foretell.engine.moving.operational import Told
from foretell.engine.moving.proof import Proof, require_equal
from foretell.engine.ports import AnalyticsTable
from foretell.engine.tabular import quoted
from foretell.errors import UsageError

_ROWS = 500_000


class Side(Protocol):
    """A store that tables are carried from or to."""

    def last_batch(self) -> int:
        """Number of the last recorded batch that is in it; 0 while a move to it is not finished."""
        ...

    def columns_of(self, table: str) -> Mapping[str, str]:
        """Column → SQL type; empty where there is no such table."""
        ...

    def parts(self, table: str) -> Iterator[pa.Table]:
        """All rows, a part at a time, each with all columns."""
        ...

    def fill(self, table: str, columns: Mapping[str, str], parts: Iterator[pa.Table]) -> None:
        """Let the table hold these rows and no others."""
        ...

    def settle(self, number: int) -> None:
        """All recorded batches up to ``number`` are in it."""
        ...


class DuckSide:
    """DuckDB's file."""

    def __init__(self, store: EmbeddedAnalytics, tables: Mapping[str, AnalyticsTable]) -> None:
        self._store = store
        self._declared = tables
        self.last_batch, self.fill, self.settle = store.last_batch, store.fill, store.settle

    def columns_of(self, table: str) -> Mapping[str, str]:
        """See :class:`Side`."""
        return self._store.columns(table)

    def parts(self, table: str) -> Iterator[pa.Table]:
        """See :class:`Side`; the log goes by time, so that few months are in a part."""
        columns = self.columns_of(table)
        text = f"SELECT {', '.join(map(quoted, columns))} FROM {table}"
        if self._declared[table].open and "ts" in columns:
            text += " ORDER BY ts"
        for part in self._store.stream(text, rows=_ROWS):
            yield filled(part, columns)


class LakeSide:
    """A lake."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.last_batch, self.fill, self.settle = lake.last_batch, lake.fill, lake.settle

    def columns_of(self, table: str) -> Mapping[str, str]:
        """See :class:`Side`."""
        return self._lake.columns().get(table, {})

    def parts(self, table: str) -> Iterator[pa.Table]:
        """See :class:`Side`."""
        columns = self.columns_of(table)
        for part in self._lake.parts(table):
            yield filled(part, columns)


def carry(
    source: Side, target: Side, tables: Mapping[str, AnalyticsTable], number: int, where: str, told: Told
) -> tuple[dict[str, Proof], int]:
    """Carry every table over and read it back; returns what they hold, and how many were there from a run before.

    Raises:
        UsageError: ``NOT_EMPTY`` where something lies there that no move began; ForetellError: ``COPY_DIFFERS``.
    """
    if target.last_batch():
        raise UsageError(
            "NOT_EMPTY", "a workspace lies there already", where=where,
            next_step="Name another place, or take away what lies there.",
        )  # fmt: skip
    done: dict[str, Proof] = {}
    there = 0
    for name in tables:
        proof = Proof.of(source.parts(name))
        columns = source.columns_of(name)
        if columns.keys() == target.columns_of(name).keys() and Proof.of(target.parts(name)) == proof:
            there += proof.rows > 0
        else:
            target.fill(name, columns, source.parts(name))
            reached("move.table")
            require_equal(name, proof, Proof.of(target.parts(name)))
        done[name] = proof
        told(name, proof.rows)
    reached("move.before_settled")
    target.settle(number)
    return done, there
