"""``end``: the run is over."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from pydantic import Field

from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, moves


class EndStep(Step):
    """The journey ends here, under a name of one's own."""

    end: str = Field(min_length=1, max_length=64, description="What this end is called, e.g. done.")


def _advance(_tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, EndStep)
    return moves(runs, f"ended: {step.end}", None)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    assert isinstance(context.step, EndStep)
    return moves(runs, f"ended: {context.step.end}", None)


def _exits(_step: Step, _following: str | None) -> Mapping[str, str | None]:
    return {"end": None}


KIND = StepKind("end", EndStep, _advance, exits=_exits, foresee=_foresee)
