"""``journey drain|stop|revisions|move``: how a journey ends, and which revision people follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from foretell import journey
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, instant, number
from foretell.cli.tables import heading, right, say, table
from foretell.errors import UsageError

Key = Annotated[str, typer.Argument(help="Key of the journey.")]
_BECOMES = {"same": "same step", "changed": "changed", "gone": "gone", "": ""}


def add_to(app: typer.Typer) -> None:
    """Give the group ``journey`` these commands."""
    for command in (drain, stop, revisions, move):
        app.command()(command)


def drain(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Let nobody enter any more; those inside go on, and it is over when the last is through."""
    with opened(workspace, "write") as found:
        state = journey.drain(found.engine, found.catalog, key, now=found.clock.now())
        inside = sum(one.inside for one in journey.stands(found.engine, key))
    if as_json:
        emit_json({"journey": key, "state": state.state, "changed_at": state.changed_at, "inside": inside})
    else:
        say(f"journey {key} is {state.state}; {number(inside)} inside go on")


def stop(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """End a journey for everybody now, and take back what was not sent yet."""
    with opened(workspace, "write") as found:
        ended = journey.stop_all(found.engine, found.catalog, key, now=found.clock.now())
        state = journey.state_of(found.engine, key)
    if as_json:
        emit_json({"journey": key, "state": state.state, "changed_at": state.changed_at, "ended": ended})
    else:
        say(f"journey {key} is {state.state}; it ended for {number(ended)} people")


def revisions(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show who is on which revision and at which step, and what the revision in force made of these steps."""
    with opened(workspace) as found:
        stands = journey.stands(found.engine, key)
    if as_json:
        emit_json([one.as_dict() for one in stands])
        return
    if not stands:
        say(f"Nobody is inside journey {key}, and no revision of it is in force.")
    for one in stands:
        made = f", applied {instant(one.made_at)} UTC" if one.made_at else ""
        heading(f"Revision {one.revision}{' (in force)' if one.in_force else ''}{made}")
        say(f"{number(one.inside)} inside; {number(one.held_out)} held out whose goal still counts.")
        if one.steps:
            table(
                ["step", right("people"), "in the revision in force"],
                [(step.step, number(step.people), _BECOMES[step.becomes]) for step in one.steps],
            )


def move(
    key: Key,
    from_revision: Annotated[int, typer.Option("--from-revision", min=1, help="The revision that they are on.")],
    to_revision: Annotated[int, typer.Option("--to-revision", min=1, help="The revision that they follow then.")],
    step: Annotated[
        list[str] | None, typer.Option("--step", metavar="A=B", help="Whoever is at step A goes on at step B.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Let everybody on one revision go on by another."""
    with opened(workspace, "write") as found:
        told = journey.move(
            found.engine, found.catalog, key, from_revision=from_revision, to_revision=to_revision,
            steps=pairs(step or (), "--step"), dry_run=dry_run, now=found.clock.now(),
        )  # fmt: skip
    if as_json:
        emit_json({**told.as_dict(), "dry_run": dry_run})
        return
    say(
        f"{number(told.people)} people {'would go' if dry_run else 'went'} from revision {told.from_revision} to "
        f"{told.to_revision}, with {number(told.held_out)} held out."
    )
    if told.steps:
        table(
            ["step", right("people"), "goes on at", "and"],
            [
                (one.step, number(one.people), one.to, "is asked anew" if one.asked_anew else "goes on waiting")
                for one in told.steps
            ],
        )
    for note in told.notes:
        say(note, hang=2)


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``A=B`` texts as a mapping."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise UsageError("BAD_USAGE", f"{text!r} is no pair", next_step=f"Write {option} NAME=VALUE.")
        found[name] = value
    return found
