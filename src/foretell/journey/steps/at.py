"""``at``: until the person's clock shows a time, on certain weekdays where they are named."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell.engine import Batch, Tx
from foretell.journey.calendar import ClockText, Weekday
from foretell.journey.resting import RestingStep, bounded, next_clocks, with_over, zones_of
from foretell.journey.steps.base import Foresight, StepContext, StepKind, moves


class AtStep(RestingStep):
    """Waits for a time of day in the person's zone; the workspace's where theirs is not known."""

    at: ClockText = Field(description="Time of day by the person's clock, e.g. 09:30.")
    weekdays: list[Weekday] | None = Field(None, min_length=1, description="Only on these days, e.g. [monday].")


def _advance(tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, AtStep)
    zones = zones_of(tx, runs["profile_key"], context.catalog)
    due = _due(step, runs, zones, same=context.most is None)
    going = pc.less_equal(due, runs["at"])
    moved = moves(
        runs,
        pc.if_else(going, "waited", "waiting"),
        pc.if_else(going, pa.scalar(context.following, pa.string()), step.key),
        pc.if_else(going, runs["at"], due),
    )
    return bounded(step, context.most, runs, moved)


def _due(step: AtStep, runs: pa.Table, zones: pa.Array, *, same: bool) -> pa.Array:
    """On a loop whoever comes at that very time waits for the next, else it would turn without an end."""
    clocks = pa.array([step.at] * runs.num_rows, pa.string())
    return next_clocks(runs["arrived_at"], zones, clocks, step.weekdays, same=same)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, AtStep)
    due = _due(step, runs, context.zones(runs), same=context.most is None)
    return bounded(step, context.most, runs, moves(runs, "waited", context.following, due))


KIND = StepKind(
    "at", AtStep, _advance, exits=lambda step, following: with_over(step, {"next": following}), rests=True,
    foresee=_foresee,
)  # fmt: skip
