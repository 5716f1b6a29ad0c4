"""``case``: somebody of the team takes care of the person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

import pyarrow as pa
from pydantic import Field

from foretell import care
from foretell.definitions import DurationText, KeyText, Problem, suggestion
from foretell.engine import TIMESTAMP, Batch, Tx
from foretell.ids import stable_id
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves


class CaseStep(Step):
    """Opens a case. Where ``case`` is the key of a case rule, the rule says what the step does not: team and turns,
    priority, due time, playbook, root causes, and whether the person may have a second one."""

    case: KeyText = Field(description="What the case is about, e.g. winback_call: the key of its case rule, if any.")
    reason: str | None = Field(None, description="Why it was opened, for whoever takes it.")
    priority: Literal["low", "normal", "high", "urgent", "by_value"] | None = Field(
        None, description="low normal high urgent, or by_value: by the money at risk. Default: the rule's, else normal."
    )
    due: DurationText | None = Field(
        None, description="By when, counted from its opening, in the team's hours. Default: the rule's."
    )
    due_in: Literal["working_hours", "hours"] | None = Field(
        None, description="hours: by the clock. Default: the rule's, else working_hours."
    )
    owner: str | None = Field(None, description="Person or team. Default: as the rule assigns it.")


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, CaseStep)
    opened = [stable_id("case", run, step.key, at.isoformat()) for run, at in zip(
        runs["run"].to_pylist(), runs["at"].to_pylist(), strict=True)]  # fmt: skip
    columns = {
        "case_id": pa.array(opened, pa.string()),
        "profile_key": runs["profile_key"],
        "node_key": runs["node_key"],
        "opened_at": runs["at"],
        "due_at": pa.nulls(runs.num_rows, TIMESTAMP),
        "run": runs["run"],
    }
    title = step.title
    if title is None and not context.catalog.has("case_rule", step.case):
        title = step.case.replace("_", " ").capitalize()
    told = {
        "title": title,
        "reason": step.reason or step.case,
        "priority": step.priority,
        "owner": step.owner,
        "due": step.due,
        "due_in": step.due_in,
        "rule": step.case,
        "journey": context.journey,
        "step": step.key,
    }
    columns |= {name: pa.array([value] * runs.num_rows, pa.string()) for name, value in told.items()}
    care.open_cases(tx, batch, pa.table(columns), context.catalog)
    return moves(runs, "opened", context.following, variables=_told(tx, runs, opened))


def _told(tx: Tx, runs: pa.Table, opened: Sequence[str]) -> pa.Array:
    """What later steps know of a run, with its case: that of its person, where the rule allows one."""
    kept = care.kept_cases(tx, opened)
    variables = [
        json.dumps({**json.loads(known), "case": kept.get(case_id, case_id)}, sort_keys=True)
        for known, case_id in zip(runs["variables"].to_pylist(), opened, strict=True)
    ]
    return pa.array(variables, pa.string())


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    return moves(runs, "opened", context.following)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, CaseStep)
    yield from place.length("due", step.due)
    rules = [document.key for document in place.catalog.all("case_rule")]
    if rules and not place.catalog.has("case_rule", step.case):
        problem = place.problem(
            "case", "NO_CASE_RULE", f"there is no case rule {step.case!r}; its cases get no playbook and no team",
            suggestion(step.case, rules, what="case rules"),
        )  # fmt: skip
        yield Problem(problem.code, problem.message, problem.thing, problem.where, problem.next_step, "warning")


KIND = StepKind(
    "case",
    CaseStep,
    _advance,
    _check,
    foresee=_foresee,
    unforeseen="what the team would have found, and when they would have closed their cases, is not known",
)
