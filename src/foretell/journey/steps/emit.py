"""``emit``: an event of one's own, told of the person."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from pydantic import ConfigDict, Field

from foretell.definitions import Problem
from foretell.engine import Batch, Tx
from foretell.ids import stable_id
from foretell.journey.steps.base import Step, StepContext, StepKind, StepPlace, moves
from foretell.journey.texts import Value, filled, value_problems

_HEAD = frozenset({"message_id", "event", "ts", "node_key", "known_at"})
_OWN = frozenset({"journey", "run", "step"})


class EmitStep(Step):
    """Writes an event into the log, which conditions, journeys and exports read like any other."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    emit: str = Field(min_length=1, max_length=200, description="Name of the event, e.g. Win-back Offered.")
    with_: dict[str, Value] = Field(
        default_factory=dict, alias="with", description="Its properties; text may be Liquid: {{ event.order_id }}."
    )


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, EmitStep)
    found = filled(tx, context.catalog, context.journey, step.key, runs, step.with_)
    told = runs.filter(found.good)
    asked = zip(told["run"].to_pylist(), told["at"].to_pylist(), strict=True)
    ids = [stable_id("emit", run, step.key, at.isoformat()) for run, at in asked]
    columns = {
        "message_id": pa.array(ids, pa.string()),
        "event": pa.array([step.emit] * told.num_rows, pa.string()),
        "ts": told["at"],
        "node_key": told["profile_key"],
        "run": told["run"],
        "journey": pa.array([context.journey] * told.num_rows, pa.string()),
        "step": pa.array([step.key] * told.num_rows, pa.string()),
    }
    for name, values in found.columns(step.with_).items():
        columns[f"property:{name}" if name in _HEAD else name] = values
    batch.tell(pa.table(columns))
    return moves(runs, found.outcome("told"), context.following)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, EmitStep)
    yield from value_problems(place, "with", step.with_)
    for name in sorted(_OWN & set(step.with_)):
        message = f"{name!r} is told anyway"
        yield place.problem("with", "NAME_TAKEN", message, "Give the property another name.")


KIND = StepKind("emit", EmitStep, _advance, _check, reads=True)
