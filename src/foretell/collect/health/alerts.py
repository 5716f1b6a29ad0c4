"""Data alerts: opened once when a monitor is broken, closed when it is well again; their history is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from foretell.clock import from_micros, micros
from foretell.collect.health.checking import source_health
from foretell.collect.health.monitors import Monitor
from foretell.collect.health.reading import BEFORE
from foretell.collect.health.rolling import roll
from foretell.definitions import Catalog
from foretell.engine import Engine, Tx
from foretell.ids import stable_id

HEALTH_DDL = """
CREATE TABLE data_alerts (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, monitor TEXT NOT NULL, subject TEXT NOT NULL, sentence TEXT NOT NULL,
    next_step TEXT NOT NULL, opened_at BIGINT NOT NULL, closed_at BIGINT);
CREATE INDEX data_alerts_by_source ON data_alerts (source, opened_at);
CREATE TABLE data_health_progress (one BIGINT PRIMARY KEY, looked_at BIGINT NOT NULL);
CREATE INDEX quarantine_by_arrival ON quarantine (received_at)
"""
EVERY = timedelta(minutes=15)
_WELL = ("ok", "warn")
_OLD = BEFORE // timedelta(microseconds=1)
_COLUMNS = "id, source, monitor, subject, sentence, next_step, opened_at, closed_at"


@dataclass(frozen=True)
class DataAlert:
    """Something that was broken.

    Args:
        monitor, subject: see :class:`foretell.collect.Monitor`.
        sentence, next_step: as told when it opened.
        closed_at: None while it is open.
    """

    id: str
    source: str
    monitor: str
    subject: str
    sentence: str
    next_step: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class HealthReport:
    """What was done: alerts that were opened, and closed."""

    opened: int = 0
    closed: int = 0


def watch(engine: Engine, catalog: Catalog, *, now: datetime) -> HealthReport:
    """Look at every source as of ``now``, and open and close alerts; within 15 minutes of the last look, nothing."""
    looked = engine.ops.query("SELECT looked_at FROM data_health_progress")
    if looked and looked[0][0] > micros(now - EVERY):
        return HealthReport()
    roll(engine, now=now)
    found = [one for source in source_health(engine, catalog, now=now) for one in source.monitors]
    with engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO data_health_progress VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET looked_at = "
            "excluded.looked_at",
            (micros(now),),
        )
        return _settle(tx, found, micros(now))


def data_alerts(
    engine: Engine, *, source: str | None = None, state: Literal["open", "all"] = "open", limit: int = 100
) -> list[DataAlert]:
    """Alerts, the latest first."""
    tests = ["closed_at IS NULL"] if state == "open" else []
    tests += ["source = ?"] if source is not None else []
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} FROM data_alerts {where} ORDER BY opened_at DESC, id LIMIT ?",
        (*([source] if source is not None else []), limit),
    )
    return [_alert(row) for row in rows]


def _alert(row: tuple[Any, ...]) -> DataAlert:
    *told, opened, closed = row
    values: list[Any] = [*told, from_micros(opened), None if closed is None else from_micros(closed)]
    return DataAlert(*values)


def _settle(tx: Tx, found: list[Monitor], now: int) -> HealthReport:
    """Open what is broken, close what is well.

    Of what nothing can be said the alert stays as it is, until it is so old that what is usual no longer reaches
    back to before it.
    """
    rows = tx.query("SELECT id, source, monitor, subject, opened_at FROM data_alerts WHERE closed_at IS NULL")
    standing = {(source, monitor, subject): (key, since) for key, source, monitor, subject, since in rows}
    named = {(one.source, one.name, one.subject): one for one in found}
    opened = [
        (stable_id("alert", *place, str(now)), *place, one.sentence, one.next_step, now, None)
        for place, one in named.items()
        if one.state == "broken" and place not in standing
    ]
    well = [
        key
        for place, (key, since) in standing.items()
        if (since < now - _OLD if place not in named or named[place].state == "silent" else named[place].state in _WELL)
    ]
    if opened:
        tx.executemany(f"INSERT INTO data_alerts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", opened)
    if well:
        tx.executemany("UPDATE data_alerts SET closed_at = ? WHERE id = ?", [(now, key) for key in well])
    return HealthReport(len(opened), len(well))
