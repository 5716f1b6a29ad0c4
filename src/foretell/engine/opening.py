"""Opening the stores of a workspace: the one place that knows which ones they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from foretell.clock import Clock
from foretell.engine import event_log
from foretell.engine.absent_analytics import AbsentAnalytics
from foretell.engine.applier import Applier
from foretell.engine.batches import Decoder, Stage
from foretell.engine.capabilities import require_capability
from foretell.engine.claims import FileSpool, applied_until
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.engine import Engine, Mode
from foretell.engine.folders import sync_folder
from foretell.engine.lock import WorkspaceLock
from foretell.engine.migrations import is_current, migrate
from foretell.engine.optional import require
from foretell.engine.ports import OperationalStore, Recording, RoomParts, Spooling
from foretell.engine.records import Records
from foretell.engine.settings import EngineSettings, PostgresPlace
from foretell.engine.spool import Spool
from foretell.engine.swapping import finish_swap, is_swap_promised
from foretell.errors import ForetellError, explain_os_errors

if TYPE_CHECKING:
    from foretell.engine.postgres import Leadership
    from foretell.engine.spark.analytics import SparkAnalytics


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
        mode: ``write`` is for one process at a time, which has all stores; ``read`` for several, as long as none
            writes; ``member`` for any number beside the one that writes, where the stores are shared: they take in and
            apply events, and leave the analytics store alone.

    Raises:
        ForetellError: ``WORKSPACE_BUSY``, ``DISK_FULL``, ``WORKSPACE_TOO_NEW`` and the like.
    """
    parts = [event_log.PARTS, *rooms]
    if mode == "member":
        return _open_member(settings, parts, stages, decoders, clock)
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
    stores = [data / "analytics.duckdb"] if settings.lake is None else []
    stores += [data / "operations.sqlite"] if settings.postgres is None else []
    return is_swap_promised(data) or not all(store.exists() for store in stores) or _is_recorded(settings)


def _is_recorded(settings: EngineSettings) -> bool:
    if settings.postgres is None:
        return bool(Records(settings.data / "batches").numbers())
    with ExitStack() as opened:
        ops = _open_ops(settings, opened, read_only=True)
        return bool(
            ops.query(
                "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = ?",
                (settings.postgres.schema, "batch_records"),
            )
            and ops.query("SELECT 1 FROM batch_records LIMIT 1")
        )


def _open_reading(settings: EngineSettings, parts: Sequence[RoomParts], clock: Clock) -> Engine | None:
    """Open for reading; None where the stores do not stand as this release declares them."""
    data = settings.data
    with ExitStack() as opened:
        opened.callback(WorkspaceLock(data / "writer.lock", exclusive=False).release)
        ops = _open_ops(settings, opened, read_only=True)
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
        leading = _lead(settings, opened)
        finish_swap(data, settings.postgres)
        ops = _open_ops(settings, opened, read_only=False)
        migrate(ops, parts)
        analytics = _open_analytics(settings, parts, opened, read_only=False)
        with explain_os_errors("workspace data"):
            sync_folder(data)
        spool, records = _open_spool(settings, ops, opened)
        tables = [table for room in parts for table in room.tables]
        applier = Applier(spool, records, ops, analytics, stages, decoders, tables)
        applier.catch_up()
        return Engine(settings, ops, analytics, clock, (spool, applier), opened.pop_all(), leading)


def _open_member(
    settings: EngineSettings,
    parts: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
) -> Engine:
    with ExitStack() as opened:
        ops = _open_ops(settings, opened, read_only=False)
        require_capability(ops, "shares", str(settings.data))
        if not is_current(ops, parts):
            raise ForetellError(
                "WORKSPACE_BUSY",
                "no process of this release has led this workspace yet",
                where=str(settings.data),
                next_step="Start one with --role all or --role worker.",
                transient=True,
            )
        spool, records = _open_spool(settings, ops, opened)
        tables = [table for room in parts for table in room.tables]
        applier = Applier(spool, records, ops, None, stages, decoders, tables)
        return Engine(settings, ops, AbsentAnalytics(tables), clock, (spool, applier), opened.pop_all())


def _lead(settings: EngineSettings, opened: ExitStack) -> Leadership | None:
    """Become the one process that has the analytics store, where several work on the workspace."""
    if settings.postgres is None:
        return None
    require("psycopg", "postgres", "stores.operational: postgresql")
    from foretell.engine.postgres import Leadership, busy, where_of

    leading = Leadership(settings.postgres)
    opened.callback(leading.release)
    if not leading.take():
        raise busy(where_of(settings.postgres))
    return leading


def _open_spool(settings: EngineSettings, ops: OperationalStore, opened: ExitStack) -> tuple[Spooling, Recording]:
    if settings.postgres is None:
        files = FileSpool(Spool(settings.data / "spool", applied=applied_until(ops)), ops)
        opened.callback(files.close)
        return files, Records(settings.data / "batches")
    from foretell.engine.postgres import PostgresOps, PostgresRecords, PostgresSpool

    assert isinstance(ops, PostgresOps)
    records = PostgresRecords(ops)
    opened.callback(records.close)
    spool = PostgresSpool(ops)
    opened.callback(spool.close)
    return spool, records


def open_beside(
    settings: EngineSettings,
    parts: Sequence[RoomParts],
    stages: Sequence[Stage],
    decoders: Mapping[str, Decoder],
    clock: Clock,
    spool: Spool | PostgresPlace,
) -> Engine:
    """Open stores that are built beside the live ones, from the live spool: its files, or the schema in which it is."""
    with ExitStack() as opened:
        ops = _open_ops(settings, opened, read_only=False)
        analytics = _open_analytics(settings, parts, opened, read_only=False)
        tables = [table for room in parts for table in room.tables]
        side, records = _side_spool(settings, ops, spool, opened)
        applier = Applier(side, records, ops, analytics, stages, decoders, tables)
        return Engine(settings, ops, analytics, clock, (side, applier), opened.pop_all())


def _side_spool(
    settings: EngineSettings, ops: OperationalStore, live: Spool | PostgresPlace, opened: ExitStack
) -> tuple[Spooling, Recording]:
    if isinstance(live, Spool):
        return FileSpool(live, ops), Records(settings.data / "batches")
    from foretell.engine.postgres import PostgresOps, PostgresRecords, ReplayedSpool

    assert isinstance(ops, PostgresOps)
    records = PostgresRecords(ops)
    opened.callback(records.close)
    return ReplayedSpool(live, ops), records


def _open_ops(settings: EngineSettings, opened: ExitStack, *, read_only: bool) -> OperationalStore:
    ops: OperationalStore
    if settings.postgres is None:
        ops = EmbeddedOps(settings.data / "operations.sqlite", read_only=read_only)
    else:
        require("psycopg", "postgres", "stores.operational: postgresql")
        from foretell.engine.postgres import PostgresOps

        ops = PostgresOps(settings.postgres, read_only=read_only)
    opened.callback(ops.close)
    return ops


def _open_analytics(
    settings: EngineSettings, parts: Sequence[RoomParts], opened: ExitStack, *, read_only: bool
) -> EmbeddedAnalytics | SparkAnalytics:
    analytics: EmbeddedAnalytics | SparkAnalytics
    if settings.lake is None:
        analytics = EmbeddedAnalytics(
            settings.data / "analytics.duckdb",
            memory_mb=settings.memory_mb,
            threads=settings.threads,
            read_only=read_only,
        )
    else:
        require("pyspark", "spark", "engine.kind: spark")
        from foretell.engine.spark.analytics import spark_analytics

        analytics = spark_analytics(settings.lake, memory_mb=settings.memory_mb, writing=not read_only)
    opened.callback(analytics.close)
    analytics.declare(
        [table for room in parts for table in room.tables],
        [view for room in parts for view in room.views],
        create=not read_only,
    )
    return analytics
