"""The order in which journeys have their turn."""

from __future__ import annotations

from foretell.journey import states
from foretell.journey.document import spec_of
from foretell.journey.states import JourneyState
from foretell.journey.work import Work


def in_order(work: Work) -> list[JourneyState]:
    """The journeys that have something to do: those of the highest priority first, whose messages then count for the
    caps of the others, then by key; a journey whose document was taken out last."""
    going = [state for state in states.states(work.engine) if state.state not in ("draft", "paused")]

    def place(state: JourneyState) -> tuple[bool, int, str]:
        if not in_force(work, state.journey):
            return True, 0, state.journey
        return False, -spec_of(work.catalog.get("journey", state.journey)).priority, state.journey

    return sorted(going, key=place)


def in_force(work: Work, journey: str) -> bool:
    """False where the document was taken out: then runs go on to their end and nobody enters."""
    return work.catalog.has("journey", journey)
