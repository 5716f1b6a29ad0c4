"""``case loop``, ``case ready`` and ``case held``: how the loop is closed, rules that open cases by themselves,
and what they held back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, get_args

import typer

from foretell import care
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import cut, heading, people, right, say, table
from foretell.listen import loop
from foretell.stats import Interval

_NUMBERS = ("cases", "open", "hours to contact", "hours to close", "asked again", "score after less before")
_BYS = ", ".join(get_args(loop.By))


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of cases."""
    app.command("loop")(loop_)
    app.command()(ready)
    app.command()(held)


def loop_(
    workspace: Workspace = HERE,
    survey: Annotated[str | None, typer.Option(help="Only about this survey.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this case rule.", show_default=False)] = None,
    by: Annotated[str | None, typer.Option(help=f"Also split by: {_BYS}.", show_default=False)] = None,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="So many days back.")] = 365,
    as_json: AsJson = False,
) -> None:
    """Show how the loop is closed: who waits, how long cases take, what went with closing them."""
    if by is not None and by not in loop.BYS:
        raise typer.BadParameter(f"it is one of {_BYS}", param_hint="--by")
    with opened(workspace) as found:
        now = found.clock.now()
        asked = loop.LoopQuery(now - timedelta(days=days), survey, rule, by)
        told = loop.loop_report(found.engine, found.catalog, asked, now=now)
    if as_json:
        emit_json(asdict(told))
        return
    prompt, effect = told.promptness, told.effect
    heading(f"{prompt.waiting:,} of {prompt.answers:,} people who were unhappy wait for a word")
    if prompt.waiting_without_case:
        say(f"for {prompt.waiting_without_case:,} of them there is no case")
    say(f"spoken with within 24 hours {share(prompt.within_24h)}, within 48 hours {share(prompt.within_48h)}")
    people.out("")
    table(["group", *map(right, _NUMBERS)], [_line(one) for one in (told.whole, *told.groups)])
    people.out("")
    if effect.verdict:
        say(f"Effect of closing on leaving: {effect.verdict.lower()}. {effect.why}")
    else:
        say(
            f"Of people whose case was closed in {effect.within_days} days {effect.closed_left:.1%} left within "
            f"{effect.horizon_days} days, of comparable others {effect.others_left:.1%}: {share(effect.difference)}"
        )
    say(effect.label)


def held(
    rule: Annotated[str | None, typer.Argument(help="Of this case rule alone.", show_default=False)] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open what RULE held back, all of it.")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="Open none of what RULE held back.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what case rules held back since it was too much for a day; open it, or leave it."""
    if open_ and leave:
        raise typer.BadParameter("either --open or --leave", param_hint="--leave")
    if rule is None and (open_ or leave):
        raise typer.BadParameter("name the case rule", param_hint="RULE")
    with opened(workspace, "write" if open_ or leave else "read") as found:
        done = 0
        if rule is not None and open_:
            done = care.open_held(found.engine, found.catalog, found.reader, rule, now=found.clock.now())
        elif rule is not None and leave:
            done = care.leave_held(found.engine, found.catalog, rule)
        told = {key: count for key, count in care.held_back(found.engine).items() if rule in (None, key)}
    if as_json:
        emit_json({"held": told, "done": done})
        return
    if open_ or leave:
        say(f"{done:,} cases are {'opened' if open_ else 'left'}")
    elif told:
        table(["rule", right("held back")], [(key, number(count)) for key, count in told.items()])
        say("`foretell case held RULE --open` opens them, `--leave` does not.")
    else:
        say("Nothing is held back.")


def ready(
    key: Annotated[str | None, typer.Argument(help="One of them: shows its document.", show_default=False)] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the workspace's folder case_rules.")] = False,
    team: Annotated[str | None, typer.Option(help="Whose the cases are.", show_default=False)] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """List case rules to begin with, show one, or put it into the workspace."""
    known = care.ready_rules()
    if key is None:
        if as_json:
            emit_json([_told(one) for one in known])
        else:
            table(["rule", "title", cut("what")], [(one.key, one.title, one.description) for one in known])
        return
    if not write:
        one = care.ready_rule(key)
        if as_json:
            emit_json(_told(one))
        else:
            typer.echo(one.text, nl=False)
        return
    with opened(workspace) as found:
        path, fitted = care.write_ready_rule(found.catalog, key, team)
        teams = sorted(found.catalog.settings.care.teams)
    if as_json:
        emit_json({"written": str(path), "team": fitted.team})
        return
    say(f"{path.name} is written. `foretell apply` puts it in force.")
    if fitted.team is None:
        known_teams = f" ({', '.join(teams)})" if teams else " under care.teams in foretell.yaml"
        say(f"It names no team; give it one{known_teams}, or its cases wait for whoever takes them.")


def hours(one: Interval) -> str:
    """A median of hours with its bounds."""
    if one.value != one.value:
        return "" if one.low != one.low else f"over {number(one.low, 1)}"
    high = "…" if one.high != one.high else number(one.high, 1)
    low = "0" if one.low != one.low else number(one.low, 1)
    return f"{number(one.value, 1)} ({low} to {high})"


def share(one: Interval) -> str:
    """A share with its bounds."""
    return "not yet known" if one.value != one.value else f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def _line(one: loop.Times) -> tuple[object, ...]:
    change = one.score_change
    told = "" if change.value != change.value else f"{change.value:+.1f}"
    if told and change.low == change.low:
        told += f" ({change.low:+.1f} to {change.high:+.1f})"
    again = "" if one.recontact.value != one.recontact.value else share(one.recontact)
    return (
        one.group or "all", number(one.cases), number(one.open), hours(one.contact_hours), hours(one.close_hours),
        again, told,
    )  # fmt: skip


def _told(one: care.ReadyRule) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("key", "title", "description", "needs", "text")}
