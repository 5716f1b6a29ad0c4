"""A round: the runs whose instant has come make one step, each as of its own instant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.engine import Batch, Tx
from foretell.journey import runs
from foretell.journey.holding import NEVER, Mask
from foretell.journey.published import Published
from foretell.journey.steps import RUNS, StepContext, kind_of
from foretell.journey.stopping import since_goal, stop, to_leave
from foretell.journey.work import Work

CHUNK = 10_000


def play_round(work: Work, journey: str) -> pa.Table:
    """Advance the runs of a journey that are due by the tick's instant, the earliest first.

    Whether a run is over is asked as of its own due instant, so that what happened before counts and
    what happened after does not, whenever the tick comes. State, decisions, messages and events of the
    round are one recorded batch.

    Returns:
        The runs that were taken (``profile_key`` at least); none where nothing is due.
    """
    taken = pa.table({"profile_key": pa.array([], pa.int64())})
    if not work.engine.ops.query(runs.ANY_DUE, (journey, micros(work.now))):
        return taken

    def change(tx: Tx, batch: Batch) -> None:
        nonlocal taken
        taken = runs.due(tx, journey, micros(work.now), CHUNK)
        _play(tx, batch, work, journey, runs.replaced(taken, at=runs.instants(taken["due_at"])))

    work.act(change)
    return taken


def _play(tx: Tx, batch: Batch, work: Work, journey: str, rows: pa.Table) -> None:
    goal, leave = _over(work, journey, rows)
    for state, mark in (("goal", goal), ("left", leave)):
        stopped = rows.filter(pa.array(mark))
        for (revision,), places in places_of(stopped, ["revision"]):
            published = work.revisions.get(journey, int(str(revision)))
            stop(tx, batch, published, stopped.take(pa.array(places)), state)
    going = rows.filter(pa.array(~goal & ~leave))
    for (revision, step), places in places_of(going, ["revision", "step"]):
        published = work.revisions.get(journey, int(str(revision)))
        _advance(tx, batch, work, published, str(step), going.take(pa.array(places)))


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


def _advance(tx: Tx, batch: Batch, work: Work, published: Published, step: str, rows: pa.Table) -> None:
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
    )
    moved = kind_of(content).advance(tx, batch, context, _for_step(rows))
    _settle(tx, batch, rows, moved.take(pc.index_in(rows["run"], moved["run"].combine_chunks())))


def _for_step(rows: pa.Table) -> pa.Table:
    columns = {
        **{name: rows[name] for name in rows.column_names},
        "entered_at": runs.instants(rows["entered_at"]),
        "arrived_at": runs.instants(rows["arrived_at"]),
        "waiting": pc.equal(rows["waiting"], 1),
    }
    return pa.table([columns[name] for name in RUNS.names], schema=RUNS)


def _settle(tx: Tx, batch: Batch, rows: pa.Table, moved: pa.Table) -> None:
    """Write what a step said of its runs; ``moved`` in the order of ``rows``."""
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
    runs.write(tx, batch, settled)
    told = rows.append_column("outcome", moved["outcome"]).append_column("next", moved["next"])
    runs.tell_steps(batch, told)
    runs.tell(batch, "Journey Left", settled.filter(over), "done")


def places_of(rows: pa.Table, columns: list[str]) -> Iterator[tuple[tuple[object, ...], np.ndarray]]:
    """Each distinct combination of ``columns`` with the places at which it stands, in order."""
    values = list(zip(*(rows[name].to_pylist() for name in columns), strict=True))
    distinct = sorted(set(values))
    number = {value: place for place, value in enumerate(distinct)}
    numbers = np.fromiter((number[value] for value in values), dtype=np.int64, count=len(values))
    for place, value in enumerate(distinct):
        yield value, np.flatnonzero(numbers == place)
