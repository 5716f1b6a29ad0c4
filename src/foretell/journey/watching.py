"""What happens between due instants: an `until` that comes true, a purchase, a goal.

A run that waits is never written to for nothing: where something came true, its due instant is drawn
near, and the next round does the rest as for any other run that is due.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc
from foretell.condition import Condition, only_by_events
from foretell.engine import Batch, Tx, integers, table_of
from foretell.journey import runs
from foretell.journey.holding import NEVER, Micros
from foretell.journey.news import Touched
from foretell.journey.published import Published
from foretell.journey.rounds import places_of
from foretell.journey.states import JourneyState
from foretell.journey.steps import Step, kind_of
from foretell.journey.stopping import since_goal
from foretell.journey.work import Work

_ALWAYS = ("goal", "leave")
"""The conditions of a journey that can end a run wherever it is."""


def touched_since(work: Work, state: JourneyState) -> Touched:
    """The people of whom events arrived since a journey was looked at, or whose events have come to pass
    since: where history is played through, they were there all the time."""
    return Touched(work.news.since(state.checked_batch, work.now if state.checked_at is None else state.checked_at))


def draw_near(work: Work, journey: str, touched: Touched) -> int:
    """Make runs due at the instant at which their `until`, goal or leave came true; returns how many.

    Where that instant cannot be told (what holds now need not have held since one event) it is the tick's.

    Args:
        touched: people of whom something arrived since it was asked last, and those whose runs moved.
            Where only events can make a condition true, it is asked of those alone of whom one of its events arrived,
            and the runs of the others are not even read.
    """
    near = [_near_of(work, work.revisions.get(journey, revision), touched) for revision in _in_use(work, journey)]
    found = [(instant, run, instant) for part in near for run, instant in part]
    if found:
        with work.engine.ops.write() as tx:
            tx.executemany("UPDATE journey_runs SET due_at = ? WHERE run = ? AND due_at > ?", found)
    return len(found)


def _in_use(work: Work, journey: str) -> list[int]:
    """The revisions that runs are on, found by seeks in an index."""
    found: list[int] = []
    while True:
        rows = work.engine.ops.query(runs.NEXT_REVISION, (journey, found[-1] if found else -1))
        if rows[0][0] is None:
            return found
        found.append(int(rows[0][0]))


def _near_of(work: Work, published: Published, touched: Touched) -> list[tuple[str, int]]:
    """The runs of one revision that wait and for which something has come true before they are due, and when."""
    waiting = _waiting(work, published, touched)
    if not waiting.num_rows:
        return []
    rows = runs.replaced(waiting, at=naive_utc(work.now))
    instants = np.maximum(_came_true(work, published, rows, touched), integers(rows["arrived_at"]))
    near = np.flatnonzero(instants < integers(rows["due_at"]))
    return list(zip(waiting["run"].take(pa.array(near)).to_pylist(), instants[near].tolist(), strict=True))


def _waiting(work: Work, published: Published, touched: Touched) -> pa.Table:
    """The runs of one revision that wait and for which something may have come true."""
    key, always = (published.key, published.revision), _always(published)
    if not all(only_by_events(tree) for tree in always):
        return runs.waiting(work.engine.ops, *key)
    wakes = [published.tree(name, step.key) for step in published.spec.steps if (name := _wakes(step)) is not None]
    people = [touched.by(tree) for tree in (*always, *wakes) if only_by_events(tree)]
    parts = [runs.waiting_at(work.engine.ops, *key, step) for step in _timed_steps(published)]
    if any(len(part) for part in people):
        with work.engine.ops.write() as tx:
            parts.append(runs.waiting_of(tx, *key, pc.unique(pa.concat_arrays(people))))
    return runs.distinct(pa.concat_tables(parts)) if parts else table_of(runs.STORED, [])


def _came_true(work: Work, published: Published, rows: pa.Table, touched: Touched) -> Micros:
    """For each run since when anything that it waits for holds; NEVER where it does not."""
    spec, found = published.spec, np.full(rows.num_rows, NEVER, dtype=np.int64)

    def ask(name: str, step: str = "", among: Micros | None = None) -> None:
        tree = published.tree(name, step)
        places = _concerned(tree, rows, touched, among)
        if not len(places):
            return
        part = rows.take(pa.array(places))
        if step and kind_of(spec.step(step)).since_arrival:
            part = runs.replaced(part, entered_at=part["arrived_at"])
        asked = since_goal(work, published, part) if name == "goal" else work.holds.instants(tree, part, True)
        found[places] = np.minimum(found[places], asked)

    for name in _ALWAYS:
        if getattr(spec, name) is not None:
            ask(name)
    for (step,), places in places_of(rows, ["step"]):
        if (wakes := _wakes(spec.step(str(step)))) is not None:
            ask(wakes, str(step), places)
    return found


def _concerned(tree: Condition, rows: pa.Table, touched: Touched, among: Micros | None) -> Micros:
    """The places of the runs for which a condition may have come true, of those ``among`` which it is asked."""
    places: Micros = np.arange(rows.num_rows, dtype=np.int64) if among is None else among
    if not only_by_events(tree):
        return places
    found: Micros = places[np.isin(integers(rows["profile_key"])[places], touched.by(tree).to_numpy())]
    return found


def _wakes(step: Step) -> str | None:
    """The condition that lets a run go on which rests at a step; None where there is none."""
    name = kind_of(step).wakes
    return name if name and getattr(step, name) is not None else None


def _always(published: Published) -> list[Condition]:
    """The conditions that can end a run wherever it is."""
    return [published.tree(name) for name in _ALWAYS if getattr(published.spec, name) is not None]


def _timed_steps(published: Published) -> list[str]:
    """The steps that runs rest at until something holds that can come true by time alone."""
    return [
        step.key
        for step in published.spec.steps
        if (wakes := _wakes(step)) is not None and not only_by_events(published.tree(wakes, step.key))
    ]


def watch_goals(work: Work, journey: str, touched: Touched) -> int:
    """Note the goal of runs that are over or were held out, and close what can no longer be reached.

    Returns how many reached it.
    """
    now = micros(work.now)
    with work.engine.ops.write() as tx:
        rows = runs.open_goals(tx, journey, now, None if _goal_by_time(work, journey) else touched.all())
    over = pc.less_equal(rows["goal_until"], now)
    at = pc.if_else(over, rows["goal_until"], pa.scalar(now, pa.int64()))
    rows = runs.replaced(rows, at=runs.instants(at))
    reached = np.full(rows.num_rows, NEVER, dtype=np.int64)
    for (revision,), places in places_of(rows, ["revision"]):
        published = work.revisions.get(journey, int(str(revision)))
        if published.spec.goal is None:
            continue
        asked = np.union1d(places[over.to_numpy()[places]], _concerned(published.tree("goal"), rows, touched, places))
        if len(asked):
            reached[asked] = since_goal(work, published, rows.take(pa.array(asked)))
    rows = runs.replaced(rows, goal_at=pa.array(reached, mask=reached == NEVER))
    rows = rows.filter(pc.or_(pc.is_valid(rows["goal_at"]), over))
    if rows.num_rows:
        work.act(lambda tx, batch: _close_goals(tx, batch, rows))
    return int((reached != NEVER).sum())


def _goal_by_time(work: Work, journey: str) -> bool:
    """Whether the goal of the revision in force can come true by time alone; where none is, nobody knows."""
    published = work.revisions.in_force(journey)
    if published is None:
        return True
    return published.spec.goal is not None and not only_by_events(published.tree("goal"))


def _close_goals(tx: Tx, batch: Batch, rows: pa.Table) -> None:
    closed = runs.replaced(rows, goal_until=None)
    runs.write(tx, batch, closed)
    won = closed.filter(pc.is_valid(closed["goal_at"]))
    won = runs.replaced(won, at=runs.instants(won["goal_at"]))
    runs.tell(batch, "Journey Goal Reached", won)
    named = won.append_column("outcome", pa.array(["goal"] * won.num_rows, pa.string()))
    runs.tell_steps(batch, named.append_column("next", pa.nulls(won.num_rows, pa.string())))
