"""What the rooms see of the stores: the seam at which other stores enter.

Rooms speak to these types only. The embedded pair stands in :mod:`.embedded_ops` and
:mod:`.embedded_analytics`; another pair fills the same protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from foretell.engine.capabilities import Declaring
from foretell.engine.framing import Frame, Position, Waiting
from foretell.engine.spool_rewriting import Change, Rewritten

KEY_BYTES = 500
"""The longest text that may be a key of an operational table, in UTF-8: PostgreSQL bounds a row of an index (2,704
bytes), and a key may have several texts. What others tell is looked at before it becomes one."""


class Tx(Protocol):
    """One operational transaction. SQL is the subset that SQLite and PostgreSQL share; ``?`` stands
    for a parameter."""

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one statement; returns the number of rows it changed."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one statement for every row of parameters; returns the number of rows changed in all."""
        ...

    def enter(self, sql: str, rows: pa.Table) -> int:
        """Run ``INSERT INTO … VALUES (…) …`` for every row of a table; returns the number of rows changed in all.

        The same as :meth:`executemany`, without a Python value for what all rows share.

        Args:
            rows: a column a parameter, in their order.
        """
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


class OperationalStore(Declaring, Protocol):
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


class Analytics(Declaring, Protocol):
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


class ClaimLost(Exception):
    """Frames that arrived before those of a claim were let go by whoever had claimed them: they come first."""


class Claim(Protocol):
    """Frames that are applied together, by nobody else meanwhile."""

    @property
    def frames(self) -> Sequence[Frame]:
        """The frames, in the order in which they arrived."""
        ...

    @property
    def place(self) -> tuple[int, int, int] | None:
        """Segment, first byte and end byte, where they lie in files."""
        ...

    def writing(self) -> AbstractContextManager[Tx]:
        """The transaction in which they are applied; where it commits, nobody claims them again.

        Raises:
            ClaimLost: on entering; nothing was done, and they are claimed again with what comes first.
        """
        ...

    def close(self) -> None:
        """Let them go where they were not applied."""
        ...


class TurnLost(Exception):
    """Whoever has the writers' turn waits for rows that a :class:`Turning` has claimed: it gives them back."""


class Turning(Protocol):
    """Work on claimed rows, beside other work of the kind, up to the moment at which it is recorded."""

    @property
    def tx(self) -> Tx:
        """Its transaction."""
        ...

    def claim(self, sql: str, params: Sequence[object] = (), *, of: str = "") -> list[tuple[Any, ...]]:
        """The rows of a query, which nobody else gets until the transaction ends; those of others are passed over.

        Args:
            of: name in ``sql`` of the table whose rows are claimed; empty where it asks one table alone.
        """
        ...

    def take(self) -> None:
        """Wait for the writers' turn, and keep it to the end.

        Raises:
            TurnLost: whoever has it waits for what was claimed here; nothing was done, and it is claimed again.
        """
        ...


class Spooling(Protocol):
    """Where arriving bodies are made durable, and from where they are taken."""

    shared: bool
    """True where other processes claim from it as well."""

    def append(self, frames: Iterable[Frame]) -> object:
        """Make frames durable."""
        ...

    def submit(self, frames: Iterable[Frame]) -> Future[Any]:
        """Hand frames over; the future is done when they are durable. Any thread may; another one goes through them."""
        ...

    def claims(self) -> Iterator[Claim]:
        """What is durable now and not applied, in parts that are applied one after the other."""
        ...

    def waiting_bytes(self) -> int:
        """How much is durable and not applied."""
        ...

    def waiting(self) -> Waiting:
        """The same, and since when the first of it waits."""
        ...

    def trial(self) -> None:
        """Raise the ForetellError with which an append would fail now."""
        ...

    def claiming(self) -> AbstractContextManager[Tx]:
        """A short transaction in which rows are claimed that no other process may go on with."""
        ...

    def turning(self) -> AbstractContextManager[Turning]:
        """A transaction in which rows are claimed and changed that no other process may go on with meanwhile, and that
        takes the writers' turn only when it is to be recorded; undone where it leaves without it."""
        ...

    def processes(self) -> frozenset[str]:
        """Names of the processes that were heard of lately; none where one has the stores."""
        ...

    def sharing(self) -> AbstractContextManager[None]:
        """While the block runs, nobody is :meth:`alone`; stores are changed within such blocks only."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """While the block runs, no other process changes the stores; arrivals are still made durable."""
        ...

    def rewrite(
        self, change: Change, settle: Callable[[Position | None], None], progress: Callable[[str], None] | None = None
    ) -> Rewritten:
        """Put what ``change`` says into the place of each frame that was applied; to be called :meth:`alone`.

        Args:
            settle: takes in what waits before anything is changed; it is told where arrivals go from now on, where
                that is a place in a file.
        """
        ...

    def close(self) -> None:
        """Make what was handed over durable, and stop."""
        ...


class Recording(Protocol):
    """Recorded batches that wait for the analytics store."""

    def write(self, number: int, rows: Mapping[str, pa.Table], tx: Tx) -> int:
        """Record batch ``number`` so that it is durable when ``tx`` has committed; returns its bytes."""
        ...

    def read(self, number: int) -> dict[str, pa.Table]:
        """The rows of batch ``number`` by table; raises ``RECORD_MISSING``, ``RECORD_DAMAGED``."""
        ...

    def remove(self, number: int) -> None:
        """Forget a batch that was applied."""
        ...

    def remove_except(self, applied: int, recorded: int) -> None:
        """Forget what batches up to ``applied`` left, and what never became a batch: beyond ``recorded``."""
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
        derived: the same for a room without such a table: its analytics tables follow from the log alone.
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
    derived: bool = False

    @property
    def is_derived(self) -> bool:
        """Whether a rebuild makes its tables anew."""
        return self.derived or bool(self.rebuilt)
