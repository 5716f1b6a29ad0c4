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

State = Literal["draft", "live", "paused", "draining", "drained", "stopped"]
MOVING: frozenset[State] = frozenset({"live", "draining"})
"""The states in which those who are inside go on."""


@dataclass(frozen=True)
class JourneyState:
    """Whether a journey runs.

    Args:
        state: ``draft`` was never started; ``paused`` takes nobody in and moves nobody on; ``draining`` takes nobody
            in, and is ``drained`` when nobody is inside any more; ``stopped`` has ended everybody. Goals of runs that
            are over are noted in all but ``draft`` and ``paused``.
        changed_at: None for a draft.
        checked_batch, checked_at: up to where events were looked at, by arrival and by their own time.
    """

    journey: str
    state: State
    changed_at: datetime | None = None
    checked_batch: int = 0
    checked_at: datetime | None = None


_NOT_IN_THE_PAST = "UPDATE journey_runs SET due_at = ? WHERE journey = ? AND due_at < ?"
ANY_INSIDE = "SELECT run FROM journey_runs WHERE journey = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1"
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
    if before.state == "draft" and published.spec.enter is not None:
        where = document.positions.at(("spec", "enter"))
        refuse_uncalibrated(engine, catalog, published.tree("enter"), thing=document.name, where=where, as_of=now)
    if before.state != "live":
        never = before.state == "draft"  # nobody is inside whom anything that happened before could concern
        seen = engine.analytics.last_batch() if never and engine.has_analytics else before.checked_batch
        with engine.ops.write() as tx:
            if before.state not in MOVING:
                tx.execute(_NOT_IN_THE_PAST, (micros(now), key, micros(now)))
            _set(tx, JourneyState(key, "live", now, seen))
    return state_of(engine, key)


def pause(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> JourneyState:
    """Take nobody in and move nobody on, from now on; a purchase in the meantime counts at the next start.

    Raises:
        UsageError: ``NOT_STARTED`` where it never ran.
    """
    return change(engine, catalog, key, "paused", now=now)


def drain(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> JourneyState:
    """Take nobody in from now on; those who are inside go on, and the tick after the last of them notes the end.

    What fell due while it was paused happens at ``now``.

    Raises:
        UsageError: ``NOT_STARTED`` where it never ran; ``ENDED_ALREADY`` where nobody is inside.
    """
    before = started(engine, catalog, key)
    if before.state in ("drained", "stopped"):
        raise UsageError(
            "ENDED_ALREADY",
            f"journey {key} is {before.state}: nobody is inside",
            thing=f"journey {key}",
            next_step=f"Run `foretell journey start {key}` to let people enter again.",
        )
    return change(engine, catalog, key, "draining", now=now)


def started(engine: Engine, catalog: Catalog, key: str) -> JourneyState:
    """How journey ``key`` stands, which may have been taken out; raises ``NOT_STARTED`` where it never ran."""
    before = state_of(engine, key)
    if before.state == "draft":
        catalog.get("journey", key)
        raise UsageError(
            "NOT_STARTED",
            f"journey {key} was never started",
            thing=f"journey {key}",
            next_step=f"Run `foretell journey start {key}`.",
        )
    return before


def change(engine: Engine, catalog: Catalog, key: str, to: State, *, now: datetime) -> JourneyState:
    """Bring a journey that was started into another state; doing it again changes nothing."""
    before = started(engine, catalog, key)
    if before.state != to:
        with engine.ops.write() as tx:
            if to in MOVING and before.state not in MOVING:
                tx.execute(_NOT_IN_THE_PAST, (micros(now), key, micros(now)))
            _set(tx, JourneyState(key, to, now, before.checked_batch))
    return state_of(engine, key)


def inside(engine: Engine, key: str) -> bool:
    """True as long as somebody goes on in a journey."""
    return bool(engine.ops.query(ANY_INSIDE, (key,)))


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
