"""A move from its beginning to the proof; which stores the workspace has is not changed here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from foretell.engine import event_log
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.engine import Engine
from foretell.engine.framing import Position
from foretell.engine.kept_keys import bring_key, keys_of
from foretell.engine.lake import Lake, open_place
from foretell.engine.migrations import migrate
from foretell.engine.moving import analytics, operational
from foretell.engine.moving.analytics import DuckSide, LakeSide, Side
from foretell.engine.moving.bodies import to_files, to_postgresql
from foretell.engine.moving.operational import Reading, Told
from foretell.engine.moving.proof import MoveReport
from foretell.engine.optional import require
from foretell.engine.ports import OperationalStore, RoomParts
from foretell.engine.settings import EngineSettings, PostgresPlace
from foretell.errors import UsageError


def move(
    source: Engine,
    target: EngineSettings,
    rooms: Sequence[RoomParts],
    *,
    told: Told | None = None,
) -> MoveReport:
    """Carry a workspace's stores over to ``target``, and read back what arrived.

    Args:
        source: opened for writing, so that nobody changes anything meanwhile.
        target: as ``source.settings`` but for one of the two stores.
        rooms: what each room owns, as the workspace was opened with.
        told: each table that is there, and its rows.

    Raises:
        UsageError: ``NOT_EMPTY`` where another workspace lies there, ``ALREADY_THERE``.
        ForetellError: ``COPY_DIFFERS``, ``STORE_GONE``, ``DISK_FULL`` and the like; the source is as it was.
    """
    mine, say = source.settings, told or _silent
    parts = [event_log.PARTS, *rooms]
    if (mine.postgres is None) != (target.postgres is None):
        return _operational(source, target, parts, say)
    if (mine.lake is None) != (target.lake is None):
        return _analytics(source, target, parts, say)
    raise UsageError("ALREADY_THERE", "the stores are there already", next_step="Look at foretell.yaml.")


def counted(source: Engine) -> dict[str, int]:
    """Rows of every operational table that a move would carry over."""
    return {
        name: int(source.ops.query(f'SELECT count(*) FROM "{name}"')[0][0])
        for name in Reading(source.settings).tables()
    }


def _silent(_name: str, _rows: int) -> None:
    """Nobody asked to be told."""


def _operational(source: Engine, target: EngineSettings, parts: Sequence[RoomParts], told: Told) -> MoveReport:
    if source.settings.postgres is not None:
        _require_alone(source.settings.postgres)
    last = int(source.ops.query("SELECT coalesce(max(batch), 0) FROM batches")[0][0])
    with ExitStack() as opened:
        ops, where = _opened_ops(target, opened)
        migrate(ops, parts)
        known = operational.begin(ops, last, where)
        proofs = operational.carry(Reading(source.settings), Reading(target), ops, last, known, told)
        if target.postgres is not None:
            bodies, until = to_postgresql(source, target.postgres), None
        else:
            assert source.settings.postgres is not None
            bodies, until = to_files(source.settings.postgres, target)
        told("bodies", bodies)
        for name, key in keys_of(source.settings).items():
            bring_key(target, name, key)
        if until is not None:
            _name_place(ops, until)
        operational.end(ops)
    return MoveReport("sqlite" if target.postgres is None else "postgresql", proofs, bodies, len(known))


def _require_alone(place: PostgresPlace) -> None:
    """Nobody else may take in events, or send, while they are carried over."""
    from foretell.engine.postgres.processes import Processes

    with closing(Processes(place)) as processes:
        others = processes.all()
    if others:
        raise UsageError(
            "SERVER_RUNNING", f"{len(others)} processes work on this workspace, as {others[0].role} and others",
            next_step="Stop them; the last was heard of within 15 seconds.",
        )  # fmt: skip


def _opened_ops(target: EngineSettings, opened: ExitStack) -> tuple[OperationalStore, str]:
    if target.postgres is None:
        path: Path = target.data / "operations.sqlite"
        ops: OperationalStore = EmbeddedOps(path)
        opened.callback(ops.close)
        return ops, str(path)
    require("psycopg", "postgres", "stores.operational: postgresql")
    from foretell.engine.postgres import PostgresOps

    store = PostgresOps(target.postgres)
    opened.callback(store.close)
    return store, store.where


def _name_place(ops: OperationalStore, until: Position) -> None:
    """Let the last batch name the place in the segments before which all were applied."""
    with ops.write() as tx:
        tx.execute(
            "UPDATE batches SET segment = ?, first_byte = ?, end_byte = ? "
            "WHERE batch = (SELECT max(batch) FROM batches)",
            (until.segment, until.offset, until.offset),
        )


def _analytics(source: Engine, target: EngineSettings, parts: Sequence[RoomParts], told: Told) -> MoveReport:
    tables = {table.name: table for room in parts for table in room.tables}
    views = [view for room in parts for view in room.views]
    number = source.analytics.last_batch()

    def lake_of(settings: EngineSettings, *, writing: bool) -> Lake:
        assert settings.lake is not None
        lake = Lake(open_place(settings.lake.url), writing=writing, delta=settings.lake.format == "delta")
        lake.declare(list(tables.values()), create=writing)
        return lake

    with ExitStack() as opened:
        here: Side
        there: Side
        if target.lake is not None:
            assert isinstance(source.analytics, EmbeddedAnalytics)
            here, there = DuckSide(source.analytics, tables), LakeSide(lake_of(target, writing=True))
            where = target.lake.url
        else:
            path = target.data / "analytics.duckdb"
            store = EmbeddedAnalytics(path, memory_mb=target.memory_mb, threads=target.threads)
            opened.callback(store.close)
            store.declare(list(tables.values()), views, create=True)
            here, there = LakeSide(lake_of(source.settings, writing=False)), DuckSide(store, tables)
            where = str(path)
        proofs, before = analytics.carry(here, there, tables, number, where, told)
    return MoveReport("duckdb" if target.lake is None else "spark", proofs, gone_on_with=before)
