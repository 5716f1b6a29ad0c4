"""``survey report``: what people said, how sure that is, whether it changed and who stayed silent."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.tables import cut, heading, right, say, table
from foretell.listen import scores
from foretell.stats import LEVEL

INTERVAL = f"{100 * LEVEL:.0f} % interval"


def report(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the survey.")],
    workspace: Workspace = HERE,
    since: Annotated[str | None, typer.Option("--from", metavar="T", help="Begin of the window.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="T", help="End of the window, not included.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="DIMENSION", help=f"One of {', '.join(scores.DIMENSIONS)}.")
    ] = None,
    segment: Annotated[str | None, typer.Option("--segment", metavar="KEY", help="Members of a segment only.")] = None,
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="KEY", help="Another than the survey asks first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a survey's scores with intervals, as answered and weighted for who stayed silent, and how they changed."""
    with opened(workspace) as found:
        now, engine, catalog = found.clock.now(), found.engine, found.catalog
        query = scores.ScoreQuery(key, measure, optional_instant(found, since), optional_instant(found, until), segment)
        asked = scores.asked_of(engine, catalog, query, now=now)
        told = scores.score(engine, catalog, query, now=now)
        moved = scores.change(engine, asked.whose, asked.window)
        split = None if by is None else scores.groups(engine, catalog, asked.whose, asked.window, by, now=now)
        aims = scores.targets(engine, catalog, asked, now=now)
    if as_json:
        emit_json(
            {
                **scores.plain(told),
                "change": scores.plain(moved),
                "groups": None if split is None else scores.plain(split),
                "targets": [scores.plain(one) for one in aims],
            }
        )
        return
    _scores(told)
    _change(moved)
    if split is not None:
        _groups(split)
    for aim in aims:
        _target(aim)
    for note in (told.weighting.words, *told.notes, *(split.notes if split else ())):
        say(note, dim=True)


def _scores(told: scores.ScoreReport) -> None:
    window = told.window
    heading(f"{told.title}, {window.since:%Y-%m-%d} to {window.until:%Y-%m-%d}")
    rows = [("as answered", one) for one in told.scores] + [("weighted", one) for one in told.weighted]
    table(
        ["figure", "", right("score"), right(INTERVAL), right("people"), right("answers"), right("worth")],
        [
            (one.title, how, shown(one.value, one.unit), interval(one.low, one.high, one.unit), number(one.people),
             number(one.answers), number(one.effective))
            for how, one in rows
        ],
    )  # fmt: skip
    if told.bands:
        say(" · ".join(f"{share(band.share)} {band.title}" for band in told.bands))
    rate = told.weighting.rate
    if rate is not None:
        whom = "asked" if told.weighting.frame == "asked" else "with an order"
        answered, asked = number(told.weighting.answered), number(told.weighting.asked)
        say(f"{answered} of {asked} people {whom} answered ({share(rate)}).")


def _change(moved: scores.Change) -> None:
    unit = moved.figure.unit
    if moved.total is None or moved.opinions is None or moved.answering is None:
        say("Change against the window before: not yet.")
        return
    parts: list[tuple[str, scores.Part, str]] = [
        ("change against the window before", moved.total, ""),
        ("opinions moved", moved.opinions, ""),
        ("who answered changed", moved.answering, ""),
    ]
    if moved.panel is not None:
        parts.append(("those who answered both times", moved.panel, number(moved.panel_people)))
    table(
        ["", right("points" if unit == "points" else "difference"), right(INTERVAL), "", right("people")],
        [
            (name, signed(part.value, unit), f"{signed(part.low, unit)} … {signed(part.high, unit)}",
             "real change" if part.is_real else "may be chance", people)
            for name, part, people in parts
        ],
    )  # fmt: skip


def _groups(split: scores.Groups) -> None:
    unit = split.figure.unit
    table(
        [cut(split.dimension), right("score"), right(INTERVAL), right("people"), right("drawn to all"), ""],
        [
            (one.title, shown(one.score.value, unit), interval(one.score.low, one.score.high, unit),
             number(one.score.people), shown(one.drawn, unit), "differs" if one.differs else "")
            for one in split.groups
        ],
    )  # fmt: skip


def _target(aim: scores.TargetReading) -> None:
    unit = aim.figure.unit
    way = "" if aim.projected is None else (
        f" They lead to {shown(aim.projected, unit)} ({interval(aim.low, aim.high, unit)})."
    )  # fmt: skip
    say(f"Target {shown(aim.goal, unit)} by {aim.due:%Y-%m-%d}. {aim.words}{way}")


def shown(value: float | None, unit: str) -> str:
    """A score in its unit."""
    if unit == "share":
        return share(value)
    return number(value, 1 if unit == "points" else 2)


def signed(value: float, unit: str) -> str:
    """A change in its unit; of shares in points."""
    size = f"{100 * value:+.1f} pts" if unit == "share" else f"{value:+.{1 if unit == 'points' else 2}f}"
    return size.replace("-", "−")


def interval(low: float | None, high: float | None, unit: Any) -> str:
    """Bounds in their unit; nothing where there are none."""
    return "" if low is None or high is None else f"{shown(low, unit)} … {shown(high, unit)}"
