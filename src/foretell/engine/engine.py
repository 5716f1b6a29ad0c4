"""The engine of a workspace: spool, operational store, analytics store and the batches between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import pyarrow as pa

from foretell.clock import Clock
from foretell.engine.absent_analytics import AbsentAnalytics
from foretell.engine.applier import Applier, ApplyReport
from foretell.engine.batches import Batch
from foretell.engine.event_log import EventLog
from foretell.engine.framing import Frame, Waiting
from foretell.engine.ports import Analytics, OperationalStore, Spooling, Turning, Tx
from foretell.engine.settings import EngineSettings
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.engine.postgres import Leadership

Mode = Literal["read", "write", "member"]


class Engine:
    """One workspace's stores, opened by :func:`open_engine`."""

    def __init__(
        self,
        settings: EngineSettings,
        ops: OperationalStore,
        analytics: Analytics,
        clock: Clock,
        writing: tuple[Spooling, Applier] | None,
        closing: ExitStack,
        leading: Leadership | None = None,
    ) -> None:
        self.ops = ops
        self.analytics = analytics
        self.log = EventLog(ops)
        self.settings = settings
        self.data = settings.data
        self.clock = clock
        self._opened = writing
        self._closing = closing
        self._leading = leading
        self.process = uuid4().hex
        """Names who has the workspace open: this engine, as long as it is."""

    @property
    def has_analytics(self) -> bool:
        """False in a process that leaves the analytics store to another one."""
        return not isinstance(self.analytics, AbsentAnalytics)

    @property
    def is_shared(self) -> bool:
        """True where other processes change the operational store as well."""
        return self._opened is not None and self._opened[0].shared

    def claim_rows(self, select: str, params: Sequence[object], change: str) -> list[tuple[Any, ...]]:
        """Let this process alone go on with rows that wait; returns them.

        Args:
            select: finds them; those that another process claims at the same time are passed over.
            change: is run for each with :attr:`process` and its first column; ``select`` finds it no more then.
        """
        spool = self.spool
        with spool.claiming() as tx:
            rows = tx.query(f"{select} FOR UPDATE SKIP LOCKED" if spool.shared else select, params)
            tx.executemany(change, [(self.process, row[0]) for row in rows])
        return rows

    def gone(self, names: Iterable[str]) -> set[str]:
        """Which of those processes, of this workspace, are gone; this one goes on with what it left itself."""
        there = self.spool.processes() - {self.process}
        return {name for name in names if name not in there and (self.has_analytics or name == self.process)}

    def still_leads(self) -> bool:
        """True as long as nobody else can have taken the place of a process that was opened to write.

        Raises:
            ForetellError: ``STORE_GONE`` and the like: nobody knows then.
        """
        return self._leading is None or self._leading.take()

    def spool_append(self, frames: Iterable[Frame]) -> None:
        """Make ``frames`` durable; they are applied by :meth:`apply_pending`."""
        self._writing()[0].append(frames)

    def spool_submit(self, frames: Iterable[Frame]) -> Future[Any]:
        """Hand ``frames`` to the spool; the future is done when they are durable. Any thread may, and
        what is handed over at the same time is synced together. The thread that packs them goes through them.

        Raises:
            ForetellError: ``SPOOL_CLOSED``; the future: ``FRAME_TOO_LARGE``, ``DISK_FULL`` and the like, and whatever
                making the frames raises.
        """
        return self._writing()[0].submit(frames)

    def spool_waiting_bytes(self) -> int:
        """How much is durable in the spool and not applied yet."""
        return self._writing()[0].waiting_bytes()

    def spool_waiting(self) -> Waiting:
        """What is durable in the spool and not applied yet, and since when the first of it waits."""
        return self._writing()[0].waiting()

    def spool_trial(self) -> None:
        """Look whether the spool could be written now.

        Raises:
            ForetellError: with which writing would fail.
        """
        self._writing()[0].trial()

    def apply_pending(self, progress: Callable[[ApplyReport], None] | None = None) -> ApplyReport:
        """Take everything that waits in the spool into the stores."""
        return self._writing()[1].apply_pending(self.clock.now, progress)

    def readable_seq(self) -> int:
        """The number up to which queries on the analytics store see every event: it may lack the newest batches, so
        that whoever goes through events by their numbers counts no further than here, and not to
        :meth:`EventLog.last_seq`."""
        last = self.log.last_seq()
        recorded = int(self.ops.query("SELECT coalesce(max(batch), 0) FROM batches")[0][0])
        if self.analytics.last_batch() >= recorded:
            return last
        found = self.analytics.query("SELECT max(e.seq) AS seq FROM event_log e")["seq"][0].as_py()
        return int(found or 0)

    @property
    def spool(self) -> Spooling:
        """Where arriving bodies are made durable; for this room alone."""
        return self._writing()[0]

    @property
    def applier(self) -> Applier:
        """What applies them; for this room alone."""
        return self._writing()[1]

    def bulk(self) -> AbstractContextManager[None]:
        """Let the analytics store lag behind while a block runs, for work in many batches; what is
        read inside may be old, on leaving it is up to date."""
        return self._writing()[1].bulk()

    def publish(self, room: str, rows: Mapping[str, pa.Table], *, now: datetime) -> int:
        """Append rows that ``room`` computed to its analytics tables; returns the batch's number."""
        return self._writing()[1].publish(room, rows, now)

    def act(self, room: str, work: Callable[[Tx, Batch], None], *, now: datetime) -> int:
        """Do something as one recorded batch; returns its number.

        ``work`` changes the tables of ``room`` through the transaction, appends rows to its analytics
        tables with :meth:`Batch.emit` and says what was done with :meth:`Batch.tell`. Where it puts tables
        into :attr:`Batch.splits` or :attr:`Batch.merges`, the stages of all rooms follow them, as in a batch
        of frames. All of it takes effect together, or nothing does; the stages then react to the events told.
        A message id told before is passed over.

        Raises:
            ForetellError: ``OWN_EVENT_INCOMPLETE``, ``TABLE_UNDECLARED`` and the like; nothing has changed then.
        """
        return self._writing()[1].act(room, work, now)

    def act_on_claimed(self, room: str, work: Callable[[Turning, Batch], bool], *, now: datetime) -> int | None:
        """Like :meth:`act`, on rows that ``work`` claims first, so that processes that share the store do such work
        side by side: each takes the writers' turn only to record what it has done.

        ``work`` says whether it found anything. All that it changes must belong to people of whom it claimed a row that
        every merge and erasure changes as well: then whoever has the turn meets the claim, and the claim gives way.

        Returns:
            The batch's number; None where there was nothing to do.

        Raises:
            TurnLost: nothing was done; to be begun again.
        """
        return self._writing()[1].act_on_claimed(room, work, now)

    def rehearse(self, work: Callable[[Tx, Batch], None], *, now: datetime) -> None:
        """Let ``work`` do what :meth:`act` would record, and leave nothing of it: what it wants to keep it copies."""
        self._writing()[1].rehearse(work, now)

    def close(self) -> None:
        """Close the stores and give the workspace free."""
        self._closing.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _writing(self) -> tuple[Spooling, Applier]:
        if self._opened is None:
            raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
        return self._opened
