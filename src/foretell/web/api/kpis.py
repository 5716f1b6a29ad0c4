"""KPIs: the list with what each stands at, and one of them as a series."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import measure
from foretell.errors import ForetellError
from foretell.stats import LEVEL
from foretell.web.api.shapes import At, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/kpis", tags=["kpis"])
Unit = Literal["money", "count", "rate", "probability", "ratio", "points"]
Direction = Literal["up", "down"]


class KpiReading(BaseModel):
    """What a KPI stands at: its last whole month, or the last reading of a stock, and the one before."""

    value: float | None
    low: float | None
    high: float | None
    exact: bool = Field(description="Counted and not estimated: it needs no interval.")
    period: str | None
    previous: float | None = Field(description="The value of the period before.")
    change: float | None = Field(description="Against the period before, in the KPI's unit.")
    change_low: float | None
    change_high: float | None
    real: bool | None = Field(description="False where the change may be chance; null where that is not known.")
    better: bool | None = Field(description="The change goes the good way; null without one.")


class KpiDefinition(BaseModel):
    """What a KPI is."""

    key: str
    title: str
    description: str
    unit: Unit
    direction: Direction = Field(description="Which way is good.")
    measure: str = Field(description="event: adds up over a period; stock: read at an instant.")
    target: float | None
    origin: str


class KpiRow(KpiDefinition, KpiReading):
    """A KPI in the list."""

    reason: str = Field(description="Why there is no value; empty where there is one.")


class Kpis(BaseModel):
    """All KPIs in force."""

    level: float = Field(description="Level of all intervals.")
    rows: list[KpiRow]


class KpiPoint(BaseModel):
    """A value of a series with its 90 % interval."""

    group: str = Field(description="Segment or trait value; empty where the series is not split.")
    period: str
    start: Instant
    end: Instant
    complete: bool = Field(description="False where the period was cut or is not over.")
    value: float | None
    low: float | None
    high: float | None
    exact: bool = Field(description="Counted and not estimated: it needs no interval.")
    n: int | None = Field(description="People in it.")
    reason: str = Field(description="Why there is no value; empty where there is one.")


class KpiBody(KpiDefinition):
    """One KPI as a series."""

    level: float = Field(description="Level of all intervals.")
    currency: str
    by: list[str]
    segment: str
    points: list[KpiPoint]
    notes: list[str] = Field(description="Sentences that belong beside the numbers.")


@router.get("")
def kpis(site: Here) -> Kpis:
    """All KPIs in force, with what each stands at."""
    return Kpis(level=LEVEL, rows=[_row(site, entry) for entry in measure.list_kpis(site.workspace.catalog)])


@router.get("/{key}")
def kpi(
    site: Here,
    key: str,
    since: Annotated[At, Query(alias="from")] = None,
    until: Annotated[At, Query(alias="to")] = None,
    by: Annotated[
        list[str] | None, Query(description="At most one of month, week, day and one of segment, trait:NAME.")
    ] = None,
    segment: str | None = None,
) -> KpiBody:
    """One KPI: a value, or a series."""
    place = site.workspace

    def read() -> measure.KpiSeries:
        return measure.show(
            place.engine, place.reader, place.catalog, key,
            now=site.now, since=since, until=until, by=tuple(by or ()), segment=segment,
        )  # fmt: skip

    return _body(site, site.cache.get(f"kpi {key} {since} {until} {by} {segment}", read))


def card(site: Site, key: str) -> measure.Card:
    """The last thirteen months of a KPI in force, computed anew when data have come."""
    place = site.workspace
    return site.cache.get(
        f"card {key}",
        lambda: measure.board(place.engine, place.reader, place.catalog, now=site.now, keys=[key])[0],
    )


def reading(card: measure.Card) -> dict[str, Any]:
    """What the fields of :class:`KpiReading` are for a card."""
    last, change = card.last, card.change
    read = last.estimate if last else measure.Estimate(None)
    return {
        "value": read.value,
        "low": read.low,
        "high": read.high,
        "exact": read.exact,
        "period": last.period if last else None,
        "previous": card.before.estimate.value if card.before else None,
        "change": change.by if change else None,
        "change_low": change.low if change else None,
        "change_high": change.high if change else None,
        "real": change.is_real if change else None,
        "better": None if not change or not change.by else (change.by > 0) == (card.series.direction == "up"),
    }


def kpi_point(point: measure.Point) -> KpiPoint:
    """A point of a series."""
    read = point.estimate
    return KpiPoint(
        group=point.group, period=point.period, start=point.start, end=point.end, complete=point.complete,
        value=read.value, low=read.low, high=read.high, exact=read.exact, n=read.n, reason=read.reason,
    )  # fmt: skip


def _row(site: Site, entry: measure.KpiEntry) -> KpiRow:
    """One line; a KPI that cannot be read says why and leaves the others alone."""
    try:
        found = card(site, entry.key)
    except ForetellError as error:
        nothing: dict[str, Any] = dict.fromkeys(KpiReading.model_fields) | {"exact": False}
        return KpiRow(**_definition(entry), **nothing, reason=error.what)
    points = found.series.points
    reason = "" if found.last else points[-1].estimate.reason if points else "no_data"
    return KpiRow(**_definition(entry), **reading(found), reason=reason)


def _body(site: Site, series: measure.KpiSeries) -> KpiBody:
    entry = next(one for one in measure.list_kpis(site.workspace.catalog) if one.key == series.key)
    return KpiBody(
        **_definition(entry),
        level=LEVEL,
        currency=series.currency,
        by=list(series.by),
        segment=series.segment,
        points=[kpi_point(point) for point in series.points],
        notes=list(series.notes),
    )


def _definition(entry: measure.KpiEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in KpiDefinition.model_fields}
