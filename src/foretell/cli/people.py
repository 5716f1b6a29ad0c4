"""``profile``: one person."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import identify, profile
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, people, table

app = typer.Typer(help="One person: identifiers, traits, timeline.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, e.g. user_id:17850, or the bare value.")]


@app.callback()
def group() -> None:
    """One person: identifiers, traits, timeline."""


@app.command()
def show(
    identifier: Who,
    workspace: Workspace = HERE,
    events: Annotated[int, typer.Option(help="Length of the timeline.", min=0, max=10_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what is known of a person."""
    with opened(workspace) as found:
        person = profile.show(found.engine, identify.find(found.engine, identifier), events=events)
    if as_json:
        emit_json(asdict(person))
        return
    people.print(f"[bold]{person.profile_id}[/bold]  {person.events:,} events")
    people.print(
        f"first seen {person.first_seen:%Y-%m-%d %H:%M} UTC, last seen {person.last_seen:%Y-%m-%d %H:%M} UTC\n"
    )
    for kind, values in person.identifiers.items():
        people.print(f"{kind}: {', '.join(values)}", markup=False)
    for name, value in person.traits.items():
        people.print(f"{name}: {value}", markup=False)
    people.print()
    table(
        ["when (UTC)", "event", "source", "properties"],
        [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.event, e.source, e.properties[:120]) for e in person.timeline],
    )
