"""The tick: everything that journeys have to do up to an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell import telemetry
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, spans_since
from foretell.errors import UsageError
from foretell.journey import states, watching
from foretell.journey.entering import enter
from foretell.journey.published import Revisions
from foretell.journey.rounds import play_round
from foretell.journey.states import JourneyState
from foretell.journey.work import Work


@dataclass(frozen=True)
class TickReport:
    """What a tick did.

    Args:
        entered: people who entered, the held out among them.
        moves: steps made, runs that ended included.
        goals: goals noted of runs that were over or held out.
    """

    entered: int = 0
    moves: int = 0
    goals: int = 0

    def plus(self, other: TickReport) -> TickReport:
        """Both together."""
        return TickReport(self.entered + other.entered, self.moves + other.moves, self.goals + other.goals)


def tick(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> TickReport:
    """Do what journeys have to do up to ``now``; several journeys one after the other, by key.

    Runs that are due go first, each as of its own instant, so that the spacing of ticks makes no
    difference to when and whether a message goes out. Then whoever may enters, and goes as far as it
    gets. It may be killed anywhere: what is committed stays, and the next tick does the rest.

    Raises:
        UsageError: where a journey leans on a document that is gone; when all the others are done.
    """
    work = Work(engine, catalog, reader, now, Revisions(engine.ops))
    total, failed = TickReport(), []
    for state in states.states(engine):
        if state.state != "live":
            continue
        try:
            total = total.plus(_run(work, state))
        except UsageError as error:  # a document that it leans on was taken out; the other journeys go on
            failed.append(error)
    if failed:
        raise failed[0]
    return total


def _run(work: Work, state: JourneyState) -> TickReport:
    journey, seen = state.journey, work.engine.analytics.last_batch()
    touched = watching.touched_since(work, state)
    with telemetry.caused_by(spans_since(work.engine.ops, state.checked_batch)):
        moves = _catch_up(work, journey, touched)
        entered = 0
        if _in_force(work, journey):
            entered = enter(work, work.revisions.current(journey))
            moves += sum(len(people) for people in _play(work, journey))
        goals = watching.watch_goals(work, journey, touched)
    states.checked(work.engine, journey, seen, work.now)
    return TickReport(entered, moves, goals)


def _in_force(work: Work, journey: str) -> bool:
    """False where the document was taken out: then runs go on to their end and nobody enters."""
    return work.catalog.has("journey", journey)


def _catch_up(work: Work, journey: str, touched: pa.Array) -> int:
    """Rounds until nothing is due and nothing that waits has come true."""
    moves, first = 0, True
    while watching.draw_near(work, journey, touched) or first:
        first = False
        taken = _play(work, journey)
        moves += sum(len(people) for people in taken)
        touched = pc.unique(pa.concat_arrays([touched, *taken]))
    return moves


def _play(work: Work, journey: str) -> list[pa.Array]:
    """Rounds until nothing is due; returns the people whose runs moved, one array a round."""
    people = []
    while (taken := play_round(work, journey)).num_rows:
        people.append(taken["profile_key"].combine_chunks())
    return people
