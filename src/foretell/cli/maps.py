"""``map``: journey maps: stages, who goes on, where people stop, what they meet."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.tables import Column, cut, heading, right, say, table
from foretell.measure import maps

app = typer.Typer(help="Journey maps: stages, who goes on, where people stop, what they meet.")
_DAY_HOURS = 24


@app.callback()
def group() -> None:
    """Journey maps: stages, who goes on, where people stop, what they meet."""


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the maps."""
    with opened(workspace) as found:
        lines = maps.list_maps(found.catalog)
    if as_json:
        emit_json([asdict(line) for line in lines])
        return
    if not lines:
        say("The workspace has no maps. `foretell map ready` lists some to begin with.")
        return
    table(
        ["map", "title", cut("stages"), right("touchpoints")],
        [(line.key, line.title, " → ".join(line.stages), number(line.touchpoints)) for line in lines],
    )


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Key of the map.")],
    workspace: Workspace = HERE,
    since: Annotated[str | None, typer.Option("--from", metavar="T", help="Begin of the window.")] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="T", help="End of the window: the instant of all that stands.")
    ] = None,
    segment: Annotated[str | None, typer.Option("--segment", metavar="KEY", help="Members of a segment only.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="DIMENSION", help="segment or persona: each of them beside.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a map: people by stage, who goes on, how long it takes, and what they meet."""
    with opened(workspace) as found:
        told = maps.show(
            found.engine, found.reader, found.catalog, key, now=found.clock.now(),
            since=optional_instant(found, since), until=optional_instant(found, until), segment=segment, by=by,
        )  # fmt: skip
    if as_json:
        emit_json(maps.as_dict(told))
        return
    heading(f"{told.title}, {told.since:%d %b %Y} to {told.until:%d %b %Y}")
    _stages(told)
    _touchpoints(told)
    _groups(told)
    for note in told.notes:
        say(note, dim=True)


@app.command()
def ready(
    key: Annotated[str | None, typer.Argument(help="One of them: shows its document.", show_default=False)] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the workspace's folder maps.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """List maps to begin with, show one, or put it into the workspace."""
    known = maps.ready()
    if key is None:
        if as_json:
            emit_json([_told(one) for one in known])
        else:
            table(["map", "title", cut("what")], [(one.key, one.title, one.description) for one in known])
        return
    if write:
        with opened(workspace) as found:
            path = maps.write_ready(found.catalog, key)
        if as_json:
            emit_json({"written": str(path)})
        else:
            say(f"{path.name} is written. `foretell apply` puts it in force.")
        return
    one = maps.ready_map(key)
    if as_json:
        emit_json(_told(one))
    else:
        typer.echo(one.text, nl=False)


def _told(one: maps.ReadyMap) -> dict[str, str]:
    return {"key": one.key, "title": one.title, "description": one.description, "text": one.text}


def _stages(told: maps.JourneyMap) -> None:
    columns: list[str | Column] = [
        "stage", right("people"), right("came"), right("went on"), right("stopped"), right("not yet"),
        right("share going on"), right("90 % interval"), right("within"), right("half by"), right("without it"),
        right("feeling"),
    ]  # fmt: skip
    table(columns, [_stage(one) for one in told.stages])


def _stage(one: maps.StageReading) -> tuple[str, ...]:
    going, course = one.going, one.going.course
    head = (one.title, number(one.people), number(course.entered))
    feeling = _voice(one.feeling) if one.feeling else ""
    if going.reason == "last":
        return (*head, "", "", "", "", "", "", "", "", feeling)
    rate = going.share
    return (
        *head, number(course.next + course.skipped), number(course.stopped), number(course.not_yet),
        "not yet" if rate is None else share(rate.value),
        "" if rate is None else f"{share(rate.low)} … {share(rate.high)}",
        "" if rate is None else _span(going.within_hours) + ("" if going.whole else " so far"),
        "" if going.median_hours is None else _span(going.median_hours.value),
        number(one.missed), feeling,
    )  # fmt: skip


def _touchpoints(told: maps.JourneyMap) -> None:
    if not told.touchpoints:
        return
    heading("Touchpoints")
    lanes, stages = dict(told.lanes), {one.key: one.title for one in told.stages}
    table(
        ["touchpoint", "stage", "lane", right("people"), right("times"), right("people before"), right("open cases"),
         right("open issues"), "what they say"],
        [
            (one.title, stages[one.stage], lanes[one.lane], number(one.people), number(one.volume),
             number(one.people_before), number(one.open_cases), number(one.open_issues),
             ", ".join(f"{voice.title} {_voice(voice)}" for voice in one.voices))
            for one in told.touchpoints
        ],
    )  # fmt: skip


def _groups(told: maps.JourneyMap) -> None:
    if not told.groups:
        return
    heading(f"By {told.by}: people, and share going on")
    columns: list[str | Column] = [told.by, *(right(one.title) for one in told.stages)]
    table(columns, [(one.title, *(_of_group(one, stage.key) for stage in told.stages)) for one in told.groups])


def _of_group(one: maps.Group, stage: str) -> str:
    rate = one.going[stage].share
    people = number(one.people[stage])
    return people if rate is None else f"{people}, {share(rate.value)}"


def _voice(voice: maps.Voice) -> str:
    if voice.value is None:
        return "not yet"
    rate = voice.value
    if voice.unit == "share":
        return f"{share(rate.value)} ({share(rate.low)} … {share(rate.high)})"
    places = 0 if voice.unit == "points" else 2
    return f"{number(rate.value, places)} ({number(rate.low, places)} … {number(rate.high, places)})"


def _span(hours: float) -> str:
    """A length of time in the unit that fits."""
    if hours < 1:
        return f"{number(hours * 60)} min"
    return f"{number(hours, 1)} h" if hours < 2 * _DAY_HOURS else f"{number(hours / _DAY_HOURS, 1)} d"
