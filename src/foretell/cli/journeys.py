"""``journey``: what happens next for each person?"""

from __future__ import annotations

from typing import Annotated

import typer

from foretell import journey, measure, predict
from foretell.app import Workspace as OpenWorkspace
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


def _doubts(found: OpenWorkspace, key: str) -> list[str]:
    """What is to be said of the scores that people enter by; of a journey that was taken out, nothing."""
    if not found.catalog.has("journey", key):
        return []
    tree = parse(journey.spec_of(found.catalog.get("journey", key)).enter)
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
        f"{number(told.active)} on their way, {number(told.done)} through, {number(told.left)} left early. "
        f"Goal: {number(told.goal['treated'])} of the treated, {number(told.goal['held_out'])} of the held out."
    )
    refused = ", ".join(f"{number(count)} {reason}" for reason, count in sorted(told.refused.items()))
    say(f"{number(told.sent)} messages sent" + (f"; not sent: {refused}." if refused else "."))
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
