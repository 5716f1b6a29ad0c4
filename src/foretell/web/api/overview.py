"""The overview: how are customers, what changed, what is to be done."""

from __future__ import annotations

from typing import Literal, cast

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import care, measure
from foretell.web.api.cases import case_rows
from foretell.web.api.kpis import Direction, Unit
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


class KpiCard(BaseModel):
    """A KPI on the overview; its value is the last whole month's, or the last reading of a stock."""

    key: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    period: str | None
    unit: Unit
    direction: Direction = Field(description="Which way is good.")
    change: float | None = Field(description="Against the period before, in the KPI's unit.")
    change_low: float | None
    change_high: float | None
    real: bool | None = Field(description="False where the change may be chance; null where that is not known.")
    better: bool | None = Field(description="The change goes the good way; null without one.")
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

    kind: Literal["case", "definition", "worker"]
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
    cards = [_card(card) for card in board(site)]
    return Overview(
        level=0.95,
        as_of=site.now,
        kpis=cards,
        changes=_movements(cards),
        tasks=_tasks(site),
        cases_open=care.list_cases(site.workspace.engine, state="unclosed", limit=1).total,
    )


def board(site: Site) -> list[measure.Card]:
    """The KPI cards, see :func:`foretell.measure.board`."""
    place = site.workspace
    return site.cache.get("board", lambda: measure.board(place.engine, place.reader, place.catalog, now=site.now))


def _card(card: measure.Card) -> KpiCard:
    series, last, change = card.series, card.last, card.change
    read = last.estimate if last else None
    return KpiCard(
        key=series.key,
        title=series.title,
        value=read.value if read else None,
        low=read.low if read else None,
        high=read.high if read else None,
        period=last.period if last else None,
        unit=cast(Unit, series.unit),
        direction=cast(Direction, series.direction),
        change=change.by if change else None,
        change_low=change.low if change else None,
        change_high=change.high if change else None,
        real=change.is_real if change else None,
        better=None if not change or not change.by else (change.by > 0) == (series.direction == "up"),
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
    for card in cards:
        if not card.change or card.value is None:
            continue
        before = card.value - card.change
        moved.append(
            Movement(
                key=card.key,
                title=card.title,
                unit=card.unit,
                change=card.change,
                share=card.change / before if before else None,
                real=card.real,
                better=bool(card.better),
                period=card.period or "",
            )
        )
    return sorted(moved, key=lambda one: (one.real is not True, -abs(one.share or 0.0)))


def _tasks(site: Site) -> list[Task]:
    tasks = []
    waiting = care.list_cases(site.workspace.engine, state="unclosed", limit=TASKS)
    for row in case_rows(site, waiting.cases):
        tasks.append(
            Task(
                kind="case", title=row.title, detail=row.person or f"Person {row.profile_id[:8]}", count=1,
                link=f"/cases/{row.case_id}", due_at=row.due_at, late=row.late, value=row.value_at_risk,
            )
        )  # fmt: skip
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
