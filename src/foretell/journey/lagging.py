"""How far journeys are behind: one look into the index of what is due, for each that runs."""

from __future__ import annotations

from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.engine import Engine
from foretell.journey import states

OLDEST_DUE = "SELECT due_at FROM journey_runs WHERE journey = ? AND due_at <= ? ORDER BY due_at LIMIT 1"


def overdue_since(engine: Engine, now: datetime) -> dict[str, datetime | None]:
    """Journeys that run → the instant of the earliest step that should be made by ``now``; None where none is."""
    found: dict[str, datetime | None] = {}
    for state in states.states(engine):
        if state.state in states.MOVING:
            rows = engine.ops.look_up(OLDEST_DUE, (state.journey, micros(now)))
            found[state.journey] = from_micros(rows[0][0]) if rows else None
    return found
