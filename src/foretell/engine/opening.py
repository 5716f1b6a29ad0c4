"""Opening the stores of a workspace: the one place that knows which ones they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from foretell.clock import Clock
from foretell.engine import event_log
from foretell.engine.applier import Applier, applied_until
from foretell.engine.batches import Decoder, Stage
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.engine import Engine, Mode
from foretell.engine.folders import sync_folder
from foretell.engine.lock import WorkspaceLock
from foretell.engine.migrations import is_current, migrate
from foretell.engine.ports import RoomParts
from foretell.engine.records import Records
from foretell.engine.settings import EngineSettings
from foretell.engine.spool import Spool
from foretell.engine.swapping import finish_swap, is_swap_promised
from foretell.errors import ForetellError, explain_os_errors


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
