"""How a segment is kept fresh, who came and went, and its whole past."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell.segment import live
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/segments/{key}", tags=["segments"])
POINTS = 60


class ChangesOfDay(BaseModel):
    """How many people came and went on a day (UTC)."""

    day: date
    entered: int
    exited: int


class SegmentKeeping(BaseModel):
    """How a segment is kept."""

    fresh: str = Field(description="How fresh it is, in words, and why not fresher.")
    at_once: bool = Field(description="Whether events change it at once.")
    every: str | None = Field(description="How often it is asked for everybody; null: never, or nothing needs it.")
    kept_until: Instant | None = Field(description="Up to when it is kept; null: not yet.")
    kept_since: Instant | None
    members: int = Field(description="As kept.")
    days: list[ChangesOfDay] = Field(description="Days with changes, oldest first.")


class SizeAt(BaseModel):
    """How many were in at an instant."""

    at: Instant
    members: int


class SegmentPast(BaseModel):
    """Who was in a segment when, by all that is known today."""

    exact: bool = Field(description="False: looked at on a grid, since it cannot be walked through event by event.")
    step_hours: float | None = Field(description="Of the grid.")
    intervals: int = Field(description="How often somebody came in, in all of the past.")
    people: int = Field(description="How many different people ever were in.")
    sizes: list[SizeAt]


@router.get("/keeping")
def keeping(site: Here, key: str, days: Annotated[int, Query(ge=1, le=400)] = 30) -> SegmentKeeping:
    """How fresh a segment is kept, and who came and went lately."""
    workspace = site.workspace
    told = live.keeping(workspace.engine, workspace.catalog, key, now=workspace.clock.now(), days=days)
    return SegmentKeeping(
        fresh=told.fresh.words,
        at_once=told.fresh.by_event,
        every=None if told.fresh.every is None else str(told.fresh.every),
        kept_until=told.looked_at,
        kept_since=told.begun_at,
        members=told.members,
        days=[ChangesOfDay(day=one.day, entered=one.entered, exited=one.exited) for one in told.days],
    )


@router.get("/past")
def past(site: Here, key: str, days: Annotated[int, Query(ge=1, le=4_000)] = 180) -> SegmentPast:
    """The whole past of a segment, as its condition reads today, and its sizes over the last days."""
    workspace, now = site.workspace, site.workspace.clock.now()
    told = live.history(workspace.engine, workspace.catalog, workspace.reader, key, now=now)
    step = timedelta(days=days) / POINTS
    instants = [now - step * place for place in range(POINTS, -1, -1)]
    return SegmentPast(
        exact=told.exact,
        step_hours=None if told.step is None else told.step / timedelta(hours=1),
        intervals=told.intervals.num_rows,
        people=len(told.intervals["profile_key"].unique()),
        sizes=[SizeAt(at=at, members=size) for at, size in zip(instants, told.sizes(instants), strict=True)],
    )
