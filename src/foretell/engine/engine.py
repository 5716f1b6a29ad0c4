"""The engine of a workspace: spool, operational store, analytics store and the batches between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

import pyarrow as pa

from foretell.clock import Clock
from foretell.engine import event_log
from foretell.engine.applier import Applier, ApplyReport, applied_until
from foretell.engine.batches import Batch, Decoder, Stage
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.event_log import EventLog
from foretell.engine.folders import sync_folder
from foretell.engine.framing import Frame, Position
from foretell.engine.lock import WorkspaceLock
from foretell.engine.migrations import is_current, migrate
from foretell.engine.ports import Analytics, OperationalStore, RoomParts, Tx
from foretell.engine.records import Records
from foretell.engine.spool import Spool
from foretell.engine.swapping import finish_swap, is_swap_promised
from foretell.errors import ForetellError, explain_os_errors

Mode = Literal["read", "write"]


@dataclass(frozen=True)
class EngineSettings:
    """Where and how the stores stand.

    Args:
        data: folder of the embedded stores.
        memory_mb: bound of the analytics store's buffers.
        threads: threads of the analytics store.
    """

    data: Path
    memory_mb: int = 1_024
    threads: int = 2


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


def open_engine(
    settings: EngineSettings,
    rooms: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
    mode: Mode = "write",
) -> Engine:
    """Open the stores of a workspace, migrate them and make good what a crash left behind.

    Args:
        rooms: what each room owns, in the order of the house; the engine's own parts are added.
        stages: what runs on every batch, in the order of the house.
        decoders: by the frames' format.
        mode: ``write`` is for one process at a time; ``read`` for several, as long as none writes.

    Raises:
        ForetellError: ``WORKSPACE_BUSY``, ``DISK_FULL``, ``WORKSPACE_TOO_NEW`` and the like.
    """
    parts = [event_log.PARTS, *rooms]
    if mode == "read":
        engine = None if _unfinished(settings) else _open_reading(settings, parts, clock)
        if engine is not None:
            return engine
    engine = _open_writing(settings, parts, stages, decoders, clock)
    if mode == "write":
        return engine
    engine.close()
    engine = _open_reading(settings, parts, clock)
    if engine is None:
        raise ForetellError(
            "WORKSPACE_BUSY", "another release works on this workspace", where=str(settings.data), transient=True
        )
    return engine


def _unfinished(settings: EngineSettings) -> bool:
    """True where stores are missing, or recorded batches wait for the analytics store."""
    data = settings.data
    stores = (data / "operations.sqlite", data / "analytics.duckdb")
    return (
        is_swap_promised(data)
        or not all(store.exists() for store in stores)
        or bool(Records(data / "batches").numbers())
    )


def _open_reading(settings: EngineSettings, parts: Sequence[RoomParts], clock: Clock) -> Engine | None:
    """Open for reading; None where the stores do not stand as this release declares them."""
    data = settings.data
    with ExitStack() as opened:
        opened.callback(WorkspaceLock(data / "writer.lock", exclusive=False).release)
        ops = EmbeddedOps(data / "operations.sqlite", read_only=True)
        opened.callback(ops.close)
        if not is_current(ops, parts):
            return None
        analytics = _open_analytics(settings, parts, opened, read_only=True)
        if not analytics.is_current():
            return None
        return Engine(settings, ops, analytics, clock, None, opened.pop_all())


def _open_writing(
    settings: EngineSettings,
    parts: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
) -> Engine:
    data = settings.data
    with ExitStack() as opened:
        opened.callback(WorkspaceLock(data / "writer.lock", exclusive=True).release)
        finish_swap(data)
        ops = EmbeddedOps(data / "operations.sqlite")
        opened.callback(ops.close)
        migrate(ops, parts)
        analytics = _open_analytics(settings, parts, opened, read_only=False)
        with explain_os_errors("workspace data"):
            sync_folder(data)
        spool = Spool(data / "spool", applied=applied_until(ops))
        opened.callback(spool.close)
        tables = [table for room in parts for table in room.tables]
        applier = Applier(spool, Records(data / "batches"), ops, analytics, stages, decoders, tables)
        applier.catch_up()
        return Engine(settings, ops, analytics, clock, (spool, applier), opened.pop_all())


def open_beside(
    settings: EngineSettings,
    parts: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
    spool: Spool,
) -> Engine:
    """Open stores that are built beside the live ones, from the live spool."""
    with ExitStack() as opened:
        ops = EmbeddedOps(settings.data / "operations.sqlite")
        opened.callback(ops.close)
        analytics = _open_analytics(settings, parts, opened, read_only=False)
        tables = [table for room in parts for table in room.tables]
        applier = Applier(spool, Records(settings.data / "batches"), ops, analytics, stages, decoders, tables)
        return Engine(settings, ops, analytics, clock, (spool, applier), opened.pop_all())


def _open_analytics(
    settings: EngineSettings, parts: Sequence[RoomParts], opened: ExitStack, *, read_only: bool
) -> EmbeddedAnalytics:
    analytics = EmbeddedAnalytics(
        settings.data / "analytics.duckdb",
        memory_mb=settings.memory_mb,
        threads=settings.threads,
        read_only=read_only,
    )
    opened.callback(analytics.close)
    analytics.declare(
        [table for room in parts for table in room.tables],
        [view for room in parts for view in room.views],
        create=not read_only,
    )
    return analytics
