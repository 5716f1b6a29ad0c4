"""``case``: somebody of the team takes care of the person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pyarrow as pa
from pydantic import Field

from foretell import care
from foretell.clock import Duration, naive_utc, utc
from foretell.definitions import DurationText, KeyText, Problem
from foretell.engine import TIMESTAMP, Batch, Tx
from foretell.ids import stable_id
from foretell.journey.steps.base import Step, StepContext, StepKind, StepPlace, moves


class CaseStep(Step):
    """Opens a case."""

    case: KeyText = Field(description="What the case is about, e.g. winback_call.")
    reason: str | None = Field(None, description="Why it was opened, for whoever takes it.")
    priority: Literal["low", "normal", "high", "urgent"] = Field("normal", description="low normal high urgent.")
    due: DurationText | None = Field(None, description="By when, counted from its opening.")
    owner: str | None = Field(None, description="Person or team.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, CaseStep)
    instants = runs["at"].to_pylist()
    opened = [stable_id("case", run, step.key, at.isoformat()) for run, at in zip(
        runs["run"].to_pylist(), instants, strict=True)]  # fmt: skip
    length = None if step.due is None else Duration.parse(step.due)
    due = [None if length is None else naive_utc(length.after(utc(at), context.zone)) for at in instants]
    title = step.title or step.case.replace("_", " ").capitalize()
    columns = {
        "case_id": pa.array(opened, pa.string()),
        "profile_key": runs["profile_key"],
        "node_key": runs["node_key"],
        "opened_at": runs["at"],
        "due_at": pa.array(due, TIMESTAMP),
        "run": runs["run"],
    }
    told = {
        "title": title,
        "reason": step.reason or step.case,
        "priority": step.priority,
        "owner": step.owner,
        "journey": context.journey,
        "step": step.key,
    }
    columns |= {name: pa.array([value] * runs.num_rows, pa.string()) for name, value in told.items()}
    care.open_cases(tx, batch, pa.table(columns))
    return moves(runs, "opened", context.following)


def _check(place: StepPlace) -> Iterable[Problem]:
    assert isinstance(place.step, CaseStep)
    yield from place.length("due", place.step.due)


KIND = StepKind("case", CaseStep, _advance, _check)
