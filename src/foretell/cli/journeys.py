"""``journey``: what happens next for each person?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from foretell import journey, measure, predict
from foretell.app import Workspace as OpenWorkspace
from foretell.cli import journey_backtest, journey_entries, journey_moves, journey_people, journey_ready
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import heading, right, say, table
from foretell.condition import parse
from foretell.journey import JourneyReport, JourneyState

app = typer.Typer(help="Journeys: start, pause, what they did.")
Key = Annotated[str, typer.Argument(help="Key of the journey.")]


@app.callback()
def group() -> None:
    """Journeys: start, pause, what they did."""


app.command(name="backtest")(journey_backtest.run)


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the journeys, and how many people went through."""
    with opened(workspace) as found:
        lines = journey.list_journeys(found.engine, found.catalog, now=found.clock.now())
    if as_json:
        emit_json([vars(line) for line in lines])
        return
    table(
        ["key", "state", right("entered"), right("active"), right("held out"), right("goal"), "title"],
        [
            (x.journey, x.state, number(x.entered), number(x.active), number(x.held_out), number(x.goal), x.title)
            for x in lines
        ],
    )


@app.command()
def start(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Let an applied journey run; before that it does nothing."""
    with opened(workspace, "write") as found:
        state = journey.start(found.engine, found.catalog, key, now=found.clock.now())
    _show_state(state, as_json)


@app.command()
def pause(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Stop a journey where it is; start goes on from there."""
    with opened(workspace, "write") as found:
        state = journey.pause(found.engine, found.catalog, key, now=found.clock.now())
    _show_state(state, as_json)


@app.command()
def report(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Say what a journey did: people, steps, messages, and what it changed."""
    with opened(workspace) as found:
        now = found.clock.now()
        told = journey.report(found.engine, found.catalog, key, now=now)
        lift = measure.journey_lift(found.engine, found.catalog, key, now=now)
        doubts = _doubts(found, key)
    if as_json:
        emit_json({**told.as_dict(), "lift": lift.as_dict(), "scores": doubts})
        return
    _show(told)
    for words in doubts:
        say(words, hang=2)
    say("")
    say(lift.verdict)
    for note in lift.notes:
        say(note)


@app.command()
def enter(
    key: Key,
    who: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Identifier, e.g. email:ann@customers.example, or a public id.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help="What the run may read as event.NAME.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Instead of ID: a file with one identifier a line.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--key", help="The same for the same wish, however often it is said.")
    ] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Let people into a journey whose trigger is {api: true}; they enter at its next tick."""
    wishes = journey_entries.wishes(who, given or [], file, idempotency_key)
    with opened(workspace, "write") as found:
        now = found.clock.now()
        answers = [
            answer
            for part in journey_entries.parts(wishes)
            for answer in journey.ask(found.engine, found.catalog, key, part, now=now)
        ]
    if as_json:
        emit_json([asdict(answer) for answer in answers])
    else:
        journey_entries.show(key, answers)
    if any(answer.state in ("unknown", "ambiguous") for answer in answers):
        raise typer.Exit(1 if file is not None else 2)


@app.command()
def ready(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="Key of a ready journey.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put its documents into the workspace's files.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """List the ready journeys, show one with its templates and offers, or write it into the workspace."""
    if key is None:
        journey_ready.show_all(journey.ready_journeys(), as_json)
    elif not write:
        journey_ready.show(journey.ready_journey(key), as_json)
    else:
        with opened(workspace) as found:
            journey_ready.show_written(journey.write_ready(found.catalog, key), key, as_json)


def _doubts(found: OpenWorkspace, key: str) -> list[str]:
    """What is to be said of the scores that people enter by; of a journey that was taken out, nothing."""
    if not found.catalog.has("journey", key):
        return []
    enter = journey.spec_of(found.catalog.get("journey", key)).enter
    if enter is None:
        return []
    tree = parse(enter, journey=True)
    return predict.trust_words(found.engine, found.catalog, tree, as_of=found.clock.now())


def _show_state(state: JourneyState, as_json: bool) -> None:
    if as_json:
        emit_json({"journey": state.journey, "state": state.state, "changed_at": state.changed_at})
    else:
        say(f"journey {state.journey} is {state.state}")


def _show(told: JourneyReport) -> None:
    heading(f"{told.title} ({told.state})")
    say(
        f"{number(told.entered)} entered: {number(told.treated)} treated, {number(told.held_out)} held out. "
        f"{number(told.active)} on their way, {number(told.done)} through, {number(told.left)} left early"
        f"{f', {number(told.stopped)} stopped' if told.stopped else ''}. "
        f"Goal: {number(told.goal['treated'])} of the treated, {number(told.goal['held_out'])} of the held out."
    )
    refused = ", ".join(f"{number(count)} {reason}" for reason, count in sorted(told.refused.items()))
    say(f"{number(told.sent)} messages sent" + (f"; not sent: {refused}." if refused else "."))
    if told.waiting:
        say(f"{number(told.waiting)} were let in and wait for the next tick, or for the cap on entries.")
    if told.contaminated:
        say(f"{number(told.contaminated)} runs are of people with runs of both arms and are left out of analyses.")
    say("")
    table(
        ["step", "kind", right("came"), right("here"), "what happened"],
        [
            (
                step.node.key,
                step.node.kind,
                number(step.arrived),
                number(step.here),
                ", ".join(f"{number(count)} {outcome}" for outcome, count in step.outcomes.items()),
            )
            for step in told.steps
        ],
    )


journey_moves.add_to(app)
journey_people.add_to(app)
