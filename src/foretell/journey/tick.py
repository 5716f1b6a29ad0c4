"""The tick: everything that journeys have to do up to an instant."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell import telemetry
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, spans_since
from foretell.errors import ForetellError, UsageError
from foretell.journey import ending, runs, states, watching
from foretell.journey.entering import enter
from foretell.journey.news import Touched
from foretell.journey.order import in_force, in_order
from foretell.journey.published import Revisions
from foretell.journey.rounds import play_round
from foretell.journey.states import JourneyState
from foretell.journey.work import Work

_PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.02


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
    """Do what journeys have to do up to ``now``; several one after the other, by priority, then by key.

    Runs that are due go first, each as of its own instant, so that the spacing of ticks makes no
    difference to when and whether a message goes out. Then whoever may enters, and goes as far as it
    gets. It may be killed anywhere: what is committed stays, and the next tick does the rest.

    Raises:
        UsageError: where a journey leans on a document that is gone; when all the others are done.
    """
    work = Work(engine, catalog, reader, now, Revisions(engine.ops))
    total, failed, turns = TickReport(), [], in_order(work)
    if turns:  # read for all of them at once
        work.news.since(min(one.checked_batch for one in turns), min(one.checked_at or now for one in turns))
    for state in turns:
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
    moves, entered = 0, 0
    with telemetry.caused_by(spans_since(work.engine.ops, state.checked_batch)):
        if state.state in states.MOVING:
            moves = _catch_up(work, journey, touched)
        if state.state == "live" and in_force(work, journey):
            made = enter(work, work.revisions.current(journey))
            entered, moves = made.people, moves + made.steps + _play(work, journey)[1]
        if state.state == ending.STOPPED:
            moves = ending.end_everybody(work.engine, journey, work.now)
        goals = watching.watch_goals(work, journey, touched)
    states.checked(work.engine, journey, seen, work.now)
    if state.state == "draining":
        ending.note_drained(work.engine, work.catalog, journey, work.now)
    return TickReport(entered, moves, goals)


def _catch_up(work: Work, journey: str, touched: Touched) -> int:
    """Rounds until nothing is due and nothing that waits has come true."""
    moves, first = 0, True
    while True:
        rested = runs.rested(work.engine.ops, journey)
        near = watching.draw_near(work, journey, touched.also(rested["profile_key"].combine_chunks().drop_null()))
        runs.forget_rested(work.engine, rested)
        if not near and not first:
            return moves
        first = False
        taken, steps = _play(work, journey)
        if not taken:  # nobody stands elsewhere than when it was asked
            return moves
        moves += steps
        touched = touched.only(pa.concat_arrays(taken))


def _play(work: Work, journey: str) -> tuple[list[pa.Array], int]:
    """Rounds until nothing is due; returns the people whose runs moved, one array a round, and the steps made.

    What another process is moving just now is waited for, since it decides who comes next.
    """
    people, steps = [], 0
    patience = time.monotonic() + _PATIENCE_SECONDS
    while runs.any_due(work.engine.ops, journey, work.now):
        taken = play_round(work, journey)
        if len(taken.people):
            people.append(taken.people)
            steps += taken.steps
            patience = time.monotonic() + _PATIENCE_SECONDS
        elif time.monotonic() > patience:
            raise ForetellError(
                "STORE_BUSY", "another process keeps runs that are due", thing=f"journey {journey}",
                next_step="The next tick goes on with them.", transient=True,
            )  # fmt: skip
        else:
            time.sleep(_PAUSE_SECONDS)
    return people, steps
