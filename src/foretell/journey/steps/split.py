"""``split``: several ways by shares, drawn from a hash; with an experiment, by the arm the person has in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from foretell import decide
from foretell.definitions import KeyText, Problem, ShareNumber, suggestion
from foretell.engine import Batch, Tx
from foretell.ids import stable_id
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves

VIEWED = "Experiment Viewed"


class SplitStep(Step):
    """Each run goes one of the ways; the same one whenever and wherever it is worked out."""

    split: dict[str, ShareNumber] = Field(
        min_length=2, description="Name → share, together 100%: {short: 50%, long: 50%}."
    )
    ways: dict[str, KeyText] = Field(
        default_factory=dict, description="Name → step; who has a name without one goes on to what follows."
    )
    experiment: KeyText | None = Field(
        None,
        description="Key of an experiment: whoever is in it keeps the arm, in every journey.",
    )


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SplitStep)
    if step.experiment is None:
        arms = _drawn(step, context.journey, runs)
    else:
        arms = _assigned(tx, batch, step, runs)
        _tell(batch, context, step, runs, arms)
    return moves(runs, arms, _targets(step, context.following, arms))


def _drawn(step: SplitStep, journey: str, runs: pa.Table) -> pa.Array:
    return decide.arms(f"split:{journey}:{step.key}", runs["run"], _whole(step))


def _assigned(tx: Tx, batch: Batch, step: SplitStep, runs: pa.Table) -> pa.Array:
    assert step.experiment is not None
    people = runs.select(["profile_key", "node_key", "profile_id", "at"])
    first = pc.index_in(pc.unique(people["profile_key"]), people["profile_key"].combine_chunks())
    arms = decide.assign(tx, batch, step.experiment, people.take(first), _whole(step))
    place = pc.index_in(runs["profile_key"], arms["profile_key"].combine_chunks())
    return arms["arm"].combine_chunks().take(place.combine_chunks())


def _whole(step: SplitStep) -> dict[str, float]:
    """The shares without what percentages with few digits lack; the check has seen that it is not more."""
    total = sum(step.split.values())
    return {name: share / total for name, share in step.split.items()}


def _targets(step: SplitStep, following: str | None, arms: pa.Array) -> pa.Array:
    ways = _exits(step, following)
    names = pa.array(list(ways), pa.string())
    steps = pa.array(list(ways.values()), pa.string())
    found = pc.index_in(arms, names)
    # Whoever was put into an arm that the document no longer has goes on to what follows.
    return pc.if_else(pc.is_valid(found), steps.take(found), pa.scalar(following, pa.string()))


def _tell(batch: Batch, context: StepContext, step: SplitStep, runs: pa.Table, arms: pa.Array) -> None:
    count = runs.num_rows
    asked = zip(runs["run"].to_pylist(), runs["at"].to_pylist(), strict=True)
    ids = [stable_id("exp", run, step.key, at.isoformat()) for run, at in asked]
    same = {"experiment": step.experiment, "journey": context.journey, "step": step.key}
    batch.tell(
        pa.table(
            {
                "message_id": pa.array(ids, pa.string()),
                "event": pa.array([VIEWED] * count, pa.string()),
                "ts": runs["at"],
                "node_key": runs["profile_key"],
                "variation": arms,
                "run": runs["run"],
                **{name: pa.array([value] * count, pa.string()) for name, value in same.items()},
            }
        )
    )


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SplitStep)
    if step.experiment is None:
        arms = _drawn(step, context.journey, runs)
    else:
        arms = decide.arms(step.experiment, runs["profile_id"], _whole(step))
    return moves(runs, arms, _targets(step, context.following, arms))


def _exits(step: Step, following: str | None) -> Mapping[str, str | None]:
    assert isinstance(step, SplitStep)
    return {name: step.ways.get(name, following) for name in step.split}


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, SplitStep)
    if any(share < 0 for share in step.split.values()) or abs(sum(step.split.values()) - 1) > 0.001:
        message = f"the shares of {step.key!r} are {sum(step.split.values()):.4g} together"
        yield place.problem("split", "BAD_SHARES", message, "Let them be 100 % together, none below 0.")
    for name in step.ways:
        if name not in step.split:
            message = f"{name!r} is no part of the split"
            yield place.problem("ways", "UNKNOWN_WAY", message, suggestion(name, list(step.split), what="parts"))


KIND = StepKind("split", SplitStep, _advance, _check, exits=_exits, foresee=_foresee)
