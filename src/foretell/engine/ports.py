"""What the rooms see of the stores: the seam at which other stores enter.

Rooms speak to these types only. The embedded pair stands in :mod:`.embedded_ops` and
:mod:`.embedded_analytics`; another pair fills the same protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa


class Tx(Protocol):
    """One operational transaction. SQL is the subset that SQLite and PostgreSQL share; ``?`` stands
    for a parameter."""

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one statement; returns the number of rows it changed."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one statement for every row of parameters; returns the number of rows changed in all."""
        ...

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...

    def put(self, name: str, rows: pa.Table, key: str | None = None) -> None:
        """(Re)fill the temporary table ``name`` with ``rows``; its columns are those of ``rows``.

        Args:
            key: a column of distinct integers to look rows up by, if any.
        """
        ...


class OperationalStore(Protocol):
    """Identifiers, profiles, definitions, quarantine: what must be right at once."""

    def write(self) -> AbstractContextManager[Tx]:
        """The one writer's transaction: committed and durable on leaving, undone on an exception."""
        ...

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Read what is committed."""
        ...

    def look_up(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Read a few rows by their keys from what is committed, without waiting for whoever reads much."""
        ...

    def copy_to(self, path: Path) -> None:
        """Write what is committed now to a store of its own at ``path``."""
        ...

    def compact(self) -> None:
        """Write the store anew, so that nothing that was deleted or changed lies anywhere in its files."""
        ...

    def close(self) -> None:
        """Close the store."""
        ...


class Analytics(Protocol):
    """The event log and all set-based tables."""

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Run a query in the portable SQL subset.

        Args:
            params: values for ``$name`` in the text.
            tables: extra Arrow tables, readable by their names in this query alone.
        """
        ...

    def stream(self, sql: str, params: Mapping[str, object] | None = None, *, rows: int) -> Iterator[pa.Table]:
        """Run a query and give its result in parts of about ``rows`` rows; none where it is empty."""
        ...

    def last_batch(self) -> int:
        """Number of the last recorded batch that was applied; 0 where there is none."""
        ...

    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        """Append the rows of recorded batch ``number`` in one transaction; a batch applied before is
        passed over."""
        ...

    def columns(self, relation: str) -> dict[str, str]:
        """Column names and types of a table or view."""
        ...

    def copy_to(self, path: Path) -> None:
        """Write the store as it stands to a file of its own at ``path``; the caller keeps writers away."""
        ...

    def declared(self) -> Sequence[AnalyticsTable]:
        """The tables as rooms declare them."""
        ...

    def rewrite(
        self,
        without: Sequence[Without],
        added: Mapping[str, pa.Table],
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """Write the store anew without some rows and with others instead, in new files that then take the place of
        the old ones, so that nothing that was left out lies anywhere in them. A crash leaves either store whole.

        Args:
            progress: is told each table that is copied, and its rows.
        """
        ...

    def close(self) -> None:
        """Close the store."""
        ...


@dataclass(frozen=True)
class Without:
    """Rows of a table that are left out: those whose ``column`` is among ``keys`` (int64)."""

    table: str
    column: str
    keys: pa.Array


@dataclass(frozen=True)
class AnalyticsTable:
    """A table of the analytics store that one room writes.

    Args:
        columns: name → SQL type of the portable subset.
        profile_column: the column that holds a node key, where there is one.
        key: where given, a newer row replaces the older one of the same key.
        order: rows of a batch are stored in this order.
        open: True where columns may be added as data arrive (the event log's property columns).
        packed: long text columns, worth packing tightly.
        derived: a view over the table that adds ``profile_key`` (today's owner of ``node_key``).
        erased: what the rows of erased people keep, column → how (see :mod:`foretell.engine.anonymous`); every
            other column is emptied. None: the rows go. A table without a profile column is concerned by ``seq``.
    """

    name: str
    columns: Mapping[str, str]
    profile_column: str | None = None
    key: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    open: bool = False
    packed: tuple[str, ...] = ()
    derived: str | None = None
    erased: Mapping[str, str] | None = None


@dataclass(frozen=True)
class View:
    """A published view, readable by ``foretell query``, exports and BI.

    Args:
        sql: a SELECT over declared tables and earlier views.
        columns: column → what it means, with unit.
    """

    name: str
    sql: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class RoomParts:
    """What a room owns in the stores.

    Args:
        migrations: operational DDL scripts, numbered by their position; only ever appended to.
        rebuilt: operational tables that :func:`~foretell.engine.rebuild_beside` derives again from the
            spooled bodies. All analytics tables of a room that names some are derived with them.
        people: operational tables of rooms that are kept as they are in a rebuild → their columns that
            hold a node or a profile.
    """

    room: str
    migrations: tuple[str, ...] = ()
    tables: tuple[AnalyticsTable, ...] = ()
    views: tuple[View, ...] = ()
    rebuilt: tuple[str, ...] = ()
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stage: Any = field(default=None)
