"""``issue``: what goes wrong for people, before they complain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import identify
from foretell.care import issues
from foretell.cli.cases import when
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import cut, right, say, table

app = typer.Typer(help="Issues: what goes wrong for people, before they complain.")


@app.callback()
def group() -> None:
    """Issues: what goes wrong for people, before they complain."""


@app.command("list")
def list_(
    workspace: Workspace = HERE,
    state: Annotated[str, typer.Option(help=f"{', '.join(issues.STATES)} or all.")] = "open",
    key: Annotated[str | None, typer.Option("--issue", help="Only of this document.", show_default=False)] = None,
    severity: Annotated[str | None, typer.Option(help="urgent, high, normal or low.", show_default=False)] = None,
    who: Annotated[str | None, typer.Option("--for", metavar="ID", help="Only this person's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List issues, the most pressing at the top."""
    if state != "all" and state not in issues.STATES:
        raise typer.BadParameter(f"it is one of {', '.join(issues.STATES)}, or all", param_hint="--state")
    with opened(workspace) as found:
        person = None if who is None else identify.find(found.engine, who).profile_key
        page = issues.list_issues(
            found.engine, state=None if state == "all" else state, key=key, severity=severity, profile_key=person,
            limit=limit,
        )  # fmt: skip
    if as_json:
        emit_json(asdict(page))
        return
    if not page.rows:
        say("No such issue.")
        return
    table(
        ["id", "severity", "state", cut("issue"), "detected (UTC)", "over (UTC)", "case", "person"],
        [
            (one.issue_id, one.severity, one.state, one.issue, when(one.detected_at), when(one.ended_at),
             one.case_id or ("held out" if one.arm == "held_out" else ""), one.profile_id)
            for one in page.rows
        ],
    )  # fmt: skip
    if page.total > len(page.rows):
        say(f"… {page.total - len(page.rows):,} more; --limit N shows them")


@app.command()
def overview(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show what each issue document found so far."""
    with opened(workspace) as found:
        lines = issues.overview(found.engine, found.catalog)
    if as_json:
        emit_json([asdict(line) for line in lines])
        return
    if not lines:
        say("The workspace has no issues. `foretell issue ready` lists some to begin with.")
        return
    table(
        ["issue", "severity", right("open"), right("over"), right("lapsed"), right("hours until over"), cut("who")],
        [
            (line.key, line.severity, number(line.states.get("open", 0)), number(line.states.get("cleared", 0)),
             number(line.states.get("lapsed", 0)), "" if line.median_hours is None else number(line.median_hours, 1),
             line.says)
            for line in lines
        ],
    )  # fmt: skip


@app.command()
def show(
    issue_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the issue.")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Show one issue."""
    with opened(workspace) as found:
        one = issues.issue(found.engine, issue_id)
    if as_json:
        emit_json(asdict(one))
        return
    for name, value in asdict(one).items():
        say(f"{name.replace('_', ' ')}: {'' if value is None else value}")


@app.command()
def ready(
    key: Annotated[str | None, typer.Argument(help="One of them: shows its document.", show_default=False)] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the workspace's folder issues.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """List issues to begin with, show one, or put it into the workspace."""
    known = issues.ready()
    if key is None:
        if as_json:
            emit_json([_told(one) for one in known])
        else:
            table(["issue", "title", cut("what")], [(one.key, one.title, one.description) for one in known])
        return
    if write:
        with opened(workspace) as found:
            path = issues.write_ready(found.catalog, key)
        if as_json:
            emit_json({"written": str(path)})
        else:
            say(f"{path.name} is written. `foretell apply` puts it in force.")
        return
    one = issues.ready_issue(key)
    if as_json:
        emit_json(_told(one))
    else:
        typer.echo(one.text, nl=False)


def _told(one: issues.ReadyIssue) -> dict[str, str]:
    return {"key": one.key, "title": one.title, "description": one.description, "text": one.text}
