"""``quarantine``: rows that could not be taken in."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from foretell import collect
from foretell.cli.importing import counted
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.progress import steps
from foretell.cli.tables import cut, people, right, say, table
from foretell.collect import Chosen, ReplayReport

app = typer.Typer(help="Rows that could not be taken in; replay them when they can be.")
Source = Annotated[str | None, typer.Option("--source", metavar="KEY", help="Rows of this source only.")]
Code = Annotated[str | None, typer.Option("--code", help="Rows with this reason only.")]


class State(StrEnum):
    """Which rows are listed."""

    waiting = "waiting"
    replayed = "replayed"
    all = "all"


@app.callback()
def group() -> None:
    """Rows that could not be taken in; replay them when they can be."""


@app.command(name="list")
def list_(
    workspace: Workspace = HERE,
    source: Source = None,
    code: Code = None,
    state: Annotated[State, typer.Option("--state", help="Rows that wait, or that were replayed.")] = State.waiting,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most rows to show.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List quarantined rows with line number and reason, the latest import first."""
    chosen: collect.State | None = None if state is State.all else "waiting" if state is State.waiting else "replayed"
    with opened(workspace) as found:
        rows = collect.quarantined(found.engine, limit=limit, source=source, code=code, state=chosen)
        counts = collect.quarantine_counts(found.engine, source=source, state=chosen)
    if as_json:
        emit_json({"counts": counts, "rows": [asdict(row) for row in rows]})
        return
    if not rows:
        say("No row in quarantine is like this." if source or code else "The quarantine is empty.")
        return
    table(
        ["file", right("line"), "code", "reason", cut("row")],
        [(r.file or r.source, r.line, r.code, r.message, (r.body or "")[:100]) for r in rows],
    )
    people.out("")
    say(counted(counts), dim=True)


@app.command()
def replay(
    workspace: Workspace = HERE,
    source: Source = None,
    code: Code = None,
    ids: Annotated[list[str] | None, typer.Option("--id", help="This row; may be given several times.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read quarantined rows again, by the mapping and the plan of today; those that are good now go in."""
    chosen = Chosen(source=source, code=code, ids=tuple(ids or ()))
    with opened(workspace, "write") as found, steps() as progress:
        progress.begin("Reading again")
        report = collect.replay(found.engine, found.catalog, chosen)
    if as_json:
        emit_json(asdict(report))
        return
    _tell(report)


def _tell(report: ReplayReport) -> None:
    if not report.rows and not report.left:
        say("No row in quarantine is like this.")
        return
    rows = "1 row" if report.rows == 1 else f"{report.rows:,} rows"
    stay, events = (
        report.rows - report.replayed,
        "1 new event" if report.events == 1 else f"{report.events:,} new events",
    )
    say(f"{rows} read again: {report.replayed:,} went in, {stay:,} stay; {events}")
    if report.still:
        say("still wrong: " + counted(report.still), indent=2, hang=2)
    for reason, number in report.left.items():
        say(f"not read again: {number:,}, {reason}", indent=2, hang=2)
