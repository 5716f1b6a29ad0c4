"""Applying what was spooled: decode, drop duplicates, run the stages, record, commit, apply.

A batch is one operational transaction. Before it commits, the rows for the analytics store lie on
the disk as a recorded batch; after it has committed they are applied, and a crash between the two
is made good on the next opening. Nothing but the operational store decides what is a duplicate.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import telemetry
from foretell.clock import micros
from foretell.engine.batches import EVENTS, Batch, Decoded, Decoder, Joining, Stage
from foretell.engine.claims import applied_until, place_of
from foretell.engine.crash_points import reached
from foretell.engine.declared import require_declared
from foretell.engine.event_log import accepted, emit_events, new_messages
from foretell.engine.framing import Frame, Position
from foretell.engine.memory import bulk_memory
from foretell.engine.own_events import decoded_events, told_together, with_owners
from foretell.engine.ports import (
    Analytics,
    AnalyticsTable,
    Claim,
    ClaimLost,
    OperationalStore,
    Recording,
    Spooling,
    Turning,
    Tx,
)
from foretell.engine.tabular import with_column
from foretell.engine.watching import note_batch, watched
from foretell.errors import ForetellError

BULK_ROWS = 180_000
"""In bulk work the analytics store is brought up to date each time so many rows wait for it: more than a
whole row group of the embedded store, which it then writes once instead of twice."""


@dataclass(frozen=True)
class ApplyReport:
    """What :meth:`Applier.apply_pending` did; all are counts."""

    batches: int = 0
    events: int = 0
    duplicates: int = 0
    problems: int = 0

    def plus(self, other: ApplyReport) -> ApplyReport:
        """Both together."""
        return ApplyReport(
            self.batches + other.batches,
            self.events + other.events,
            self.duplicates + other.duplicates,
            self.problems + other.problems,
        )


class _Rehearsed(Exception):
    """Ends a transaction that is to leave nothing."""


class Applier:
    """Takes spooled frames into the stores, batch by batch, in order; one thread at a time.

    Args:
        analytics: None in a process that leaves recorded batches to whoever has the analytics store.
    """

    def __init__(
        self,
        spool: Spooling,
        records: Recording,
        ops: OperationalStore,
        analytics: Analytics | None,
        stages: Sequence[Stage],
        decoders: Mapping[str, Decoder],
        tables: Sequence[AnalyticsTable],
    ) -> None:
        self._spool = spool
        self._records = records
        self._ops = ops
        self._analytics = analytics
        self._stages = stages
        self._decoders = decoders
        self._tables = tables
        self._turn = threading.RLock()
        self._in_bulk = False
        self._behind: list[tuple[int, Mapping[str, pa.Table]]] = []
        self._memory: dict[str, Any] = {}
        self._own_batch = 0

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Let the analytics store lag while the block runs; on leaving it is up to date.

        Nothing is at stake: what it lacks lies in recorded batches.
        """
        with self._turn, bulk_memory():
            self._in_bulk = True
            try:
                yield
                self._level()
            finally:
                self._in_bulk = False
                self._behind.clear()
                self._memory.clear()

    def catch_up(self) -> int:
        """Apply recorded batches that the analytics store lacks; returns how many.

        Raises:
            ForetellError: ``STORES_APART`` where it has batches that the operational store does not know.
        """
        with self._turn:
            if self._analytics is None or self._behind:
                return 0
            last = self._analytics.last_batch()
            recorded = int(self._ops.query("SELECT coalesce(max(batch), 0) FROM batches")[0][0])
            if last > recorded:
                raise ForetellError(
                    "STORES_APART",
                    f"the analytics store is at batch {last}, the operational store at batch {recorded}",
                    next_step="Restore the whole data folder from one backup.",
                )
            self._records.remove_except(last, recorded)
            for number in range(last + 1, recorded + 1):
                self._analytics.apply(number, self._records.read(number))
                self._records.remove(number)
            return recorded - last

    def apply_pending(
        self, now: Callable[[], datetime], progress: Callable[[ApplyReport], None] | None = None
    ) -> ApplyReport:
        """Apply every frame that waits in the spool."""
        return self._apply_waiting(lambda _: now(), progress)

    def replay(self, progress: Callable[[ApplyReport], None] | None = None) -> ApplyReport:
        """Apply every frame that waits in the spool, each batch as of the arrival of its last frame."""
        return self._apply_waiting(_arrival, progress)

    def _apply_waiting(
        self, instant: Callable[[Sequence[Frame]], datetime], progress: Callable[[ApplyReport], None] | None
    ) -> ApplyReport:
        total = ApplyReport()
        with self._turn:
            self.catch_up()
            for claim in self._spool.claims():
                try:
                    with closing(claim), watched(claim.frames, instant(claim.frames)) as now:
                        report = self._apply(claim, now)
                except ClaimLost:
                    continue
                except BaseException:
                    self._memory.clear()
                    raise
                total = total.plus(report)
                if progress is not None:
                    progress(report)
        return total

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody else from applying, publishing and acting while the block runs; arrivals are still spooled."""
        with self._turn, self._spool.alone():
            self._memory.clear()
            self.catch_up()
            yield
            self._memory.clear()

    @property
    def stages(self) -> Sequence[Stage]:
        """What runs on every batch, in the order of the house."""
        return self._stages

    def pass_over(self, position: Position, now: datetime) -> None:
        """Go on reading the spool at ``position``, where everything before it was applied."""
        with self._turn:
            if applied_until(self._ops) >= position:
                return
            with self._ops.write() as tx:
                number = _next_batch(tx)
                _enter(tx, number, place_of(position, position), now, ApplyReport(), "engine")
                self._records.write(number, {}, tx)
            self._finish(number, {})

    def publish(self, room: str, rows: Mapping[str, pa.Table], now: datetime) -> int:
        """Record rows that a room computed itself (scores and the like) as a batch of their own.

        Raises:
            ForetellError: see :func:`~foretell.engine.declared.require_declared`.
        """
        require_declared(self._tables, rows)
        with self._turn:
            self.catch_up()
            with self._spool.sharing(), self._ops.write() as tx:
                number = _next_batch(tx)
                _enter(tx, number, None, now, ApplyReport(), room)
                self._records.write(number, rows, tx)
                reached("publish.before_commit")
            self._finish(number, rows)
        return number

    def act(self, room: str, work: Callable[[Tx, Batch], None], now: datetime) -> int:
        """Let ``room`` change its tables, append rows, say who is one or two, and tell events in one recorded batch."""
        with self._turn:
            self._memory.clear()
            self.catch_up()
            with telemetry.span(f"act {room}"), self._spool.sharing(), self._ops.write() as tx:
                batch = _own_batch(_next_batch(tx), now)
                work(tx, batch)
                rows = self._record_own(tx, batch, room)
            self._finish(batch.number, rows)
        return batch.number

    def act_on_claimed(self, room: str, work: Callable[[Turning, Batch], bool], now: datetime) -> int | None:
        """The same, on rows that ``work`` claims; where it says False nothing is done.

        The batch gets its number when the work is done, since others may record theirs meanwhile.
        """
        with self._turn:
            self._memory.clear()
            self.catch_up()
            with telemetry.span(f"act {room}"), self._spool.sharing(), self._spool.turning() as turning:
                batch = _own_batch(0, now)
                if not work(turning, batch):
                    return None
                turning.take()
                batch.number = _next_batch(turning.tx)
                rows = self._record_own(turning.tx, batch, room)
            self._finish(batch.number, rows)
        return batch.number

    def rehearse(self, work: Callable[[Tx, Batch], None], now: datetime) -> None:
        """Let ``work`` do what it would do in a batch, and take all of it back."""
        with self._turn, suppress(_Rehearsed), self._spool.sharing(), self._ops.write() as tx:
            work(tx, _own_batch(0, now))
            raise _Rehearsed

    def _record_own(self, tx: Tx, batch: Batch, room: str) -> Mapping[str, pa.Table]:
        telemetry.note(batch=batch.number)
        self._follow(tx, batch)
        report = ApplyReport(1, self._take_told(tx, batch))
        rows = batch.rows()
        require_declared(self._tables, rows)
        _enter(tx, batch.number, None, batch.now, report, room)
        self._records.write(batch.number, rows, tx)
        reached("act.before_commit")
        return rows

    def enter(self, decoded: Decoded, now: datetime) -> int:
        """Enter own events that a log held before, as a batch of their own; returns its number.

        Args:
            decoded: events with their ``node_key``, and their properties.
        """

        def work(tx: Tx, batch: Batch) -> None:
            self._enter_own(tx, batch, decoded)

        return self.act("engine", work, now)

    def _take_told(self, tx: Tx, batch: Batch) -> int:
        """Enter what was told into the log like all other events; returns how many they are.

        What the stages tell in reaction follows in the same batch, until nobody has more to tell.
        """
        count = 0
        while batch.told:
            decoded = decoded_events(told_together(batch.told), batch)
            batch.told.clear()
            count += self._enter_own(tx, batch, decoded)
        return count

    def _enter_own(self, tx: Tx, batch: Batch, decoded: Decoded) -> int:
        kept = accepted(decoded, new_messages(tx, decoded.events["message_id"], batch.number))
        events = with_owners(tx, _numbered(tx, kept.events))
        own = replace(batch, decoded=kept, events=events, source={}, merges=[], splits=[])
        emit_events(tx, own)
        for stage in self._stages:
            stage.react(tx, own)
        return int(kept.events.num_rows)

    def _apply(self, claim: Claim, now: datetime) -> ApplyReport:
        decoded = concatenated([self._decode(frame) for frame in self._joined(claim.frames)])
        with claim.writing() as tx:
            number = _next_batch(tx)
            if number != self._own_batch + 1:  # another process was here: what is remembered may be old
                self._memory.clear()
            fresh = new_messages(tx, decoded.events["message_id"], number)
            kept = accepted(decoded, fresh)
            memory = self._memory if self._in_bulk else None
            repeated = None if kept is decoded else decoded.events.filter(pc.invert(fresh))
            batch = Batch(
                number, now, claim.frames[0].meta, kept, _numbered(tx, kept.events), memory=memory, repeated=repeated
            )
            for stage in self._stages:
                stage.apply(tx, batch)
                self._follow(tx, batch)
            emit_events(tx, batch)
            for stage in self._stages:
                stage.react(tx, batch)
            told = self._take_told(tx, batch)
            report = ApplyReport(
                1,
                kept.events.num_rows,
                decoded.events.num_rows - kept.events.num_rows,
                decoded.problems.num_rows,
            )
            stored = replace(report, events=report.events + told)
            _enter(tx, number, claim.place, now, stored, "collect")
            note_batch(tx, number, report)
            rows = batch.rows()
            require_declared(self._tables, rows)
            self._records.write(number, rows, tx)
            reached("batch.before_commit")
        self._finish(number, rows)
        return report

    def _follow(self, tx: Tx, batch: Batch) -> None:
        """Let every stage follow the splits and merges that were found since the last call."""
        for splits in batch.splits:
            for stage in self._stages:
                stage.unmerge(tx, splits)
            reached("batch.after_unmerge")
        for merges in batch.merges:
            for stage in self._stages:
                stage.rekey(tx, merges)
            reached("batch.after_rekey")
        batch.splits.clear()
        batch.merges.clear()

    def _finish(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        reached("batch.between_commits")
        self._own_batch = number
        if self._analytics is None:
            return
        self._behind.append((number, rows))
        waiting = sum(max((table.num_rows for table in tables.values()), default=0) for _, tables in self._behind)
        if not self._in_bulk or waiting >= BULK_ROWS:
            self._level()

    def _level(self) -> None:
        """Bring the analytics store up to the last recorded batch, in one transaction."""
        behind, self._behind = self._behind, []
        if not behind or self._analytics is None:
            return
        first, last = behind[0][0], behind[-1][0]
        if first != self._analytics.last_batch() + 1 or last - first != len(behind) - 1:
            self.catch_up()  # other processes committed batches between ours: all of them in their order
            return
        parts: dict[str, list[pa.Table]] = {}
        for _, tables in behind:
            for name, table in tables.items():
                parts.setdefault(name, []).append(table)
        rows = {name: pa.concat_tables(tables, promote_options="default") for name, tables in parts.items()}
        self._analytics.apply(last, rows)
        reached("batch.after_commits")
        for number, _ in behind:
            self._records.remove(number)

    def _joined(self, frames: Sequence[Frame]) -> list[Frame]:
        """``frames`` as their decoders want to read them."""
        result: list[Frame] = []
        for name, group in groupby(frames, lambda frame: frame.format):
            decoder: object = self._decoders.get(name)
            run = list(group)
            result += decoder.join(run) if isinstance(decoder, Joining) else run
        return result

    def _decode(self, frame: Frame) -> Decoded:
        decoder = self._decoders.get(frame.format)
        if decoder is None:
            raise ForetellError(
                "FORMAT_UNKNOWN",
                f"nothing reads the spooled format {frame.format!r}",
                next_step="Install the release that wrote it.",
            )
        return decoder(frame)


def _arrival(frames: Sequence[Frame]) -> datetime:
    return max(datetime.fromisoformat(frame.meta["received_at"]) for frame in frames)


def concatenated(parts: Sequence[Decoded]) -> Decoded:
    """Several decoded frames as one; rows are renumbered."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(part.events.num_rows for part in parts)])

    def joined(name: str) -> pa.Table:
        tables = []
        for part, (start, _) in zip(parts, pairwise(starts.tolist()), strict=True):
            table: pa.Table = getattr(part, name)
            if "row" in table.column_names:
                index = table.schema.get_field_index("row")
                table = table.set_column(index, "row", pc.add(table["row"], start))
            tables.append(table)
        return pa.concat_tables(tables, promote_options="default")

    names = ("events", "identifiers", "properties", "elements", "traits", "problems", "remarks")
    return Decoded(**{name: joined(name) for name in names})


def _numbered(tx: Tx, events: pa.Table) -> pa.Table:
    (first,) = tx.query("SELECT value FROM counters WHERE name = 'seq'")[0]
    tx.execute("UPDATE counters SET value = value + ? WHERE name = 'seq'", (events.num_rows,))
    return with_column(events, "seq", np.arange(first + 1, first + 1 + events.num_rows, dtype=np.int64))


def _own_batch(number: int, now: datetime) -> Batch:
    """A batch of what Foretell does itself: nothing arrived in it."""
    return Batch(number, now, {}, Decoded(EVENTS.empty_table()), EVENTS.empty_table())


def _next_batch(tx: Tx) -> int:
    return int(tx.query("SELECT coalesce(max(batch), 0) + 1 FROM batches")[0][0])


def _enter(
    tx: Tx,
    number: int,
    place: tuple[int, int, int] | None,
    now: datetime,
    report: ApplyReport,
    room: str,
) -> None:
    counts = (report.events, report.duplicates, report.problems)
    tx.execute(
        "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (number, *(place or (None, None, None)), micros(now), *counts, room),
    )
