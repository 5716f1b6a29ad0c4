"""What time makes of cases: those that rested wake, those that are past their due time are breached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foretell.care.model import US
from foretell.care.storing import ask_about, publish, remember, want
from foretell.care.valuing import refresh_values
from foretell.clock import from_micros, micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx

_MOST_A_ROUND = 2_000
_ASLEEP = "snoozed_until IS NOT NULL AND snoozed_until <= ? AND state = 'waiting'"
_OVERDUE = "state <> 'closed' AND breached_at IS NULL AND due_at <= ?"


@dataclass(frozen=True)
class CareReport:
    """What became of cases; all are counts.

    Args:
        valued: whose money at risk, or priority by it, changed.
        woken: rested until now.
        breached: came past their due time.
        opened: were opened by rules, beside those that events opened as they arrived.
    """

    valued: int = 0
    woken: int = 0
    breached: int = 0
    opened: int = 0


def refresh(engine: Engine, catalog: Catalog, *, now: datetime) -> CareReport:
    """Bring open cases to ``now``; doing it again at the same instant does nothing."""
    return CareReport(
        refresh_values(engine, catalog, now=now), _wake(engine, catalog, now), _breach(engine, catalog, now)
    )


def _wake(engine: Engine, catalog: Catalog, now: datetime) -> int:
    rows = engine.ops.query(
        f"SELECT case_id, owner FROM cases WHERE {_ASLEEP} ORDER BY snoozed_until LIMIT {_MOST_A_ROUND}", (micros(now),)
    )
    if not rows:
        return 0

    def work(tx: Tx, batch: Batch) -> None:
        tx.executemany(
            f"UPDATE cases SET state = ?, snoozed_until = NULL, version = version + 1 WHERE case_id = ? AND {_ASLEEP}",
            [(_state(owner), case_id, micros(now)) for case_id, owner in rows],
        )
        ask_about(tx, [case_id for case_id, _ in rows])
        remember(tx, [(case_id, ("woken", "waiting", _state(owner))) for case_id, owner in rows], by=US, at=now)
        want(tx, catalog, now)
        publish(tx, batch, catalog)

    engine.act("care", work, now=now)
    return len(rows)


def _state(owner: str | None) -> str:
    return "open" if owner is None else "in_progress"


def _breach(engine: Engine, catalog: Catalog, now: datetime) -> int:
    rows = engine.ops.query(
        f"SELECT case_id, due_at FROM cases WHERE {_OVERDUE} ORDER BY due_at LIMIT {_MOST_A_ROUND}", (micros(now),)
    )
    if not rows:
        return 0

    def work(tx: Tx, batch: Batch) -> None:
        tx.executemany(
            f"UPDATE cases SET breached_at = due_at WHERE case_id = ? AND {_OVERDUE}",
            [(case_id, micros(now)) for case_id, _ in rows],
        )
        ask_about(tx, [case_id for case_id, _ in rows])
        told = [(case_id, ("breached", None, from_micros(due).isoformat())) for case_id, due in rows]
        remember(tx, told, by=US, at=now)
        publish(tx, batch, catalog)

    engine.act("care", work, now=now)
    return len(rows)
