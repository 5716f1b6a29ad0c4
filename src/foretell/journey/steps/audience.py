"""``audience``: into an audience of an advertising channel, or out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
from pydantic import Field

from foretell import deliver
from foretell.definitions import KeyText
from foretell.engine import Batch, Tx
from foretell.journey.steps.base import Step, StepContext, StepKind, moves


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
    codes = [json.loads(known).get("offer_code") for known in runs["variables"].to_pylist()]
    rows = rows.append_column("code", pa.array(codes, pa.string()))
    deliver.join_audience(tx, batch, step.audience, rows, deliver.Sending(context.catalog, context.now))
    return moves(runs, "asked to join", context.following)


def _undo(tx: Tx, batch: Batch, step: Step, runs: pa.Table) -> None:
    assert isinstance(step, AudienceStep)
    if step.does == "join":
        deliver.leave_audience(tx, batch, step.audience, runs)


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, AudienceStep)
    return (("audience", step.audience),)


KIND = StepKind("audience", AudienceStep, _advance, refers=_refers, undo=_undo)
