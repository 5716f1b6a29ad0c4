"""The overview: how are customers, what changed, what is to be done."""

from __future__ import annotations

from typing import Literal, cast
from urllib.parse import quote

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import care, collect, measure
from foretell.stats import LEVEL
from foretell.web.api.case_bodies import case_rows
from foretell.web.api.kpis import Direction, KpiReading, Unit, card, reading
from foretell.web.api.shapes import Instant
from foretell.web.site import Here, Site

router = APIRouter(tags=["overview"])
TASKS = 8


class SeriesPoint(BaseModel):
    """A value in time."""

    period: str
    value: float | None
    low: float | None
    high: float | None
    complete: bool


class KpiCard(KpiReading):
    """A KPI on the overview."""

    key: str
    title: str
    unit: Unit
    direction: Direction = Field(description="Which way is good.")
    target: float | None
    series: list[SeriesPoint]


class Movement(BaseModel):
    """Something that changed, the surest and largest first."""

    key: str
    title: str
    unit: Unit
    change: float
    share: float | None = Field(description="The change out of the value before; null where that was 0.")
    real: bool | None
    better: bool
    period: str


class Task(BaseModel):
    """Something that waits for a person."""

    kind: Literal["case", "data", "definition", "worker"]
    title: str
    detail: str
    count: int = Field(description="How many of them wait.")
    link: str = Field(description="Where to go in the app.")
    due_at: Instant | None = None
    late: bool = False
    value: float | None = Field(default=None, description="What is at stake, major units.")


class Overview(BaseModel):
    """The first page."""

    level: float = Field(description="Level of all intervals.")
    as_of: Instant
    kpis: list[KpiCard]
    changes: list[Movement]
    tasks: list[Task] = Field(description=f"At most {TASKS} cases, the one due first at the top, then faults.")
    cases_open: int = Field(description="Cases that are not closed, in all.")


@router.get("/overview")
def overview(site: Here) -> Overview:
    """How are customers, what changed, what is to be done."""
    cards = [_card(found) for found in board(site)]
    return Overview(
        level=LEVEL,
        as_of=site.now,
        kpis=cards,
        changes=_movements(cards),
        tasks=_tasks(site),
        cases_open=care.list_cases(site.workspace.engine, care.Wanted("unclosed"), limit=1).total,
    )


def board(site: Site) -> list[measure.Card]:
    """The KPIs of :data:`foretell.measure.BOARD` that are in force."""
    known = {entry.key for entry in measure.list_kpis(site.workspace.catalog)}
    return [card(site, key) for key in measure.BOARD if key in known]


def _card(found: measure.Card) -> KpiCard:
    series = found.series
    return KpiCard(
        **reading(found),
        key=series.key,
        title=series.title,
        unit=cast(Unit, series.unit),
        direction=cast(Direction, series.direction),
        target=series.target,
        series=[
            SeriesPoint(
                period=point.period,
                value=point.estimate.value,
                low=point.estimate.low,
                high=point.estimate.high,
                complete=point.complete,
            )
            for point in series.points
        ],
    )


def _movements(cards: list[KpiCard]) -> list[Movement]:
    moved = []
    for one in cards:
        if not one.change:
            continue
        moved.append(
            Movement(
                key=one.key,
                title=one.title,
                unit=one.unit,
                change=one.change,
                share=one.change / one.previous if one.previous else None,
                real=one.real,
                better=bool(one.better),
                period=one.period or "",
            )
        )
    return sorted(moved, key=lambda one: (one.real is not True, -abs(one.share or 0.0)))


def _tasks(site: Site) -> list[Task]:
    tasks = []
    waiting = care.list_cases(site.workspace.engine, care.Wanted("unclosed"), limit=TASKS)
    for row in case_rows(site, waiting.cases):
        tasks.append(
            Task(
                kind="case", title=row.title, detail=row.person or f"Person {row.profile_id[:8]}", count=1,
                link=f"/cases/{row.case_id}", due_at=row.due_at, late=row.late, value=row.value_at_risk,
            )
        )  # fmt: skip
    tasks += _data_faults(site)
    wrong = sum(problem.severity == "error" for problem in site.workspace.problems)
    if wrong:
        tasks.append(
            Task(
                kind="definition", title="Definitions with errors", count=wrong, link="/settings",
                detail="They are left out until they are mended; foretell plan tells what is wrong.",
            )
        )  # fmt: skip
    for work in site.worker.state():
        if work.error is not None:
            tasks.append(
                Task(
                    kind="worker", title=f"{work.name[:1].upper()}{work.name[1:]} fails", detail=str(work.error),
                    count=work.failures, link="/settings",
                )
            )  # fmt: skip
    return tasks


def _data_faults(site: Site) -> list[Task]:
    """A task for each source with open data alerts."""
    found: dict[str, list[collect.DataAlert]] = {}
    for alert in collect.data_alerts(site.workspace.engine):
        found.setdefault(alert.source, []).append(alert)
    return [
        Task(
            kind="data", title=f"Data of {source} are not as usual", detail=alerts[0].sentence, count=len(alerts),
            link=f"/sources/{quote(source, safe='')}",
        )
        for source, alerts in found.items()
    ]  # fmt: skip
