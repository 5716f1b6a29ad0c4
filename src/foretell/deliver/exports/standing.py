"""How far an export has come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, micros
from foretell.deliver.receipts import pause_after
from foretell.engine import OperationalStore, Tx

_COLUMNS = "export, segment, since, number, done_at, next_at, failures, error, told, refused, left_out"
_SAVED = (
    f"INSERT INTO export_standings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (export) DO UPDATE SET segment = excluded.segment, since = excluded.since, number = excluded.number, "
    "done_at = excluded.done_at, next_at = excluded.next_at, failures = excluded.failures, error = excluded.error, "
    "told = excluded.told, refused = excluded.refused, left_out = excluded.left_out"
)


@dataclass(frozen=True)
class Standing:
    """How an export stands.

    Args:
        since: up to when changes of the segment are noted (microseconds).
        number: of the last telling.
        done_at: when something last went out well; of a file, when it was last written.
        next_at: not before then; None: at once.
        failures: in a row.
        error: of the last failure; empty where the last try went well.
        told: tellings that were taken, or rows of the file.
        refused: tellings that the server will not have, or that were given up.
        left_out: what did not go out since it may not, by reason: tellings, or people of the file.
        waiting: tellings that have not gone out yet.
    """

    export: str
    segment: str
    since: int
    number: int = 0
    done_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0
    error: str = ""
    told: int = 0
    refused: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0

    def due(self, now: datetime) -> bool:
        """Whether something may be tried."""
        return self.next_at is None or self.next_at <= now

    def failed(self, why: str, now: datetime) -> Standing:
        """After a failure: tried again later each time."""
        failures = self.failures + 1
        return replace(self, failures=failures, error=why, next_at=now + pause_after(failures))

    def with_left_out(self, more: Mapping[str, int]) -> Standing:
        """With more that may not go out."""
        return replace(self, left_out=dict(sorted((Counter(self.left_out) + Counter(more)).items())))


def standing_of(store: OperationalStore, export: str) -> Standing | None:
    """How an export stands; None where it has not begun."""
    return all_standings(store).get(export)


def all_standings(store: OperationalStore) -> dict[str, Standing]:
    """How every export stands that has begun, by key."""
    waiting = dict(store.query("SELECT export, count(*) FROM export_tellings WHERE state = 'waiting' GROUP BY export"))
    rows = store.query(f"SELECT {_COLUMNS} FROM export_standings ORDER BY export")
    return {row[0]: _standing(row, waiting.get(row[0], 0)) for row in rows}


def _standing(row: tuple[Any, ...], waiting: int) -> Standing:
    export, segment, since, number, done_at, next_at, failures, error, told, refused, left_out = row
    at = (_at(done_at), _at(next_at))
    return Standing(export, segment, since, number, *at, failures, error, told, refused, json.loads(left_out), waiting)


def save(tx: Tx, one: Standing) -> None:
    """Keep how an export stands."""
    times = [None if at is None else micros(at) for at in (one.done_at, one.next_at)]
    counts = (one.failures, one.error, one.told, one.refused, json.dumps(dict(one.left_out)))
    tx.execute(_SAVED, (one.export, one.segment, one.since, one.number, *times, *counts))


def forget(tx: Tx, export: str) -> None:
    """Forget an export with all that it still had to tell."""
    for table in ("export_tellings", "export_standings"):
        tx.execute(f"DELETE FROM {table} WHERE export = ?", (export,))


def _at(instant: int | None) -> datetime | None:
    return None if instant is None else from_micros(instant)
