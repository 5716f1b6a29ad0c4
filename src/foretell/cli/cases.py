"""``case``: what the team has to do for people."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from foretell import care
from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, heading, people, right, say, table

app = typer.Typer(help="Cases: what the team has to do for people, and by when.")
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the case.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this (default: your user name).", show_default=False)]
Note = Annotated[str | None, typer.Option(help="What is to be remembered.", show_default=False)]


@app.callback()
def group() -> None:
    """Cases: what the team has to do for people, and by when."""


@app.command("list")
def list_(
    workspace: Workspace = HERE,
    state: Annotated[str, typer.Option(help="open, in_progress, waiting, closed, unclosed or all.")] = "unclosed",
    owner: Annotated[str | None, typer.Option(help="Only this owner's.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, the one due first at the top."""
    with opened(workspace) as found:
        page = care.list_cases(found.engine, state=None if state == "all" else state, owner=owner, limit=limit)
    if as_json:
        emit_json(asdict(page))
        return
    rows = [
        (case.case_id, when(case.due_at), case.priority, case.state, case.owner, case.title, case.profile_id)
        for case in page.cases
    ]
    if not rows:
        say("No such case.")
        return
    table(["case", "due (UTC)", "priority", "state", "owner", cut("what"), "person"], rows)
    if page.total > len(rows):
        say(f"… {page.total - len(rows):,} more; --limit N shows them")


@app.command()
def show(case_id: Id, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show one case with its history."""
    with opened(workspace) as found:
        case = care.show(found.engine, case_id)
    _tell(case, as_json)


@app.command()
def change(
    case_id: Id,
    workspace: Workspace = HERE,
    state: Annotated[str | None, typer.Option(help="open, in_progress or waiting.", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option(help="Person or team; nobody takes it away.", show_default=False)] = None,
    priority: Annotated[str | None, typer.Option(help="urgent, high, normal or low.", show_default=False)] = None,
    due: Annotated[str | None, typer.Option(metavar="T", help="By when (ISO 8601).", show_default=False)] = None,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change whose a case is, how it stands, and by when it is due."""
    with opened(workspace, "write") as found:
        case = care.change(
            found.engine,
            case_id,
            by=by or getpass.getuser(),
            now=found.clock.now(),
            state=state,
            owner=owner,
            priority=priority,
            due_at=optional_instant(found, due),
            note=note,
        )
    _tell(case, as_json)


@app.command()
def close(
    case_id: Id,
    outcome: Annotated[str, typer.Option(help=f"What came of it: {', '.join(care.OUTCOMES)}.")],
    workspace: Workspace = HERE,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Close a case with what came of it."""
    with opened(workspace, "write") as found:
        who, now = by or getpass.getuser(), found.clock.now()
        case = care.close(found.engine, case_id, outcome=outcome, by=who, now=now, note=note)
    _tell(case, as_json)


def when(instant: object) -> str | None:
    """An instant to the minute."""
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M}"


def _tell(case: care.Case, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(case))
        return
    heading(f"{case.title}  {case.priority}, {case.state}")
    say(f"{case.case_id}, person {case.profile_id}, owner {case.owner or 'nobody'}")
    say(case.reason)
    say(f"opened {when(case.opened_at)}, due {when(case.due_at) or 'any time'} (UTC)")
    if case.closed_at is not None:
        say(f"closed {when(case.closed_at)} (UTC): {case.outcome}")
    people.out("")
    rows = [(when(one.at), one.by, one.what, one.before, one.after) for one in case.history]
    table([right("when (UTC)"), "who", "what", "before", cut("after")], rows)
