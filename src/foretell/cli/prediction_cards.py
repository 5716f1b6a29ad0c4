"""``predict card|drivers|send-time|send-times``: what a model is, what moves it, and when to reach people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import identify, predict
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number, share, tell_left_out
from foretell.cli.tables import heading, right, say, table

Key = Annotated[str, typer.Argument(help="Key of the prediction.")]


def add_to(app: typer.Typer) -> None:
    """Give the group ``predict`` these commands."""
    for command in (card, drivers, send_time, send_times):
        app.command()(command)


def card(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    model: Annotated[str | None, typer.Option(help="Id of an earlier model; default: the one that scores.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the model's card as Markdown: what it foresees of whom, how well, and what it cannot know."""
    with opened(workspace) as found:
        found.catalog.get("prediction", key)
        told = predict.card(found.engine, key, as_of=instant(found, as_of), model=model)
    if as_json:
        emit_json(told.as_dict())
    else:
        typer.echo(told.markdown(), nl=False)


def drivers(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    horizon: Annotated[str | None, typer.Option(help="Default: the shortest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what moves the scores of everybody, and whether that was so in earlier trainings."""
    with opened(workspace) as found:
        found.catalog.get("prediction", key)
        told = predict.dependence(found.engine, key, as_of=instant(found, as_of), horizon=horizon)
        steady = predict.steady_drivers(found.engine, key, horizon=told["horizon"])
    if as_json:
        emit_json({**told, "stability": None if steady is None else asdict(steady)})
        return
    heading(f"{key} over {told['horizon']}")
    table(
        ["feature", right("share"), "a higher value"],
        [(one["text"], share(one["share"]), "raises" if one["rises"] else "lowers") for one in told["drivers"][:15]],
    )
    if steady is not None and steady.correlation is not None:
        say(f"Drivers are {steady.verdict}: rank correlation {number(steady.correlation, 2)} with the run before.")


def send_time(
    identifier: Annotated[
        str | None, typer.Argument(metavar="ID", help="TYPE:VALUE, or the bare value; without: how good it is.")
    ] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the hour and the channel in which a person answers best, or how well later clicks were foreseen."""
    with opened(workspace) as found:
        if identifier is None:
            emit_json(dict(predict.send_time_report(found.engine)))
            return
        match = identify.find(found.engine, identifier)
        told = predict.person_send_time(found.engine, match.profile_key)
    if as_json:
        emit_json(asdict(told))
        return
    until = (told.hour + 1) % 24
    say(f"Best hour: {told.hour:02}:00 to {until:02}:00 of their clock ({share(told.chance)}; {told.sure})")
    table(
        ["channel", right("answers a message"), right("interval"), "known"],
        [
            (one.channel, share(one.expected), f"{share(one.low)} … {share(one.high)}", one.sure)
            for one in told.channels
        ],
    )


def send_times(workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Work out everybody's best hour and channel now; foretell run does it once a day."""
    with opened(workspace, "write") as found:
        made = predict.make_send_times(found.engine, found.catalog, as_of=instant(found, as_of), now=found.clock.now())
    if as_json:
        emit_json(asdict(made))
        return
    say(f"{made.people:,} people as of {made.as_of:%Y-%m-%d %H:%M} UTC")
    tell_left_out(made.left_out)
    if made.judged:
        judged = made.judged
        say(
            f"{judged['clicks']:,} clicks of the last 30 days: {share(judged['in_best_hour'])} came in the hour "
            f"foreseen, {share(judged['in_everybodys_best_hour'])} in everybody's best hour."
        )
