"""``audience``: lists of people at advertising platforms."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import deliver
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import heading, right, say, table
from foretell.deliver import AudienceStanding
from foretell.errors import ForetellError

app = typer.Typer(help="Audiences: lists of people at advertising platforms.")
_Key = Annotated[str, typer.Argument(help="Key of the audience.")]


@app.callback()
def group() -> None:
    """Audiences: lists of people at advertising platforms."""


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the audiences: how many are in, who joins them, and what the platform says."""
    with opened(workspace) as found:
        rows = deliver.list_audiences(found.engine, found.catalog)
    if as_json:
        emit_json([_plain(row) for row in rows])
        return
    table(
        ["key", "title", "channel", "joined by", right("in"), right("matched"), "needs a look"],
        [
            (
                one.key,
                one.title,
                one.uses or one.spec.channel,
                _source(one),
                number(one.size),
                match_words(one),
                "; ".join(one.problems),
            )
            for one in rows
        ],
    )


@app.command()
def show(key: _Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show an audience: what the platform knows of its people, its lists, who came and left, erased people."""
    with opened(workspace) as found:
        standing = deliver.audience_standing(found.engine, found.catalog, key)
        days = deliver.audience_days(found.engine, key, found.clock.now())
    if as_json:
        emit_json({**_plain(standing), "days": [asdict(day) for day in days]})
        return
    heading(f"{standing.title} ({key})")
    say(f"{number(standing.size)} people are in, {number(standing.left)} were in and have left.")
    say(f"Joined by: {_source(standing)}.")
    for problem in standing.problems:
        say(f"! {problem}")
    table(
        ["the platform", right("people")],
        [(state.replace("_", " "), number(count)) for state, count in sorted(standing.states.items())],
    )
    table(
        ["list", "looked at", "state", right("reached"), right("matched"), right("told")],
        [
            (
                one.list_name,
                f"{one.at:%Y-%m-%d %H:%M}",
                one.standing,
                _between(one.size_low, one.size_high),
                _share(one.match_low, one.match_high),
                number(one.told),
            )
            for one in standing.looks
        ],
    )
    removals = standing.removals
    if removals.waiting or removals.told or removals.acknowledged:
        counts = (removals.acknowledged, removals.told, removals.waiting)
        say("Erased people: {} removals acknowledged, {} told, {} waiting.".format(*counts))
    table(
        ["day", right("joined"), right("left")],
        [(str(day.day), number(day.joined), number(day.left)) for day in days[-14:]],
    )


@app.command()
def check(key: _Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Try an audience's way to its platform; nobody is told of anybody. Ends with status 1 where something is wrong."""
    with opened(workspace, "write") as found:
        steps = deliver.check_audience(found.engine, found.catalog, key, now=found.clock.now())
    if as_json:
        emit_json([asdict(step) for step in steps])
    else:
        table(["", "what", ""], [("ok" if step.ok else "wrong", step.what, step.said) for step in steps])
    if not all(step.ok for step in steps):
        wrong = next(step for step in steps if not step.ok)
        raise ForetellError("CHECK_FAILED", f"{wrong.what}: {wrong.said}", thing=f"audience {key}")


def match_words(standing: AudienceStanding) -> str:
    """The match rate of all lists together; empty where no platform has told one."""
    rates = [one.match_low for one in standing.looks if one.match_low is not None]
    highs = [one.match_high for one in standing.looks if one.match_high is not None]
    return _share(min(rates, default=None), max(highs, default=None))


def _source(standing: AudienceStanding) -> str:
    named = [f"segment {standing.spec.segment}"] if standing.spec.segment else []
    return ", ".join([*named, *(f"journey {key}" for key in standing.journeys)]) or "nobody"


def _share(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "not yet"
    return f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"


def _between(low: int | None, high: int | None) -> str:
    told = [number(one) for one in (low, high) if one is not None]
    return " to ".join(dict.fromkeys(told))


def _plain(standing: AudienceStanding) -> dict[str, Any]:
    return {**asdict(standing), "spec": standing.spec.model_dump(mode="json")}
