"""The engine of a workspace: spool, operational store, analytics store and the batches between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

import pyarrow as pa

from foretell.clock import Clock
from foretell.engine import event_log
from foretell.engine.applier import Applier, ApplyReport
from foretell.engine.batches import Decoder, Stage
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.event_log import EventLog
from foretell.engine.framing import Frame
from foretell.engine.lock import WorkspaceLock
from foretell.engine.migrations import migrate
from foretell.engine.ports import Analytics, OperationalStore, RoomParts
from foretell.engine.records import Records
from foretell.engine.spool import Spool
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
        lock: WorkspaceLock,
        clock: Clock,
        applier: Callable[[Spool], Applier] | None,
    ) -> None:
        self.ops = ops
        self.analytics = analytics
        self.log = EventLog(ops)
        self.data = settings.data
        self.clock = clock
        self._lock = lock
        self._make_applier = applier
        self._opened: tuple[Spool, Applier] | None = None

    def spool_append(self, frames: Iterable[Frame]) -> None:
        """Make ``frames`` durable; they are applied by :meth:`apply_pending`."""
        self._writing()[0].append(frames)

    def apply_pending(self, progress: Callable[[ApplyReport], None] | None = None) -> ApplyReport:
        """Take everything that waits in the spool into the stores."""
        return self._writing()[1].apply_pending(self.clock.now, progress)

    def publish(self, room: str, rows: Mapping[str, pa.Table], *, now: datetime) -> int:
        """Append rows that ``room`` computed to its analytics tables; returns the batch's number."""
        return self._writing()[1].publish(room, rows, now)

    def close(self) -> None:
        """Close the stores and give the workspace free."""
        if self._opened is not None:
            self._opened[0].close()
        self.analytics.close()
        self.ops.close()
        self._lock.release()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _writing(self) -> tuple[Spool, Applier]:
        if self._make_applier is None:
            raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
        if self._opened is None:
            spool = Spool(self.data / "spool")
            self._opened = (spool, self._make_applier(spool))
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
    if mode == "read" and not _needs_writer(settings):
        return _open(settings, parts, stages, decoders, clock, "read")
    engine = _open(settings, parts, stages, decoders, clock, "write")
    if mode == "write":
        return engine
    engine.close()
    return _open(settings, parts, stages, decoders, clock, "read")


def _needs_writer(settings: EngineSettings) -> bool:
    """True where reading must be preceded by creating, migrating or catching up."""
    data = settings.data
    return not (data / "analytics.duckdb").exists() or any((data / "batches").glob("*.batch"))


def _open(
    settings: EngineSettings,
    parts: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
    mode: Mode,
) -> Engine:
    data, reading = settings.data, mode == "read"
    with explain_os_errors("workspace data"):
        data.mkdir(parents=True, exist_ok=True)
    lock = WorkspaceLock(data / "writer.lock", exclusive=not reading)
    try:
        ops = EmbeddedOps(data / "operations.sqlite", read_only=reading)
        if not reading:
            migrate(ops, parts)
        analytics = EmbeddedAnalytics(
            data / "analytics.duckdb",
            memory_mb=settings.memory_mb,
            threads=settings.threads,
            read_only=reading,
        )
        analytics.declare(
            [table for room in parts for table in room.tables],
            [view for room in parts for view in room.views],
            create=not reading,
        )
    except BaseException:
        lock.release()
        raise
    if reading:
        return Engine(settings, ops, analytics, lock, clock, None)

    def applier(spool: Spool) -> Applier:
        return Applier(spool, Records(data / "batches"), ops, analytics, stages, decoders)

    engine = Engine(settings, ops, analytics, lock, clock, applier)
    engine._writing()[1].catch_up()
    return engine
