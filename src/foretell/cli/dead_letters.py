"""``messages dead`` and ``messages replay``: what was given up, and another try."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import deliver
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, instant
from foretell.cli.tables import Column, cut, right, say, table

Channel = Annotated[str | None, typer.Option("--channel", metavar="KEY", help="Only this channel's.")]
Failure = Annotated[
    deliver.Failure | None,
    typer.Option("--failure", help="transient (every try failed) or terminal (refused); default: both."),
]


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(dead)
    app.command()(replay)


def dead(
    workspace: Workspace = HERE,
    channel: Channel = None,
    failure: Failure = None,
    page: Annotated[int, typer.Option("--page", min=1, help="Fifty a page, the latest first.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List messages that were given up or refused, the latest first."""
    with opened(workspace) as found:
        shown = deliver.dead_letters(found.engine, channel=channel, failure=failure, page=page)
    if as_json:
        emit_json(asdict(shown))
        return
    columns: list[str | Column] = ["message", "ended (UTC)", "channel", "to", "failure", right("tries"), cut("why")]
    rows = [
        (
            row["message_id"],
            instant(row["ended_at"]) if row["ended_at"] else "",
            row["channel"],
            row["address"],
            row["failure"] or "",
            row["attempts"],
            row["error"] or "",
        )
        for row in shown.rows
    ]
    table(columns, rows)
    say(f"{len(rows)} of {shown.total} messages", dim=True)


def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Of messages; without any, all.")] = None,
    workspace: Workspace = HERE,
    channel: Channel = None,
    failure: Failure = None,
    as_json: AsJson = False,
) -> None:
    """Put messages that were given up through the gate again; those that may go are sent by the next run or server."""
    with opened(workspace, "write") as found:
        sending = deliver.Sending(found.catalog, found.clock.now())
        report = deliver.replay(found.engine, sending, ids or (), channel=channel, failure=failure)
    if as_json:
        emit_json(asdict(report))
        return
    say(f"{report.queued} will go now, {report.deferred} later, since it is quiet.")
    for reason, number in sorted(report.refused.items()):
        say(f"{number} may not go: {reason.replace('_', ' ')}.")
    if report.alive:
        say(f"{report.alive} are not given up.")
