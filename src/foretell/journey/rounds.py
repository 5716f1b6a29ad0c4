"""A round: the runs whose instant has come make one step, each as of its own instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.engine import Batch, Turning, TurnLost, Tx, with_column
from foretell.errors import ForetellError
from foretell.journey import claiming, runs
from foretell.journey.claiming import Place
from foretell.journey.holding import NEVER, Mask
from foretell.journey.parts import STEP_ROWS
from foretell.journey.published import Published
from foretell.journey.steps import RUNS, StepContext, kind_of
from foretell.journey.stopping import since_goal, stop, to_leave
from foretell.journey.work import Work

CHUNK = 10_000


class AsksAnalytics(Exception):
    """A step needs the analytics store, which this process leaves to another one; nothing was done.

    Args:
        place: revision and step.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(f"{place[1]} of revision {place[0]}")
        self.place = place


@dataclass(frozen=True)
class Round:
    """What became of the runs that were taken.

    Args:
        people: whose they are (profile keys); none where nothing was due, or others have it all.
        steps: that they made, ends included.
    """

    people: pa.Array
    steps: int


def play_round(work: Work, journey: str) -> Round:
    """Advance the runs of a journey that are due by the tick's instant, the earliest first.

    Whether a run is over is asked as of its own due instant, so that what happened before counts and
    what happened after does not, whenever the tick comes. State, decisions, messages and events of the
    round are one recorded batch.
    """
    shared = work.engine.is_shared
    return play_claimed(
        work, journey, lambda turning, until: claiming.due(turning, journey, until, CHUNK, shared=shared)
    )


def play_claimed(
    work: Work, journey: str, claim: Callable[[Turning, int], pa.Table], but: Collection[Place] = ()
) -> Round:
    """Advance the runs that ``claim`` takes, each as of its own due instant, in one recorded batch.

    Args:
        but: places that nobody goes on to in the same batch.

    Raises:
        AsksAnalytics: in a process without the analytics store; nothing was done.
    """
    nobody = pa.array([], pa.int64())
    found = Round(nobody, 0)

    def change(turning: Turning, batch: Batch) -> bool:
        nonlocal found
        taken = claim(turning, micros(work.now))
        if not taken.num_rows:
            return False
        play_to_rest(turning.tx, batch, work, journey, taken, but)
        found = Round(taken["profile_key"].combine_chunks(), steps_in(batch))
        return True

    try:
        work.engine.act_on_claimed("journey", change, now=work.now)
    except TurnLost:
        return Round(nobody, 0)
    return found


def steps_in(batch: Batch) -> int:
    """How many steps it tells, ends and entries included."""
    return sum(table.num_rows for table in batch.outputs.get(STEP_ROWS.name, ()))


def play_new(tx: Tx, batch: Batch, work: Work, journey: str, rows: pa.Table) -> None:
    """Write runs that begin in this batch, and let them make their first steps in it as far as they get.

    Where other processes move runs as well, only their claims keep the steps of one person apart: there the next
    round makes them.

    Args:
        rows: columns of a run, none of the held out.
    """
    going = np.zeros(rows.num_rows, dtype=bool)
    if not work.engine.is_shared and rows.num_rows:
        entered = _acted(runs.replaced(rows, at=runs.instants(rows["due_at"])), 1)
        going = _goes_on(work, journey, entered, ())
    runs.write(tx, batch, rows.filter(pa.array(~going)))
    if going.any():
        play_to_rest(tx, batch, work, journey, rows.filter(pa.array(going)), new=True)


def play_to_rest(
    tx: Tx,
    batch: Batch,
    work: Work,
    journey: str,
    rows: pa.Table,
    but: Collection[Place] = (),
    *,
    new: bool = False,
) -> None:
    """Step after step of runs at the instant at which they are due, as far as they get in one batch.

    A step that asks conditions waits for the next batch where an earlier one has done something in this one, or the run
    began in it, since the analytics store does not know of it yet.

    Args:
        new: they begin in this batch.
    """
    rows = _acted(rows, int(new))
    parts = []
    while rows.num_rows:
        settled = play_rows(tx, batch, work, journey, runs.replaced(rows, at=runs.instants(rows["due_at"])))
        going = _goes_on(work, journey, settled, but)
        parts.append(settled.filter(pa.array(~going)))
        rows = settled.filter(pa.array(going)).drop_columns(["at"])
    rested = pa.concat_tables(parts)
    runs.write(tx, batch, rested, runs.UPSERT if new else runs.UPSERT_PLAYED)
    if not work.engine.has_analytics:
        runs.note_rested(tx, rested.filter(pc.and_(pc.equal(rested["waiting"], 1), pc.is_valid(rested["due_at"]))))


def _goes_on(work: Work, journey: str, rows: pa.Table, but: Collection[Place]) -> Mask:
    """Which runs take their next step in the same batch."""
    at = runs.microseconds(rows["at"])
    come = pc.and_(pc.equal(rows["waiting"], 0), pc.fill_null(pc.equal(rows["due_at"], at), False))
    going: Mask = come.to_numpy().copy()
    acted = pc.equal(rows["acted"], 1).to_numpy()
    for (revision, step), places in places_of(rows, ["revision", "step"]):
        place = (int(str(revision)), str(step))
        if place in but:
            going[places] = False
        elif _asks(work.revisions.get(journey, place[0]), place[1]):
            going[places] &= ~acted[places]
    return going


def _asks(published: Published, step: str) -> bool:
    """Whether a step asks a condition, or reads what the batch has yet to make known."""
    content = published.spec.step(step)
    kind = kind_of(content)
    return kind.reads or any(getattr(content, name, None) is not None for name in kind.conditions)


def play_rows(tx: Tx, batch: Batch, work: Work, journey: str, rows: pa.Table) -> pa.Table:
    """One step of runs at their ``at``, or their end where the goal is reached or they are to be left.

    Args:
        rows: columns of a run, ``at`` and ``acted``.

    Returns:
        The runs that took a step, as they are to be written; those that are over are.
    """
    goal, leave = _over(work, journey, rows)
    for state, mark in (("goal", goal), ("left", leave)):
        stopped = rows.filter(pa.array(mark))
        for (revision,), places in places_of(stopped, ["revision"]):
            published = work.revisions.get(journey, int(str(revision)))
            stop(tx, batch, published, stopped.take(pa.array(places)), state)
    going = rows.filter(pa.array(~goal & ~leave))
    settled = [going.slice(0, 0)]
    for (revision, step), places in places_of(going, ["revision", "step"]):
        published = work.revisions.get(journey, int(str(revision)))
        settled.append(_advance(tx, batch, work, published, str(step), going.take(pa.array(places))))
    return pa.concat_tables(settled)


def _over(work: Work, journey: str, rows: pa.Table) -> tuple[Mask, Mask]:
    """Which runs have reached their goal, and which others are to be left."""
    goal: Mask = np.zeros(rows.num_rows, dtype=bool)
    leave: Mask = np.zeros(rows.num_rows, dtype=bool)
    rested = pc.equal(rows["waiting"], 1).to_numpy()
    for (revision,), places in places_of(rows, ["revision"]):
        published = work.revisions.get(journey, int(str(revision)))
        # Who has only just come to a step was asked at the same instant one round ago.
        asked = places[rested[places]]
        goal[asked] = since_goal(work, published, rows.take(pa.array(asked))) != NEVER
        left = asked[~goal[asked]]
        leave[left] = to_leave(work, published, rows.take(pa.array(left)))
    return goal, leave


def _advance(tx: Tx, batch: Batch, work: Work, published: Published, step: str, rows: pa.Table) -> pa.Table:
    content = published.spec.step(step)
    context = StepContext(
        journey=published.key,
        revision=published.revision,
        step=content,
        following=published.spec.following(step),
        catalog=work.catalog,
        now=work.now,
        zone=work.zone,
        holds=work.holds,
        tree=lambda name: published.tree(name, step),
        priority=published.spec.priority,
        most=published.most(step),
        engine=work.engine,
    )
    try:
        moved = kind_of(content).advance(tx, batch, context, _for_step(rows))
    except ForetellError as error:
        if error.code != "NOT_LEADING":
            raise
        raise AsksAnalytics((published.revision, step)) from error
    settled = settle(batch, rows, moved.take(pc.index_in(rows["run"], moved["run"].combine_chunks())))
    kind = kind_of(content)
    if (kind.rests or kind.conditions) and not kind.sends:  # it has only decided
        return settled
    return _acted(settled, 1)


def _acted(rows: pa.Table, mark: int) -> pa.Table:
    """``rows`` with ``acted``: whether they did something of which the analytics store does not know yet."""
    return with_column(rows, "acted", np.full(rows.num_rows, mark, dtype=np.int64))


def _for_step(rows: pa.Table) -> pa.Table:
    columns = {
        **{name: rows[name] for name in rows.column_names},
        "entered_at": runs.instants(rows["entered_at"]),
        "arrived_at": runs.instants(rows["arrived_at"]),
        "waiting": pc.equal(rows["waiting"], 1),
    }
    return pa.table([columns[name] for name in RUNS.names], schema=RUNS)


def settle(batch: Batch, rows: pa.Table, moved: pa.Table) -> pa.Table:
    """Tell what a step said of its runs, and return them as they are to be written; ``moved`` in the order of
    ``rows``."""
    at, due = runs.microseconds(rows["at"]), runs.microseconds(moved["due_at"])
    over = pc.is_null(moved["next"])
    stays = pc.fill_null(pc.equal(moved["next"], rows["step"]), False)
    nothing = pa.scalar(None, pa.int64())
    settled = runs.replaced(
        rows,
        state=pc.if_else(over, "done", rows["state"]),
        step=pc.coalesce(moved["next"], rows["step"]),
        arrived_at=pc.if_else(pc.or_(over, stays), rows["arrived_at"], due),
        waiting=pc.if_else(stays, 1, 0).cast(pa.int64()),
        due_at=pc.if_else(over, nothing, due),
        ended_at=pc.if_else(over, at, nothing),
        variables=pc.coalesce(moved["variables"], rows["variables"]),
    )
    told = rows.append_column("outcome", moved["outcome"]).append_column("next", moved["next"])
    runs.tell_steps(batch, told)
    runs.tell(batch, "Journey Left", settled.filter(over), "done")
    return settled


def places_of(rows: pa.Table, columns: list[str]) -> Iterator[tuple[tuple[object, ...], np.ndarray]]:
    """Each distinct combination of ``columns`` with the places at which it stands, in order."""
    numbers = np.zeros(rows.num_rows, dtype=np.int64)
    for name in columns:
        distinct = pc.unique(rows[name])
        if len(distinct) > 1:
            numbers = numbers * len(distinct) + pc.index_in(rows[name], distinct).to_numpy()
    found, first, places = np.unique(numbers, return_index=True, return_inverse=True)
    told = list(zip(*(rows[name].take(pa.array(first)).to_pylist() for name in columns), strict=True))
    for place in sorted(range(len(found)), key=told.__getitem__):
        yield told[place], np.flatnonzero(places == place)
