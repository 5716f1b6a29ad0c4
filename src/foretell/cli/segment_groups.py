"""``segment overlap|trend|unused|review|drift|discover``: are the segments still good, and which others are there?"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from foretell import segment
from foretell.cli.opening import instant, opened, optional_instant
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number, share, tell_left_out
from foretell.cli.tables import heading, right, say, table
from foretell.definitions import parse_inline
from foretell.errors import UsageError
from foretell.stats import Interval

Key = Annotated[str, typer.Argument(help="Key of the segment.")]
Weeks = Annotated[int, typer.Option("--weeks", min=2, max=260, help="So many weeks back at most.")]


def add_to(app: typer.Typer) -> None:
    """Give the group ``segment`` these commands."""
    for command in (overlap, trend, unused, review, drift, discover):
        app.command()(command)


def overlap(workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show how many people each two segments share."""
    with opened(workspace) as found:
        keys = [document.key for document in found.catalog.all("segment")]
        inside = segment.memberships(found.catalog, found.reader, as_of=instant(found, as_of))
        told = segment.overlap(inside, keys)
    if as_json:
        emit_json({"sizes": told.sizes, "pairs": [vars(pair) for pair in told.pairs()]})
        return
    table(
        ["one", "other", right("both"), right("of one"), right("of other"), right("of either")],
        [(p.one, p.other, number(p.both), share(p.of_one), share(p.of_other), share(p.jaccard)) for p in told.pairs()],
    )


def unused(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the segments that no journey, audience or other document goes by."""
    with opened(workspace) as found:
        told = segment.unused(found.catalog)
    if as_json:
        emit_json([asdict(one) for one in told])
        return
    table(
        ["key", "title", "owner", "only in"],
        [(one.key, one.title, one.owner or "", ", ".join(use.key for use in one.only_in)) for one in told],
    )


def trend(
    key: Key,
    workspace: Workspace = HERE,
    weeks: Weeks = 53,
    as_of: AsOf = None,
    anew: Annotated[bool, typer.Option("--anew", help="Use no count that was kept before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a segment's size week by week: who joined, who left, who stayed."""
    with opened(workspace) as found:
        told = segment.trend(
            found.engine, found.catalog, found.reader, key, now=instant(found, as_of), weeks=weeks, keep=False,
            anew=anew,
        )  # fmt: skip
    if as_json:
        emit_json({"segment": told.key, "points": [vars(point) for point in told.points]})
        return
    table(
        ["at (UTC)", right("people"), right("joined"), right("left"), right("stays")],
        [
            (f"{p.at:%Y-%m-%d %H:%M}", number(p.people), number(p.joined), number(p.left), share(p.stays))
            for p in told.points
        ],
    )


def review(
    key: Annotated[str | None, typer.Argument(help="Key of the segment; without it, what is due.")] = None,
    workspace: Workspace = HERE,
    decision: Annotated[
        str | None, typer.Option("--decision", metavar="WHAT", help="Note a review: keep, tighten or retire.")
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, in your words.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who looked.")] = "team",
    next_review: Annotated[
        str | None, typer.Option("--next", metavar="DAY", help="When to look again (default: as the segment says).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List when segments are to be looked at, show a segment's reviews, or note one."""
    if key is None:
        _show_due(workspace, as_json)
        return
    with opened(workspace, "read" if decision is None else "write") as found:
        found.catalog.get("segment", key)
        if decision is not None:
            segment.record_review(
                found.engine, found.catalog, found.reader, key, by=by, decision=decision, note=note,
                next_review=_day(next_review), now=found.clock.now(),
            )  # fmt: skip
        told = segment.review_history(found.engine, key)
    if as_json:
        emit_json([one.as_dict() for one in told])
        return
    table(
        ["at (UTC)", "by", "decision", right("people"), "next", "note"],
        [
            (f"{one.at:%Y-%m-%d %H:%M}", one.by, one.decision, number(one.people), one.next_review or "", one.note)
            for one in told
        ],
    )


def drift(
    key: Key,
    workspace: Workspace = HERE,
    since: Annotated[
        str | None, typer.Option("--since", metavar="T", help="Compare with this instant (default: the last review).")
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say what has become of a segment since it was last looked at, and what to do."""
    with opened(workspace) as found:
        told = segment.drift(
            found.engine, found.catalog, found.reader, key, now=instant(found, as_of),
            since=optional_instant(found, since),
        )  # fmt: skip
    if as_json:
        emit_json(asdict(told))
        return
    heading(f"{key}: {told.advice.decision}")
    for reason in told.advice.reasons:
        say(f"{reason.words[0].upper()}{reason.words[1:]}.", indent=2, hang=2)
    say(
        f"Since {told.since:%Y-%m-%d %H:%M} UTC: {_people(told.then)} then, {told.now:,} now; {told.stayed:,} stayed, "
        f"{told.joined:,} joined, {told.lost:,} left, {told.silent:,} of them without a sign since."
    )
    if told.other_meaning:
        say("The condition is another one than at the last review; both numbers are by today's.")
    for one in told.composition:
        say(f"{one.says} PSI {_span(one.index, 2)}, by chance {one.by_chance:.2f}.", hang=2)
    _show_standing(told)


def discover(
    target: Annotated[
        str | None, typer.Argument(help="churn:90d, score:churn:90d, response …; without it, what there is.")
    ] = None,
    workspace: Workspace = HERE,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", metavar="YAML", help="Condition over the time ahead, not a target."),
    ] = None,
    population: Annotated[
        str | None, typer.Option("--population", metavar="YAML", help="Of whom, with --outcome.")
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", metavar="TIME", help="How far ahead, with --outcome.")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=1, max=3, help="Conditions in a group at most.")] = 3,
    least: Annotated[int, typer.Option("--least", min=20, help="People in a group at least.")] = 100,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one gives other halves of the people.")] = 0,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Find groups in which churn, value or response is unusual, checked on other people at a later time."""
    with opened(workspace) as found:
        if target is None and outcome is None:
            choices = segment.targets(found.catalog)
            _show_targets(choices, as_json)
            return
        asked = segment.target_from(
            found.catalog, target, outcome=_yaml(outcome, "--outcome"), population=_yaml(population, "--population"),
            horizon=horizon,
        )  # fmt: skip
        told = segment.discover(
            found.engine, found.catalog, found.reader, asked, now=instant(found, as_of), depth=depth,
            least_people=least, seed=seed,
        )  # fmt: skip
    tell_left_out(told.left_out)
    if as_json:
        emit_json(asdict(told))
        return
    _show_groups(told)


def _show_due(workspace: Workspace, as_json: bool) -> None:
    with opened(workspace) as found:
        told = segment.review_list(found.engine, found.catalog, now=found.clock.now())
    if as_json:
        emit_json([{**asdict(one), "overdue": one.overdue} for one in told])
        return
    table(
        ["key", "due", right("days"), "owner", "last", "used in"],
        [
            (
                one.key, one.due or "not in force", "" if one.days is None else f"{one.days:,}", one.owner or "",
                "" if one.last is None else f"{one.last.at:%Y-%m-%d} {one.last.decision}",
                ", ".join(f"{use.kind} {use.key}" for use in one.used_in),
            )
            for one in told
        ],
    )  # fmt: skip


def _show_standing(told: segment.Drift) -> None:
    rows = []
    for one in told.against:
        for when, standing in (("then", one.then), ("now", one.now)):
            if standing is not None:
                numbers = (number(standing.members, 2), number(standing.others, 2), _span(standing.difference, 2))
                rows.append((one.prediction, one.horizon, when, *numbers))
    if rows:
        table(["score", "over", "when", right("members"), right("others"), right("difference, 90 % interval")], rows)
    grown = [one for one in told.overlaps if one.grew]
    if grown:
        table(
            ["more alike now", right("shared then"), right("shared now")],
            [(one.key, number(one.then), number(one.now)) for one in grown],
        )


def _show_targets(choices: list[segment.TargetChoice], as_json: bool) -> None:
    if as_json:
        emit_json([vars(one) for one in choices])
    else:
        table(["target", "what it is"], [(one.name, one.words) for one in choices])


def _show_groups(told: segment.Discovery) -> None:
    say(f"{told.target.words[0].upper()}{told.target.words[1:]}.")
    say(
        f"Searched {told.people[0]:,} people as of {told.search.at:%Y-%m-%d}, {told.looked_at:,} groups; checked "
        f"{told.tested:,} of them on {told.people[1]:,} other people as of {told.check.at:%Y-%m-%d}.",
        dim=True,
    )
    if not told.groups:
        say("No group differs more than chance.")
        return
    for one in told.groups:
        heading(f"{one.direction}: {_value(one.inside.value, told)} against {_value(one.outside.value, told)}")
        level = f"{one.difference.level * 100:.1f} % interval"
        bounds = f"{_value(one.difference.low, told)} to {_value(one.difference.high, told)}"
        say(f"{_people(one.people)} now. Difference {bounds} ({level}, after correction for the choice).", indent=2)
        say(one.says, indent=2, hang=2)
        say(json.dumps(one.condition, ensure_ascii=False, default=str), indent=2, hang=2, dim=True)


def _value(value: float, told: segment.Discovery) -> str:
    return number(value, 2) if told.target.unit == "money" else share(value)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _span(one: Interval, digits: int) -> str:
    if one.low != one.low:
        return number(one.value, digits)
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _yaml(text: str | None, option: str) -> dict[str, object] | None:
    return None if text is None else parse_inline(text, option)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError("BAD_DATE", f"{text!r} is no day", next_step="Write it as 2026-12-31.") from error
