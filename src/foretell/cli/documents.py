"""``init``, ``doctor``, ``plan``, ``apply``, ``schema``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from foretell import app as wiring
from foretell import definitions, predict
from foretell.cli.identities import show_preview
from foretell.cli.opening import TakenByServer, root_of, workspace_at
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, tell
from foretell.cli.tables import say, table
from foretell.condition import SCHEMAS, condition_schema
from foretell.definitions import Change, Finding, ListChange, Plan, Problem, WorkspaceSettings
from foretell.errors import UsageError
from foretell.web import presence_among, presence_in

_SIGNS = {"added": "+", "changed": "~", "removed": "-", "unchanged": " "}


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    for command in (init, doctor, plan, apply, schema):
        app.command()(command)


def init(
    directory: Annotated[Path, typer.Argument(help="Folder of the new workspace; made where it is missing.")],
    as_json: AsJson = False,
) -> None:
    """Write a small workspace to start from."""
    written = definitions.init(directory)
    if as_json:
        emit_json({"workspace": directory, "files": [path.relative_to(directory) for path in written]})
        return
    say(f"A workspace lies in {directory}:")
    for path in written:
        say(f"{path.relative_to(directory)}", indent=2)
    say("")
    say(f"Next: foretell import FILE.jsonl --workspace {directory}")


def doctor(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Look whether a workspace is in order, and where each setting comes from."""
    served: list[TakenByServer] = []
    doubted: list[Finding] = []

    def open_stores(root: Path, _: WorkspaceSettings) -> str:
        try:
            with workspace_at(root, "write") as found:
                doubted.extend(_doubted(found))
                return f"opened; {found.engine.analytics.last_batch():,} batches applied"
        except TakenByServer as taken:
            served.extend([taken] if presence_in(taken.data) or presence_among(taken.root) else [])
            raise

    findings = [*definitions.doctor(root_of(workspace), open_stores=open_stores), *doubted]
    if served:
        raise served[0]
    if as_json:
        emit_json({"ok": all(f.ok for f in findings), "findings": [f.as_dict() for f in findings]})
    else:
        table(
            ["", "what", "found"],
            [
                ("ok" if f.ok else "!!", f.name, f"{f.detail}{'. ' + f.next_step if f.next_step else ''}")
                for f in findings
            ],
        )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _doubted(found: wiring.Workspace) -> Iterator[Finding]:
    """Predictions whose scores have not come true of late: worth knowing, and no fault of the workspace."""
    for document in found.catalog.all("prediction"):
        told = predict.trust(found.engine, found.catalog, document.key, as_of=found.clock.now())
        for words in told.warnings.values():
            yield Finding(document.name, True, words, f"Run foretell predict train {document.key}.")


def plan(
    workspace: Workspace = HERE,
    check: Annotated[bool, typer.Option("--check", help="Exit with 2 where anything would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what applying the definitions would change, and everything that is wrong with them."""
    with workspace_at(workspace, "read") as found:
        planned = wiring.plan(found)
        told = wiring.identity_preview(found)
        moves = {} if told is None else wiring.identity_moves(found, told)
    _show_problems(planned.problems)
    if as_json:
        emit_json(
            {
                "changes": [change.as_dict() for change in planned.changes if change.action != "unchanged"],
                "lists": [change.as_dict() for change in planned.lists],
                "problems": [problem.as_dict() for problem in planned.problems],
                "identity": None if told is None else told.as_dict() | {"moves": moves},
            }
        )
    else:
        _show_changes(planned)
        if told is not None:
            show_preview(told, moves)
    if any(problem.severity == "error" for problem in planned.problems):
        raise typer.Exit(2)
    if check and not planned.empty:
        raise typer.Exit(2)


def apply(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Put the definitions of the workspace's files in force; twice changes nothing."""
    with workspace_at(workspace, "write") as found:
        lists = definitions.list_changes(found.catalog.lists, found.engine.ops)
        made = wiring.apply(found)
    if as_json:
        told = {"changes": [change.as_dict() for change in made], "lists": [change.as_dict() for change in lists]}
        emit_json(told)
        return
    for change in made:
        _show_change(change)
    _show_lists(lists)
    many = len(made) + len(lists)
    say(f"{many} applied" if many else "Nothing to change.")


def schema(
    kind: Annotated[str, typer.Argument(help="Kind of document, e.g. segment; or condition.")],
    draft: Annotated[bool, typer.Option("--draft", help="The loose schema of a draft, e.g. of a journey.")] = False,
    _as_json: AsJson = True,
) -> None:
    """Print the JSON schema of a kind of document, or of a condition, for editors."""
    if kind == "condition":
        emit_json(condition_schema())
        return
    found = wiring.kind_of(kind)
    if found is None:
        names = sorted(known.name for known in wiring.KINDS)
        raise UsageError(
            "UNKNOWN_KIND",
            f"there is no kind called {kind!r}",
            next_step=definitions.suggestion(kind, names, what="kinds"),
        )
    if draft and found.draft is None:
        raise UsageError("NO_DRAFTS", f"there are no drafts of the kind {kind!r}", next_step="Leave out --draft.")
    emit_json(definitions.schema(found, SCHEMAS, draft=draft))


def _show_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        tell(f"{problem.severity}: {problem.headline}")
        if problem.next_step:
            tell(f"  {problem.next_step}")


def _show_changes(planned: Plan) -> None:
    changes = [change for change in planned.changes if change.action != "unchanged"]
    for change in changes:
        _show_change(change)
    _show_lists(planned.lists)
    same, many = len(planned.changes) - len(changes), len(changes) + len(planned.lists)
    say(f"{many} to change, {same} unchanged" if many else f"Nothing to change ({same} in force).")


def _show_lists(lists: Iterable[ListChange]) -> None:
    for change in lists:
        say(f"{_SIGNS[change.action]} {change.name}  {change.file}  {change.rows:,} rows", hang=4)


def _show_change(change: Change) -> None:
    impact = f"  → {change.impact}" if change.impact else ""
    say(f"{_SIGNS[change.action]} {change.name}  {change.where}{impact}", hang=4)
    for field in change.fields:
        say(f"{field.path}: {field.before} → {field.after}", indent=4, hang=2)
