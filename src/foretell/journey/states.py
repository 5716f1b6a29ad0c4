"""Whether a journey runs: nothing reaches a customer before somebody has started it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foretell.clock import from_micros, micros
from foretell.definitions import Catalog
from foretell.engine import Engine, Tx
from foretell.errors import UsageError
from foretell.journey.published import Revisions
from foretell.predict import refuse_uncalibrated

State = Literal["draft", "live", "paused"]


@dataclass(frozen=True)
class JourneyState:
    """Whether a journey runs.

    Args:
        state: ``draft`` was never started; ``paused`` takes nobody in and moves nobody on.
        changed_at: None for a draft.
        checked_batch, checked_at: up to where events were looked at, by arrival and by their own time.
    """

    journey: str
    state: State
    changed_at: datetime | None = None
    checked_batch: int = 0
    checked_at: datetime | None = None


_SELECT = "SELECT journey, state, changed_at, checked_batch, checked_at FROM journey_states"


def state_of(engine: Engine, key: str) -> JourneyState:
    """Whether journey ``key`` runs."""
    rows = engine.ops.query(f"{_SELECT} WHERE journey = ?", (key,))
    return _state(*rows[0]) if rows else JourneyState(key, "draft")


def states(engine: Engine) -> list[JourneyState]:
    """Every journey that was ever started, by key."""
    return [_state(*row) for row in engine.ops.query(f"{_SELECT} ORDER BY journey")]


def _state(key: str, state: State, changed_at: int, batch: int, checked_at: int) -> JourneyState:
    return JourneyState(key, state, from_micros(changed_at), batch, from_micros(checked_at))


def start(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> JourneyState:
    """Let a journey run from the next tick on.

    What fell due while it was paused happens at ``now``, not in the past.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``NOT_APPLIED`` where it was not applied yet; ``UNCALIBRATED`` where it
            would begin by a threshold of scores that nobody can trust and nobody has accepted.
    """
    document = catalog.get("journey", key)
    published = Revisions(engine.ops).current(key)
    before = state_of(engine, key)
    if before.state == "draft":
        where = document.positions.at(("spec", "enter"))
        refuse_uncalibrated(engine, catalog, published.tree("enter"), thing=document.name, where=where, as_of=now)
    if before.state != "live":
        with engine.ops.write() as tx:
            tx.execute(
                "UPDATE journey_runs SET due_at = ? WHERE journey = ? AND due_at < ?", (micros(now), key, micros(now))
            )
            _set(tx, JourneyState(key, "live", now, before.checked_batch))
    return state_of(engine, key)


def pause(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> JourneyState:
    """Take nobody in and move nobody on, from now on; a purchase in the meantime counts at the next start.

    Raises:
        UsageError: ``NOT_STARTED`` where it never ran.
    """
    if not catalog.has("journey", key):
        catalog.get("journey", key)
    before = state_of(engine, key)
    if before.state == "draft":
        raise UsageError(
            "NOT_STARTED",
            f"journey {key} was never started",
            thing=f"journey {key}",
            next_step=f"Run `foretell journey start {key}`.",
        )
    if before.state != "paused":
        with engine.ops.write() as tx:
            _set(tx, JourneyState(key, "paused", now, before.checked_batch))
    return state_of(engine, key)


def checked(engine: Engine, key: str, batch: int, now: datetime) -> None:
    """Remember up to which batch and instant events were looked at."""
    with engine.ops.write() as tx:
        tx.execute(
            "UPDATE journey_states SET checked_batch = ?, checked_at = ? WHERE journey = ?", (batch, micros(now), key)
        )


def _set(tx: Tx, state: JourneyState) -> None:
    assert state.changed_at is not None
    at = micros(state.changed_at)
    tx.execute(
        "INSERT INTO journey_states VALUES (?, ?, ?, ?, ?) ON CONFLICT (journey) DO UPDATE SET "
        "state = excluded.state, changed_at = excluded.changed_at",
        (state.journey, state.state, at, state.checked_batch, at),
    )
