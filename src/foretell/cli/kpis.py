"""``kpi``: the numbers that a team steers by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import measure
from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.tables import heading, right, say, table
from foretell.measure import KpiSeries, Point, SegmentAt
from foretell.stats import LEVEL

app = typer.Typer(help="KPIs by month and by segment.")


@app.callback()
def group() -> None:
    """KPIs by month and by segment."""


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the KPIs, the built-in ones and the workspace's own."""
    with opened(workspace) as found:
        entries = measure.list_kpis(found.catalog)
    if as_json:
        emit_json([asdict(entry) for entry in entries])
        return
    table(["key", "title", "unit", "origin"], [(e.key, e.title, e.unit, e.origin) for e in entries])


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Key of the KPI.")],
    workspace: Workspace = HERE,
    since: Annotated[str | None, typer.Option("--from", metavar="T", help="Begin of the range.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="T", help="End of the range, not included.")] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="DIMENSION", help="month, week, day, segment or trait:NAME.")
    ] = None,
    segment: Annotated[str | None, typer.Option("--segment", metavar="KEY", help="Members of a segment only.")] = None,
    segment_at: Annotated[
        str | None, typer.Option("--segment-at", metavar="WHEN", help="Membership at start, end or now.")
    ] = None,
    known_only: Annotated[bool, typer.Option("--known", help="Leave out anonymous profiles.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a KPI: one value, or a series with intervals."""
    with opened(workspace) as found:
        series = measure.show(
            found.engine,
            found.reader,
            found.catalog,
            key,
            now=found.clock.now(),
            since=optional_instant(found, since),
            until=optional_instant(found, until),
            by=[part for text in by or [] for part in text.split(",")],
            segment=segment,
            segment_at=_moment(segment_at),
            known_only=known_only,
        )
    if as_json:
        emit_json(series.as_dict())
        return
    unit = series.unit
    heading(series.title + (f" in {series.currency}" if series.currency else ""))
    table(
        ["group", "period", right("value"), right(f"{100 * LEVEL:.0f} % interval"), right("people"), ""],
        [
            (p.group, p.period, shown(unit, p.estimate.value), interval(series, p), number(p.estimate.n), _state(p))
            for p in series.points
        ],
    )
    for note in series.notes:
        say(note, dim=True)


def shown(unit: str, value: float | None, digits: int | None = None) -> str:
    """A value in a KPI's unit.

    Args:
        digits: behind the point, of units that are no share; None: as is usual for the unit.
    """
    if unit in ("rate", "probability"):
        return share(value)
    if unit == "points":
        return number(None if value is None else 100 * value, 1)
    return number(value, (2 if unit in ("money", "ratio") else 0) if digits is None else digits)


def interval(series: KpiSeries, point: Point) -> str:
    """A point's interval, where it has one."""
    low, high = point.estimate.low, point.estimate.high
    return "" if low is None or high is None else f"{shown(series.unit, low)} … {shown(series.unit, high)}"


def _state(point: Point) -> str:
    if point.estimate.reason:
        return point.estimate.reason.replace("_", " ")
    return "" if point.complete else "not complete"


def _moment(text: str | None) -> SegmentAt | None:
    moments: dict[str, SegmentAt] = {"start": "start", "end": "end", "now": "now", "event": "event"}
    if text is None:
        return None
    if text not in moments:
        raise typer.BadParameter("start, end or now", param_hint="--segment-at")
    return moments[text]
