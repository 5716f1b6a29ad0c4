"""``audience``: into an audience of an advertising channel, or out of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
from pydantic import Field

from foretell import deliver
from foretell.definitions import KeyText
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, moves


class AudienceStep(Step):
    """Joins or leaves an audience; joining needs the person's consent to advertising."""

    audience: KeyText = Field(description="Key of the audience.")
    does: Literal["join", "leave"] = Field("join", description="join or leave.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, AudienceStep)
    rows = runs.select(["profile_key", "node_key", "at", "run"])
    for name, value in (("journey", context.journey), ("step", step.key)):
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    if step.does == "leave":
        deliver.leave_audience(tx, batch, step.audience, rows)
        return moves(runs, "left", context.following)
    rows = rows.append_column("variables", runs["variables"])  # its offer becomes part of what the platform is told
    deliver.join_audience(tx, batch, step.audience, rows, deliver.Sending(context.catalog, context.now))
    return moves(runs, "asked to join", context.following)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, AudienceStep)
    if step.does == "leave":
        return moves(runs, "left", context.following)
    told = {"channel": "ads", "medium": "ads", "template": step.audience, "purpose": "marketing"}
    asked = runs.select(["row"]).append_column("message_id", runs["run"])
    for name, value in told.items():
        asked = asked.append_column(name, pa.repeat(pa.scalar(value), runs.num_rows))
    context.send(asked)
    return moves(runs, "asked to join", context.following)


def _undo(tx: Tx, batch: Batch, step: Step, runs: pa.Table) -> None:
    assert isinstance(step, AudienceStep)
    if step.does == "join":
        deliver.leave_audience(tx, batch, step.audience, runs)


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, AudienceStep)
    return (("audience", step.audience),)


KIND = StepKind(
    "audience",
    AudienceStep,
    _advance,
    refers=_refers,
    undo=_undo,
    foresee=_foresee,
    unforeseen="whom an advertising platform would have known, and shown something, is not known",
)
