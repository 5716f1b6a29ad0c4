"""``journey test|path``: one person, as it would go and as it went."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell import identify, journey
from foretell.cli.journey_moves import Key, pairs
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, instant
from foretell.cli.tables import heading, say, table

Who = Annotated[str, typer.Argument(metavar="ID", help="Identifier, e.g. email:ann@customers.example, or a public id.")]


def add_to(app: typer.Typer) -> None:
    """Give the group ``journey`` these commands."""
    app.command(name="test")(rehearse)
    app.command(name="path")(path)


def rehearse(
    key: Key,
    who: Who,
    choose: Annotated[
        list[str] | None, typer.Option("--choose", metavar="STEP=WAY", help="Take this way, whatever the step asks.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help="What the run may read as event.NAME.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="EMAIL", help="Send the e-mails to this address, not to the person.")
    ] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Play one person through on a fast clock: every step, decision and message; nothing is kept or sent."""
    with opened(workspace, "write") as found:
        match = identify.find(found.engine, who)
        told = journey.rehearse(
            found.engine, found.catalog, found.reader, key, journey.Person(match.profile_key, match.profile_id),
            choose=pairs(choose or (), "--choose"),
            variables={"event": pairs(given or (), "--with")} if given else None, now=found.clock.now(),
        )  # fmt: skip
        sent = journey.send_rehearsed(found.engine, found.catalog, told, to, now=found.clock.now()) if to else ()
    if as_json:
        emit_json({**told.as_dict(), "sent": [vars(one) for one in sent]})
        return
    _show(told)
    for one in sent:
        say(f"{one.step}: {one.outcome} for {to}" + (f" ({one.error})" if one.error else ""))


def path(key: Key, who: Who, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show the way that one person took through a journey."""
    with opened(workspace) as found:
        match = identify.find(found.engine, who)
        runs = journey.path(found.engine, key, match.profile_id, now=found.clock.now())
    if as_json:
        emit_json([one.as_dict() for one in runs])
        return
    if not runs:
        say(f"{match.profile_id} was never in journey {key}.")
    for one in runs:
        ended = f", ended {instant(one.ended_at)} UTC" if one.ended_at else ""
        heading(f"Run {one.run}: {one.state}, revision {one.revision}, {one.arm.replace('_', ' ')}{ended}")
        table(
            ["when (UTC)", "step", "what happened", "then"],
            [(instant(step.at), step.step, step.outcome, step.next or "the end") for step in one.passed],
        )


def _show(told: journey.Rehearsal) -> None:
    heading(f"{told.journey} for {told.profile_id}: ends {told.state}")
    if told.enters is False:
        say("The person does not fulfil `enter` now; this is what would happen all the same.")
    table(
        ["when (UTC)", "step", "what happens", "then"],
        [(instant(one.at), one.step, one.outcome, one.next or "the end") for one in told.steps],
    )
    for one in told.steps:
        if one.message is None:
            continue
        heading(f"{one.step}: {one.message.subject or one.message.medium}")
        say(one.message.error or one.message.text)
