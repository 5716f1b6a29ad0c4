"""``branch``: two ways on, by a condition as of the instant."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field

from foretell.condition import ConditionField
from foretell.definitions import KeyText
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, moves


class BranchStep(Step):
    """One way where the condition holds, another where it does not."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    branch: ConditionField = Field(description="Condition.")
    then: KeyText | None = Field(None, description="Step where it holds; default: the one that follows.")
    else_: KeyText | None = Field(
        None, alias="else", description="Step where it does not hold; default: the one that follows."
    )


def _advance(_tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    return _parted(context, runs)


def _parted(context: StepContext | Foresight, runs: pa.Table) -> pa.Table:
    ways = _exits(context.step, context.following)
    held = pa.array(context.holds(context.tree("branch"), runs, False))
    then, otherwise = (pa.scalar(ways[name], pa.string()) for name in ("then", "else"))
    return moves(runs, pc.if_else(held, "then", "else"), pc.if_else(held, then, otherwise))


def _exits(step: Step, following: str | None) -> Mapping[str, str | None]:
    assert isinstance(step, BranchStep)
    return {"then": step.then or following, "else": step.else_ or following}


KIND = StepKind("branch", BranchStep, _advance, exits=_exits, conditions={"branch": False}, foresee=_parted)
