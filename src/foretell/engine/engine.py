"""The engine of a workspace: spool, operational store, analytics store and the batches between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from types import TracebackType
from typing import Literal

import pyarrow as pa

from foretell.clock import Clock
from foretell.engine.applier import Applier, ApplyReport, applied_until
from foretell.engine.batches import Batch
from foretell.engine.event_log import EventLog
from foretell.engine.framing import Frame, Position
from foretell.engine.ports import Analytics, OperationalStore, Tx
from foretell.engine.settings import EngineSettings
from foretell.engine.spool import Spool
from foretell.errors import ForetellError

Mode = Literal["read", "write"]


class Engine:
    """One workspace's stores, opened by :func:`open_engine`."""

    def __init__(
        self,
        settings: EngineSettings,
        ops: OperationalStore,
        analytics: Analytics,
        clock: Clock,
        writing: tuple[Spool, Applier] | None,
        closing: ExitStack,
    ) -> None:
        self.ops = ops
        self.analytics = analytics
        self.log = EventLog(ops)
        self.settings = settings
        self.data = settings.data
        self.clock = clock
        self._opened = writing
        self._closing = closing

    def spool_append(self, frames: Iterable[Frame]) -> None:
        """Make ``frames`` durable; they are applied by :meth:`apply_pending`."""
        self._writing()[0].append(frames)

    def spool_submit(self, frames: Iterable[Frame]) -> Future[Position]:
        """Hand ``frames`` to the spool; the future is done when they are durable. Any thread may, and
        what is handed over at the same time is synced together.

        Raises:
            ForetellError: ``SPOOL_CLOSED``; the future: ``FRAME_TOO_LARGE``, ``DISK_FULL`` and the like.
        """
        return self._writing()[0].submit(frames)

    def spool_waiting_bytes(self) -> int:
        """How much is durable in the spool and not applied yet."""
        return self._writing()[0].bytes_behind(applied_until(self.ops))

    def apply_pending(self, progress: Callable[[ApplyReport], None] | None = None) -> ApplyReport:
        """Take everything that waits in the spool into the stores."""
        return self._writing()[1].apply_pending(self.clock.now, progress)

    @property
    def spool(self) -> Spool:
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

    def close(self) -> None:
        """Close the stores and give the workspace free."""
        self._closing.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _writing(self) -> tuple[Spool, Applier]:
        if self._opened is None:
            raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
        return self._opened
