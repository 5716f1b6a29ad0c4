"""``wait``: so long, from an earlier message or from now, or until something happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import ConditionField
from foretell.definitions import DurationText, KeyText, Problem, suggestion
from foretell.engine import TIMESTAMP, Batch, Tx
from foretell.journey.resting import RestingStep, bounded, with_over
from foretell.journey.sends import instants_of
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves


class WaitStep(RestingStep):
    """Nothing happens for a while."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    wait: DurationText = Field(description="How long, at most where there is an until.")
    from_: KeyText | None = Field(
        None, alias="from", description="Message step from whose instant the time counts; default: from now."
    )
    until: ConditionField | None = Field(None, description="Condition; the run goes on as soon as it holds.")
    then: KeyText | None = Field(None, description="With until: step where it came true; default: what follows.")
    timeout: KeyText | None = Field(
        None, description="With until: step where the time is over first; default: the one that follows."
    )


def _advance(tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, WaitStep)
    due = _due(tx, context, step, runs)
    over = pc.less_equal(due, runs["at"])
    if step.until is None:
        held = pa.array([False] * runs.num_rows, pa.bool_())
    else:
        held = pa.array(context.holds(context.tree("until"), runs, True))
    going = pc.or_(over, held)
    then, late = (pa.scalar(way, pa.string()) for way in _ways(step, context.following))
    moved = moves(
        runs,
        pc.if_else(held, "happened", pc.if_else(over, "waited", "waiting")),
        pc.if_else(going, pc.if_else(held, then, late), step.key),
        pc.if_else(going, runs["at"], due),
    )
    return bounded(step, context.most, runs, moved)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, WaitStep)
    due = _ends(context, step, runs, runs["arrived_at"] if step.from_ is None else context.sent_at(runs, step.from_))
    then, late = (pa.scalar(way, pa.string()) for way in _ways(step, context.following))
    if step.until is None:
        moved = moves(runs, "waited", pa.repeat(late, runs.num_rows), due)
    else:
        came = context.first(context.tree("until"), runs, due, True)
        held = pc.is_valid(came)
        outcome = pc.if_else(held, "happened", "waited")
        moved = moves(runs, outcome, pc.if_else(held, then, late), pc.if_else(held, came, due))
    return bounded(step, context.most, runs, moved)


def _ways(step: WaitStep, following: str | None) -> tuple[str | None, str | None]:
    """Where it leads when it came true, and when the time is over."""
    return step.then or following, step.timeout or following


def _exits(step: Step, following: str | None) -> Mapping[str, str | None]:
    assert isinstance(step, WaitStep)
    if step.then is None and step.timeout is None:
        return with_over(step, {"next": following})
    then, late = _ways(step, following)
    return with_over(step, {"then": then, "timeout": late})


def _due(tx: Tx, context: StepContext, step: WaitStep, runs: pa.Table) -> pa.ChunkedArray:
    """When the time is over; never before the run came here."""
    base = runs["arrived_at"] if step.from_ is None else instants_of(tx, runs, step.from_)
    return _ends(context, step, runs, base)


def _ends(
    context: StepContext | Foresight, step: WaitStep, runs: pa.Table, base: pa.Array | pa.ChunkedArray
) -> pa.ChunkedArray:
    length = Duration.parse(step.wait)
    if length.exact is not None:
        due = pc.add(base, pa.scalar(length.exact, pa.duration("us")))
    else:
        begins = pc.unique(base)
        ends = [naive_utc(length.after(utc(begin), context.zone)) for begin in begins.to_pylist()]
        due = pa.array(ends, TIMESTAMP).take(pc.index_in(base, begins))
    return pc.max_element_wise(due, runs["arrived_at"])


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, WaitStep)
    yield from place.length("wait", step.wait)
    if step.until is None:
        for name in ("then", "timeout"):
            if getattr(step, name) is not None:
                message = f"{name!r} belongs to a wait with an until"
                yield place.problem(name, "WAY_WITHOUT_UNTIL", message, "Write next, or say until when it waits.")
    if step.from_ is None:
        return
    if step.from_ not in place.senders:
        message = f"{step.from_!r} is no step of this journey that sends a message"
        yield place.problem("from", "UNKNOWN_STEP", message, suggestion(step.from_, place.senders, what="such steps"))
    elif step.from_ not in place.earlier:
        message = f"the step {step.from_!r} comes later than {step.key!r}"
        yield place.problem("from", "STEP_COMES_LATER", message, "Name a message that is sent before this step.")


KIND = StepKind(
    "wait",
    WaitStep,
    _advance,
    _check,
    exits=_exits,
    conditions={"until": True},
    rests=True,
    wakes="until",
    foresee=_foresee,
)
