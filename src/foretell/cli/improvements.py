"""``improvement``: what is done about root causes, and what came of it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from foretell.cli.case_loop import hours
from foretell.cli.cases import By, me, when
from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import cut, heading, right, say, table
from foretell.listen import loop
from foretell.stats import Interval

app = typer.Typer(help="Improvements: what is done about root causes, and what came of it.")
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the improvement.")]
Causes = Annotated[
    list[str] | None,
    typer.Option("--cause", metavar="CAUSE", help="A root cause; may be said again.", show_default=False),
]
Owner = Annotated[str | None, typer.Option(help="Who sees to it.", show_default=False)]
Measure = Annotated[str | None, typer.Option(help="What is done.", show_default=False)]
Touchpoint = Annotated[str | None, typer.Option(help="Where answers should get better.", show_default=False)]
Since = Annotated[str | None, typer.Option("--since", metavar="T", help="Since when it holds (ISO 8601).")]


@app.callback()
def group() -> None:
    """Improvements: what is done about root causes, and what came of it."""


@app.command("list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List improvements with cases and scores before and after."""
    with opened(workspace) as found:
        told = loop.followed(found.engine, now=found.clock.now())
    if as_json:
        emit_json([_plain(one) for one in told])
        return
    if not told:
        say("Nothing is written down yet. `foretell improvement causes` shows what lies behind cases.")
        return
    table(
        ["id", "state", cut("what"), "owner", "since (UTC)", right("cases per 1,000 before"), right("after"),
         right("score change")],
        [
            (one.improvement.improvement_id, one.improvement.state, one.improvement.title, one.improvement.owner,
             when(one.improvement.started_at), _rate(one.numbers.rate_before), _rate(one.numbers.rate_after),
             _signed(one.numbers.score_change))
            for one in told
        ],
    )  # fmt: skip
    say(told[0].numbers.label)


@app.command()
def causes(
    workspace: Workspace = HERE,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="So many days back.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Show root causes of cases, the most frequent first."""
    with opened(workspace) as found:
        now = found.clock.now()
        told = loop.causes(found.engine, found.catalog, since=now - timedelta(days=days), now=now)
    if as_json:
        emit_json({"rows": [asdict(one) for one in told.rows], "unnamed": told.unnamed})
        return
    if told.rows:
        table(
            ["root cause", right("cases"), right("open"), right("share"), right("hours to close"), "improvements"],
            [
                (one.root_cause, number(one.cases), number(one.open), f"{one.share:.0%}", hours(one.close_hours),
                 ", ".join(one.improvements))
                for one in told.rows
            ],
        )  # fmt: skip
    say(f"{told.unnamed:,} closed cases have no root cause")


@app.command()
def add(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What gets better.")],
    cause: Causes = None,
    workspace: Workspace = HERE,
    owner: Owner = None,
    measure: Measure = None,
    touchpoint: Touchpoint = None,
    since: Since = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is done about root causes."""
    with opened(workspace, "write") as found:
        asked = loop.ImprovementChange(
            title, owner, measure, touchpoint, tuple(cause or ()), optional_instant(found, since)
        )
        now = found.clock.now()
        made = loop.improve(found.engine, asked, by=by or me(), now=now)
        told = loop.follow(found.engine, made, now)
    _tell(told, as_json)


@app.command()
def change(
    improvement_id: Id,
    workspace: Workspace = HERE,
    title: Annotated[str | None, typer.Option(help="What gets better.", show_default=False)] = None,
    cause: Causes = None,
    owner: Owner = None,
    measure: Measure = None,
    touchpoint: Touchpoint = None,
    since: Since = None,
    drop: Annotated[bool, typer.Option("--drop", help="It is given up.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change an improvement; causes that are named stand in for those before."""
    with opened(workspace, "write") as found:
        now = found.clock.now()
        asked = loop.ImprovementChange(
            title, owner, measure, touchpoint, tuple(cause) if cause else None, optional_instant(found, since),
            now if drop else None,
        )  # fmt: skip
        made = loop.change_improvement(found.engine, improvement_id, asked, by=by or me(), now=now)
        told = loop.follow(found.engine, made, now)
    _tell(told, as_json)


@app.command()
def show(improvement_id: Id, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show an improvement with what came of it."""
    with opened(workspace) as found:
        told = loop.followed_one(found.engine, improvement_id, now=found.clock.now())
    _tell(told, as_json)


@app.command()
def remove(improvement_id: Id, workspace: Workspace = HERE) -> None:
    """Take an improvement away; cases and their root causes stay."""
    with opened(workspace, "write") as found:
        loop.remove_improvement(found.engine, improvement_id)
    say("It is taken away.")


def _tell(told: loop.Followed, as_json: bool) -> None:
    if as_json:
        emit_json(_plain(told))
        return
    one, numbers = told.improvement, told.numbers
    heading(f"{one.title}  {one.state}")
    say(f"{one.improvement_id}, owner {one.owner or 'nobody'}, about {', '.join(one.root_causes)}")
    if one.measure:
        say(one.measure)
    if numbers.verdict:
        say(f"{numbers.verdict}: {numbers.why}")
    else:
        say(
            f"cases per 1,000 {numbers.per}: {_rate(numbers.rate_before)} in the {number(numbers.days)} days before, "
            f"{_rate(numbers.rate_after)} after"
        )
        if numbers.measure:
            say(f"{numbers.measure}: {_signed(numbers.score_change)}")
    say(numbers.label)


def _plain(one: loop.Followed) -> dict[str, object]:
    return {**asdict(one.improvement), "state": one.improvement.state, "numbers": asdict(one.numbers)}


def _rate(one: Interval) -> str:
    return "" if one.value != one.value else f"{number(one.value, 1)} ({number(one.low, 1)} to {number(one.high, 1)})"


def _signed(one: Interval) -> str:
    if one.value != one.value:
        return ""
    bounds = "" if one.low != one.low else f" ({one.low:+.1f} to {one.high:+.1f})"
    return f"{one.value:+.1f}{bounds}"
