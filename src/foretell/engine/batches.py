"""What arrives, decoded, and the batch in which it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import pyarrow as pa

from foretell.engine.framing import Frame
from foretell.engine.ports import OperationalStore, Tx

TIMESTAMP = pa.timestamp("us")

EVENTS = pa.schema(
    [
        ("row", pa.int64()),
        ("line", pa.int64()),
        ("message_id", pa.string()),
        ("type", pa.string()),
        ("event", pa.string()),
        ("ts", TIMESTAMP),
        ("known_at", TIMESTAMP),
        ("received_at", TIMESTAMP),
        ("source", pa.string()),
        ("properties", pa.string()),
        ("context", pa.string()),
    ]
)
IDENTIFIERS = pa.schema([("row", pa.int64()), ("kind", pa.string()), ("value", pa.string()), ("priority", pa.int32())])
TRAITS = pa.schema([("row", pa.int64()), ("trait", pa.string()), ("s", pa.string()), ("n", pa.int64())])
PROPERTIES = pa.schema([("row", pa.int64())])
ELEMENTS = pa.schema([("array", pa.string()), ("row", pa.int64()), ("ordinal", pa.int32())])
REMARKS = pa.schema([("row", pa.int64())])
PROBLEMS = pa.schema([("line", pa.int64()), ("code", pa.string()), ("message", pa.string()), ("body", pa.string())])


@dataclass(frozen=True)
class Decoded:
    """A spooled frame as tables. ``row`` joins them: 0-based, ascending, within the frame.

    Args:
        events: columns of :data:`EVENTS`; ``line`` is the 1-based line in the file or null.
        identifiers: who an event speaks of; a lower ``priority`` is a stronger identifier.
        properties: ``row`` and for a property path ``P`` the columns ``s:P`` (text) and ``n:P``
            (micro units); rows without properties may be left out.
        elements: elements of arrays: ``array`` (its path), ``row``, ``ordinal``, ``s:P`` and ``n:P``.
        traits: trait values told by events; both ``s`` and ``n`` null unset the trait.
        problems: what went to quarantine, with line, stable code, reason and the body as it came.
        remarks: what the decoder has to tell the stage of its own room, in columns of its choice; ``row`` is
            the event that it is about, null where that is none of ``events``.
    """

    events: pa.Table
    identifiers: pa.Table = field(default_factory=IDENTIFIERS.empty_table)
    properties: pa.Table = field(default_factory=PROPERTIES.empty_table)
    elements: pa.Table = field(default_factory=ELEMENTS.empty_table)
    traits: pa.Table = field(default_factory=TRAITS.empty_table)
    problems: pa.Table = field(default_factory=PROBLEMS.empty_table)
    remarks: pa.Table = field(default_factory=REMARKS.empty_table)


Decoder = Callable[[Frame], Decoded]
"""Reads one frame; a pure function of the frame and of immutable definitions."""


@runtime_checkable
class Joining(Protocol):
    """What a decoder may offer besides: frames that follow each other as fewer, larger ones, which read the same."""

    def join(self, frames: Sequence[Frame]) -> list[Frame]:
        """Fewer frames that tell the same in the same order."""
        ...


@dataclass
class Batch:
    """A recorded batch while the stages work on it.

    Args:
        number: consecutive, from 1.
        now: the instant of applying.
        source: what the first frame of the batch says of its origin (its ``meta``).
        decoded: the accepted rows only; duplicates are gone.
        events: rows of ``decoded.events`` with ``seq``, later ``node_key`` and ``profile_key``.
        merges: what a stage, or whoever acts, found to be one: tables as :meth:`Stage.rekey` takes them. All
            stages follow at once.
        splits: what they found to be several people: tables as :meth:`Stage.unmerge` takes them; the stages
            follow before they follow ``merges``.
        repeated: the rows of ``decoded.events`` that were left out as duplicates; None where there are none.
        memory: what stages keep from one batch to the next of bulk work, by room: copies of what the
            store holds when the batch ends. It is emptied when a batch fails, and when anything but a
            batch of frames comes between. None outside of bulk work.
    """

    number: int
    now: datetime
    source: Mapping[str, object]
    decoded: Decoded
    events: pa.Table
    outputs: dict[str, list[pa.Table]] = field(default_factory=dict)
    merges: list[pa.Table] = field(default_factory=list)
    splits: list[pa.Table] = field(default_factory=list)
    told: list[pa.Table] = field(default_factory=list)
    memory: dict[str, Any] | None = None
    repeated: pa.Table | None = None

    def emit(self, table: str, rows: pa.Table) -> None:
        """Append ``rows`` to the declared analytics table ``table`` with this batch."""
        if rows.num_rows:
            self.outputs.setdefault(table, []).append(rows)

    def tell(self, rows: pa.Table) -> None:
        """Append what Foretell itself did to the event log with this batch.

        Args:
            rows: ``message_id`` (unique, the same when the work is done again), ``event``, ``ts``
                (timestamp[us], UTC) and ``node_key`` (int64); every further column is a property: text and
                booleans as text, numbers in plain units, lists of texts as arrays, null where it is absent. Where
                ``known_at`` is given, the event counts as known from then on, and not since ``ts``. A property that is
                called like one of the five is written ``property:NAME``.
        """
        if rows.num_rows:
            self.told.append(rows)

    def rows(self) -> dict[str, pa.Table]:
        """Everything emitted, one table each."""
        return {name: pa.concat_tables(parts, promote_options="default") for name, parts in self.outputs.items()}


class Stage:
    """What a room does with the data, inside the transaction of a batch. Every hook may stay empty."""

    room = ""

    def apply(self, tx: Tx, batch: Batch) -> None:
        """Take in a batch."""

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Carry what belongs to ``loser_key`` over to ``winner_key`` (both int64 columns)."""

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Give back what a merge carried over to another person.

        Args:
            splits: one row a node that changes hands, the int64 columns ``node_key``, ``profile_key`` (whose it
                is from now on; of each person who is one of their own again also the node that gives the
                profile its key) and ``from_key`` (whose it was).
        """

    def kept_of(self, store: OperationalStore, nodes: Sequence[int]) -> Mapping[str, int]:
        """What the room keeps of nodes and would give back with them, for previews: in words → how many."""
        return {}

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the people of column ``profile_key``."""

    def retain(self, tx: Tx, limits: Mapping[str, datetime]) -> None:
        """Forget what the room keeps of events past their time: name of the event → before when."""

    def react(self, tx: Tx, batch: Batch) -> None:
        """Act on what all stages made of the batch."""

    def rebuilt(self, tx: Tx, last_batch: int) -> None:
        """The log was derived again and holds batches up to ``last_batch``; none of it is news."""
