"""KPIs: the list, and one of them as a series."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import measure
from foretell.web.api.shapes import At, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/kpis", tags=["kpis"])
Unit = Literal["money", "count", "rate", "probability", "ratio"]
Direction = Literal["up", "down"]


class KpiRow(BaseModel):
    """A KPI in the list."""

    key: str
    title: str
    description: str
    unit: Unit
    direction: Direction = Field(description="Which way is good.")
    measure: str = Field(description="event: adds up over a period; stock: read at an instant.")
    target: float | None
    origin: str


class Kpis(BaseModel):
    """All KPIs in force."""

    rows: list[KpiRow]


class KpiPoint(BaseModel):
    """A value of a series with its 95 % interval."""

    group: str = Field(description="Segment or trait value; empty where the series is not split.")
    period: str
    start: Instant
    end: Instant
    complete: bool = Field(description="False where the period was cut or is not over.")
    value: float | None
    low: float | None
    high: float | None
    n: int | None = Field(description="People in it.")
    reason: str = Field(description="Why there is no value; empty where there is one.")


class KpiBody(KpiRow):
    """One KPI as a series."""

    currency: str
    by: list[str]
    segment: str
    points: list[KpiPoint]
    notes: list[str] = Field(description="Sentences that belong beside the numbers.")


@router.get("")
def kpis(site: Here) -> Kpis:
    """All KPIs in force."""
    return Kpis(rows=[KpiRow(**_entry(entry)) for entry in measure.list_kpis(site.workspace.catalog)])


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


def _body(site: Site, series: measure.KpiSeries) -> KpiBody:
    entry = next(one for one in measure.list_kpis(site.workspace.catalog) if one.key == series.key)
    return KpiBody(
        **_entry(entry),
        currency=series.currency,
        by=list(series.by),
        segment=series.segment,
        points=[kpi_point(point) for point in series.points],
        notes=list(series.notes),
    )


def kpi_point(point: measure.Point) -> KpiPoint:
    """A point of a series."""
    read = point.estimate
    return KpiPoint(
        group=point.group, period=point.period, start=point.start, end=point.end, complete=point.complete,
        value=read.value, low=read.low, high=read.high, n=read.n, reason=read.reason,
    )  # fmt: skip


def _entry(entry: measure.KpiEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in KpiRow.model_fields}
