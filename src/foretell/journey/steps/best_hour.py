"""``best_hour``: until the hour in which this person answers most, by the send times that are worked out daily."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell import predict
from foretell.engine import Batch, Engine, Tx
from foretell.errors import ForetellError
from foretell.journey.calendar import ClockText, Weekday
from foretell.journey.resting import RestingStep, bounded, next_clocks, with_over, zones_of
from foretell.journey.steps.base import Foresight, StepContext, StepKind, moves


class BestHourStep(RestingStep):
    """Waits for the person's best hour by their own clock, a day at most where no weekdays are named."""

    best_hour: ClockText = Field(description="Time of day for whom no hour is known yet, e.g. 10:00.")
    weekdays: list[Weekday] | None = Field(None, min_length=1, description="Only on these days, e.g. [monday].")


def _advance(tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    """Who rested has come to the hour that was theirs; whoever comes new is asked for theirs."""
    step = context.step
    assert isinstance(step, BestHourStep)
    hours = _hours(context.engine, runs, step.best_hour)
    zones = zones_of(tx, runs["profile_key"], context.catalog)
    due = _due(step, runs, zones, hours, same=context.most is None)
    going = pc.or_(pc.less_equal(due, runs["at"]), runs["waiting"])
    known = pc.not_equal(hours, step.best_hour)
    words = pc.if_else(known, "waiting", "waiting: no hour known")
    moved = moves(
        runs,
        pc.if_else(going, "waited", words),
        pc.if_else(going, pa.scalar(context.following, pa.string()), step.key),
        pc.if_else(going, runs["at"], due),
    )
    return bounded(step, context.most, runs, moved)


def _due(step: BestHourStep, runs: pa.Table, zones: pa.Array, hours: pa.Array, *, same: bool) -> pa.Array:
    """Who comes within their hour goes on at once."""
    slack = 1 if same else 0
    return next_clocks(runs["arrived_at"], zones, hours, step.weekdays, slack_hours=slack, same=same)


def _hours(engine: Engine | None, runs: pa.Table, otherwise: str) -> pa.Array:
    """Each person's hour as a time of day; ``otherwise`` where none was worked out."""
    count = runs.num_rows
    if engine is None or not count:
        return pa.array([otherwise] * count, pa.string())
    try:
        found = predict.best_hour(engine, runs.select(["profile_key"]))
    except ForetellError as error:
        if error.code != "NO_SEND_TIMES":
            raise
        return pa.array([otherwise] * count, pa.string())
    clocks = pa.array([f"{hour:02d}:00" for hour in found["hour"].to_pylist()], pa.string())
    place = pc.index_in(runs["profile_key"], found["profile_key"].combine_chunks())
    taken = clocks.take(place.combine_chunks())
    assert isinstance(taken, pa.Array)
    return taken


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, BestHourStep)
    hours = _hours(None, runs, step.best_hour)
    due = _due(step, runs, context.zones(runs), hours, same=context.most is None)
    return bounded(step, context.most, runs, moves(runs, "waited", context.following, due))


KIND = StepKind(
    "best_hour", BestHourStep, _advance, exits=lambda step, following: with_over(step, {"next": following}),
    rests=True, foresee=_foresee,
    unforeseen="what each person's best hour was at the time is not kept: everybody waits for the time that the step "
    "names for those without one.",
)  # fmt: skip
