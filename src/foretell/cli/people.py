"""``profile``: one person; merging, splitting and explaining stand in :mod:`.identities`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from foretell import identify, profile
from foretell.cli import identities, matching
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, heading, people, say, table

app = typer.Typer(help="One person: identifiers, traits, timeline.")
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
        person = profile.show(
            found.engine,
            identify.find(found.engine, identifier),
            events=events,
            rules=profile.survivorship_of(found.catalog),
            at=found.clock.now(),
            purposes=profile.purposes_of(found.catalog),
        )
    if as_json:
        emit_json(asdict(person))
        return
    heading(f"{person.profile_id}  {person.events:,} event{'' if person.events == 1 else 's'}")
    if person.first_seen is not None and person.last_seen is not None:
        say(f"first seen {person.first_seen:%Y-%m-%d %H:%M} UTC, last seen {person.last_seen:%Y-%m-%d %H:%M} UTC")
    people.out("")
    known = [(kind, ", ".join(values)) for kind, values in person.identifiers.items()]
    table(["known by", "value"], known)
    if person.told:
        people.out("")
        table(["trait", "value", "source", "told (UTC)", "others say"], [_trait(one) for one in person.told])
    if person.consents:
        people.out("")
        said = [(c.channel, c.purpose, c.state, f"{c.at:%Y-%m-%d %H:%M:%S}", c.source) for c in person.consents]
        table(["consent", "for", "state", "since (UTC)", "source"], said)
    if person.timeline:
        people.out("")
        table(
            ["when (UTC)", "event", "source", cut("properties")],
            [(f"{e.at:%Y-%m-%d %H:%M:%S}", e.event, e.source, brief(e.properties)) for e in person.timeline],
        )
    if len(person.timeline) < person.events:
        say(f"… {person.events - len(person.timeline):,} earlier; --events N shows more")


identities.add_to(app)
matching.add_to(app)


def _trait(one: profile.TraitTold) -> tuple[object, ...]:
    """A trait with who told it and what others say instead."""
    value = f"{one.value} (verified)" if one.verified else one.value
    others = "; ".join(f"{other.value} ({other.source or 'unknown'}, {other.at:%Y-%m-%d})" for other in one.others)
    return one.name, value, one.source or "unknown", f"{one.at:%Y-%m-%d %H:%M}", others


def brief(properties: str) -> str:
    """An event's properties in few words: ``order_id 536791, revenue 44.4, products × 2``."""
    told = json.loads(properties)
    return ", ".join(
        f"{name} × {len(value)}" if isinstance(value, list | dict) else f"{name} {value}"
        for name, value in told.items()
        if value is not None
    )
