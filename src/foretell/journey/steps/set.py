"""``set``: traits of the person, through the log, so that they are known as of every instant."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from pydantic import Field

from foretell import profile
from foretell.definitions import Problem
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Step, StepContext, StepKind, StepPlace, moves
from foretell.journey.texts import Value, filled, value_problems


class SetStep(Step):
    """Tells traits of the person, from now on, as a source called foretell."""

    set: dict[str, Value] = Field(min_length=1, description="Trait → value; text may be Liquid, null takes it away.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SetStep)
    found = filled(tx, context.catalog, context.journey, step.key, runs, step.set)
    rows = runs.filter(found.good).select(["run", "profile_key", "at"])
    same = {"journey": context.journey, "step": step.key}
    for name, value in same.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    profile.tell_traits(batch, rows, found.columns(step.set))
    return moves(runs, found.outcome("set"), context.following)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, SetStep)
    yield from value_problems(place, "set", step.set)


KIND = StepKind("set", SetStep, _advance, _check, reads=True)
