"""What the files of a workspace say: what is wrong with them, what applying them would change, and applying them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from foretell import (
    care,
    collect,
    definitions,
    deliver,
    identify,
    journey,
    measure,
    profile,
    segment,
)
from foretell.app.people import identity_preview
from foretell.app.workspace import Workspace
from foretell.definitions import Document, Problem
from foretell.errors import UsageError


def all_problems(workspace: Workspace) -> list[Problem]:
    """Everything that is wrong or doubtful with the definitions, by what they say and by the data."""
    found = list(workspace.problems)
    now = workspace.clock.now()
    for document in workspace.catalog.all("segment"):
        with suppress(UsageError):  # it leans on a document that is wrong, and that one is told
            found.extend(segment.warnings(document, workspace.reader, now))
    found.extend(deliver.lint(workspace.catalog))
    found.extend(measure.verify(workspace.engine.analytics, workspace.catalog))
    found.extend(care.problems_of(workspace.catalog))
    return definitions.in_order(found)


def impact(workspace: Workspace, document: Document) -> str:
    """The people whom an added or changed document touches, in words."""
    if document.kind == "identity":
        told = identity_preview(workspace)
        return "nobody" if told is None else f"{told.merges:,} merges, {told.splits:,} splits"
    if document.kind == "journey":
        return journey.concerned(workspace.engine, document)
    if document.kind != "segment":
        return ""
    try:
        members = segment.count(workspace.catalog, workspace.reader, document.key, as_of=workspace.clock.now())
    except UsageError:  # a problem of the plan says why
        return ""
    return f"{members:,} people" if members != 1 else "1 person"


def plan(workspace: Workspace) -> definitions.Plan:
    """What applying the workspace's files would change."""
    made = definitions.plan(
        workspace.catalog,
        workspace.engine.ops,
        problems=all_problems(workspace),
        impact=lambda document: impact(workspace, document),
    )
    journeys = [
        workspace.catalog.get("journey", change.key)
        for change in made.changes
        if change.kind == "journey" and change.action in ("added", "changed")
    ]
    places, now = (workspace.engine, workspace.catalog), workspace.clock.now()
    doubted = [problem for document in journeys for problem in journey.untrusted(*places, document, now=now)]
    return replace(made, problems=(*made.problems, *doubted))


def apply(workspace: Workspace) -> Sequence[definitions.Change]:
    """Put the workspace's files in force; raises :class:`DefinitionErrors` where they are wrong."""
    planned = plan(workspace)
    definitions.raise_errors(planned.problems)
    now = workspace.clock.now()
    definitions.apply_lists(workspace.engine, workspace.root, workspace.catalog.lists, now=now)
    with workspace.engine.ops.write() as tx:
        made = definitions.apply(planned, tx, workspace.clock.now())
    rules = identify.rules_of(workspace.catalog)
    if not identify.follows(workspace.engine.ops, rules):
        identify.reform(workspace.engine, rules, now=workspace.clock.now())
    return made


def draft_plan(
    workspace: Workspace,
    key: str,
    *,
    source: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> str:
    """The text of a tracking document that describes what sources really sent, see :func:`collect.infer_plan`."""
    within: dict[str, Any] = {"source": source, "start": start, "end": end}
    traits = profile.trait_calls(workspace.engine, **within)
    return collect.infer_plan(workspace.engine, key, traits=traits, **within)
