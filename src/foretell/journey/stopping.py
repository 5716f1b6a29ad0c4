"""When a run is over before its last step: its goal is reached, or it is to be left."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.engine import Batch, Tx
from foretell.journey import runs
from foretell.journey.holding import NEVER, Mask, Micros
from foretell.journey.published import Published
from foretell.journey.steps import kind_of
from foretell.journey.work import Work


def since_goal(work: Work, published: Published, rows: pa.Table) -> Micros:
    """For each run when it reached the goal, within the time in which it counts; NEVER where it has not by
    its ``at``. Where that instant cannot be told it is ``at``."""
    result = np.full(rows.num_rows, NEVER, dtype=np.int64)
    if published.spec.goal is None:
        return result
    at = pc.min_element_wise(runs.microseconds(rows["at"]), rows["goal_until"])
    places = np.flatnonzero(pc.is_valid(rows["goal_until"]).to_numpy())
    if len(places):
        part = runs.replaced(rows, at=runs.instants(at)).take(pa.array(places))
        result[places] = work.holds.instants(published.tree("goal"), part, True)
    return result


def to_leave(work: Work, published: Published, rows: pa.Table) -> Mask:
    """Which runs are to be left as of their ``at``."""
    if published.spec.leave is None or rows.num_rows == 0:
        return np.zeros(rows.num_rows, dtype=bool)
    return work.holds(published.tree("leave"), rows, True)


def stop(tx: Tx, batch: Batch, published: Published, rows: pa.Table, state: str) -> None:
    """End runs at their ``at``; take back what they have not sent yet, and what still acts on the people.

    Args:
        published: the revision that the runs are on.
        rows: columns of a run and ``at``.
        state: ``goal``, ``left`` or ``stopped``.
    """
    if rows.num_rows == 0:
        return
    at = runs.microseconds(rows["at"])
    ended = runs.replaced(rows, state=state, due_at=None, ended_at=at)
    if state == "goal":
        ended = runs.replaced(ended, goal_at=at, goal_until=None)
    deliver.cancel(tx, batch, rows["run"], batch.now)
    for step in published.spec.steps:
        kind_of(step).undo(tx, batch, step, rows.select(["profile_key", "node_key", "run", "at"]))
    runs.write(tx, batch, ended)
    tell_stop(batch, ended, state)


def tell_stop(batch: Batch, rows: pa.Table, state: str) -> None:
    """The step row and the event of a run that ended at its ``at``."""
    count = rows.num_rows
    named = rows.append_column("outcome", pa.array([state] * count, pa.string()))
    runs.tell_steps(batch, named.append_column("next", pa.nulls(count, pa.string())))
    if state == "goal":
        runs.tell(batch, "Journey Goal Reached", rows)
    else:
        runs.tell(batch, "Journey Left", rows, state)
