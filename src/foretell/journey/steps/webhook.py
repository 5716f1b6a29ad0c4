"""``webhook``: tells another system of the company, by a signed request that is tried again until it is taken."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pyarrow as pa
from pydantic import ConfigDict, Field

from foretell import deliver
from foretell.definitions import KeyText, Problem
from foretell.engine import Batch, Tx
from foretell.ids import stable_id
from foretell.journey.steps.base import Step, StepContext, StepKind, StepPlace, moves
from foretell.journey.texts import Value, filled, value_problems


class WebhookStep(Step):
    """Queues a request; the run goes on at once, whatever the other system answers later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    webhook: KeyText = Field(description="Key of a channel that uses webhook.")
    with_: dict[str, Value] = Field(
        default_factory=dict, alias="with", description="What is told; text may be Liquid: {{ event.order_id }}."
    )


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, WebhookStep)
    found = filled(tx, context.catalog, context.journey, step.key, runs, step.with_)
    rows = runs.filter(found.good)
    asked = zip(rows["run"].to_pylist(), rows["at"].to_pylist(), strict=True)
    ids = [stable_id("w", run, step.key, at.isoformat()) for run, at in asked]
    data = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in found.rows if row is not None]
    rows = rows.select(["profile_key", "node_key", "at", "run"])
    rows = rows.append_column("message_id", pa.array(ids, pa.string()))
    rows = rows.append_column("data", pa.array(data, pa.string()))
    for name, value in (("journey", context.journey), ("step", step.key)):
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    deliver.request(tx, batch, deliver.Sending(context.catalog, context.now), step.webhook, rows)
    return moves(runs, found.outcome("told"), context.following)


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, WebhookStep)
    return (("channel", step.webhook),)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, WebhookStep)
    yield from value_problems(place, "with", step.with_)
    document = place.catalog.documents.get(("channel", step.webhook))
    uses = None if document is None else getattr(document.spec, "uses", None)
    if uses not in (None, "webhook"):
        message = f"the channel {step.webhook!r} uses {uses} and takes no requests"
        yield place.problem("webhook", "WRONG_CHANNEL", message, "Name a channel that uses webhook.")


KIND = StepKind(
    "webhook", WebhookStep, _advance, _check, refers=_refers, reads=True,
    unforeseen="what the other system would have done with what it is told is not known.",
)  # fmt: skip
