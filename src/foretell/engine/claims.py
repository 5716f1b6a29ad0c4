"""Taking frames from segment files: in order, by one process, up to a place that its batches name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.engine.framing import Frame, Position, Waiting
from foretell.engine.ports import Claim, OperationalStore, Turning, Tx
from foretell.engine.spool import START, Spool
from foretell.engine.spool_rewriting import Change, Rewritten, rewrite_segments

BATCH_BYTES = 16 * 1024 * 1024
"""Small frames are applied together up to this size; a larger frame is a batch by itself."""
BATCH_FRAMES = 1_000


@dataclass(frozen=True)
class FileClaim:
    """Frames that lie one after the other in a segment."""

    ops: OperationalStore
    frames: Sequence[Frame]
    start: Position
    end: Position

    @property
    def place(self) -> tuple[int, int, int]:
        """Segment, first byte and end byte."""
        return place_of(self.start, self.end)

    def writing(self) -> AbstractContextManager[Tx]:
        """The batch that names the place commits with everything else."""
        return self.ops.write()

    def close(self) -> None:
        """Nothing is held: one process applies."""


@dataclass(frozen=True)
class OwnTurn:
    """The writing transaction of the one process that has the stores: everything is claimed with it."""

    tx: Tx

    def claim(self, sql: str, params: Sequence[object] = (), *, of: str = "") -> list[tuple[Any, ...]]:
        """The rows."""
        return self.tx.query(sql, params)

    def take(self) -> None:
        """It has it."""


class OwnedByOne:
    """What a spool says of claims where one process has the stores."""

    def __init__(self, ops: OperationalStore) -> None:
        self._ops = ops

    def claiming(self) -> AbstractContextManager[Tx]:
        """One process has the stores."""
        return self._ops.write()

    @contextmanager
    def turning(self) -> Iterator[Turning]:
        """One process has the stores."""
        with self._ops.write() as tx:
            yield OwnTurn(tx)

    def processes(self) -> frozenset[str]:
        """One process has the stores."""
        return frozenset()

    def sharing(self) -> AbstractContextManager[None]:
        """One process has the stores."""
        return nullcontext()

    def alone(self) -> AbstractContextManager[None]:
        """One process has the stores."""
        return nullcontext()


class FileSpool(OwnedByOne):
    """Segment files, and how far the batches of a store have come in them."""

    shared = False

    def __init__(self, files: Spool, ops: OperationalStore) -> None:
        super().__init__(ops)
        self.files = files

    def append(self, frames: Iterable[Frame]) -> Position:
        """See :meth:`Spool.append`."""
        return self.files.append(frames)

    def submit(self, frames: Iterable[Frame]) -> Future[Position]:
        """See :meth:`Spool.submit`."""
        return self.files.submit(frames)

    def claims(self) -> Iterator[Claim]:
        """What is durable now and not applied."""
        return _grouped(self.files, self._ops)

    def waiting_bytes(self) -> int:
        """How much is durable and not applied."""
        return self.files.bytes_behind(applied_until(self._ops))

    def waiting(self) -> Waiting:
        """The same, and since when the first of it waits."""
        return self.files.waiting(applied_until(self._ops))

    def trial(self) -> None:
        """See :meth:`Spool.trial`."""
        self.files.trial()

    def rewrite(
        self, change: Change, settle: Callable[[Position | None], None], progress: Callable[[str], None] | None = None
    ) -> Rewritten:
        """See :meth:`~foretell.engine.ports.Spooling.rewrite`; what arrives meanwhile goes to a segment of its own."""
        begin = self.files.turn_over()
        settle(begin)
        old = [self.files.path(number) for number in self.files.segments() if number < begin.segment]
        told: Callable[[Path], None] | None = None if progress is None else lambda path: progress(path.name)
        return rewrite_segments(old, change, told)

    def close(self) -> None:
        """See :meth:`Spool.close`."""
        self.files.close()


def applied_until(ops: OperationalStore) -> Position:
    """The place in the spool before which everything was applied."""
    found = ops.query("SELECT segment, end_byte FROM batches WHERE segment IS NOT NULL ORDER BY batch DESC LIMIT 1")
    return Position(*found[0]) if found else START


def place_of(start: Position, end: Position) -> tuple[int, int, int]:
    """Segment, first byte and end byte of what lies between two places."""
    return end.segment, start.offset if start.segment == end.segment else 0, end.offset


def _grouped(spool: Spool, ops: OperationalStore) -> Iterator[Claim]:
    cursor = applied_until(ops)
    frames: list[Frame] = []
    size, start, previous = 0, cursor, cursor
    for frame, end in spool.read(cursor):
        if frames and (
            end.segment != previous.segment or size + len(frame.body) > BATCH_BYTES or len(frames) >= BATCH_FRAMES
        ):
            yield FileClaim(ops, frames, start, previous)
            frames, size, start = [], 0, previous
        frames.append(frame)
        size += len(frame.body)
        previous = end
    if frames:
        yield FileClaim(ops, frames, start, previous)
