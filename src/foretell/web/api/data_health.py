"""Health of data: whether everything arrives, in time and as usual."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import collect
from foretell.collect import QUALITY_WEIGHTS, QualityScore, SourceHealth
from foretell.web.api.shapes import At, Instant
from foretell.web.errors import unknown
from foretell.web.site import Here, Site

router = APIRouter(prefix="/data-health", tags=["sources"])
State = Literal["ok", "warn", "broken", "learning", "silent"]
_WORST: tuple[State, ...] = ("broken", "warn", "silent", "learning", "ok")
_ALERTS_SHOWN = 100


class ScorePart(BaseModel):
    """A part of a score."""

    name: str = Field(description="completeness, validity, timeliness or consistency.")
    value: float | None = Field(description="0 to 1; null where there is nothing to tell it by.")
    weight: float


class ScoreBody(BaseModel):
    """A data-quality score: 100 times the weighted mean of the parts that are known."""

    value: float | None = Field(description="0 to 100.")
    learning: bool = Field(description="True where too little came so far to tell any.")
    parts: list[ScorePart]


class MonitorBody(BaseModel):
    """One thing that is watched of a source."""

    name: str = Field(
        description="freshness, volume, late, repeated, quarantined, violations, present, type, gone or new."
    )
    subject: str = Field(description="Event and property; empty where it is about the whole source.")
    unit: Literal["seconds", "events", "share"]
    value: float | None
    low: float | None = Field(description="What is usual.")
    high: float | None
    state: State
    sentence: str
    next_step: str
    since: Instant | None


class DayBody(BaseModel):
    """24 hours, and how many events were usual in them."""

    value: float
    low: float | None
    high: float | None
    out: bool


class AlertBody(BaseModel):
    """Something that was broken."""

    id: str
    source: str
    monitor: str
    subject: str
    sentence: str
    next_step: str
    opened_at: Instant
    closed_at: Instant | None


class SourceHealthRow(BaseModel):
    """A source of which something ever came; silent where nothing came in eight weeks."""

    source: str
    state: State
    last_at: Instant
    last_hour: int = Field(description="Events of the last hour.")
    sentence: str = Field(description="What is most wrong with it, or how fresh it is.")
    next_step: str
    broken: int = Field(description="Monitors that are broken.")
    monitors: int
    score: ScoreBody
    days: list[DayBody] = Field(description="28 times 24 hours, the present last.")


class DataHealth(BaseModel):
    """All sources, and the alerts that are open."""

    score: ScoreBody
    sources: list[SourceHealthRow]
    alerts: list[AlertBody]


class SourceHealthBody(SourceHealthRow):
    """One source with its monitors, those that are broken first, and its alerts."""

    watched: list[MonitorBody]
    alerts: list[AlertBody] = Field(description="The latest first, closed ones too.")


Instants = Annotated[At, Query(alias="as_of")]


@router.get("")
def data_health(site: Here, as_of: Instants = None) -> DataHealth:
    """How every source is, and what is broken."""
    found = _read(site, as_of)
    total = collect.overall(one.score for one in found)
    alerts = collect.data_alerts(site.workspace.engine, limit=_ALERTS_SHOWN)
    return DataHealth(
        score=_score(total),
        sources=[SourceHealthRow(**_row(one)) for one in found],
        alerts=[AlertBody(**asdict(one)) for one in alerts],
    )


@router.get("/{source}")
def source_data_health(site: Here, source: str, as_of: Instants = None) -> SourceHealthBody:
    """How one source is."""
    one = next((one for one in _read(site, as_of) if one.source == source), None)
    if one is None:
        raise unknown("source with events", source)
    alerts = collect.data_alerts(site.workspace.engine, source=source, state="all", limit=_ALERTS_SHOWN)
    watched = [{name: value for name, value in asdict(each).items() if name != "source"} for each in one.monitors]
    return SourceHealthBody(
        **_row(one),
        watched=[MonitorBody(**each) for each in watched],
        alerts=[AlertBody(**asdict(each)) for each in alerts],
    )


def _read(site: Site, as_of: At) -> list[SourceHealth]:
    place = site.workspace
    if as_of is not None:
        return collect.source_health(place.engine, place.catalog, now=as_of)
    return site.cache.get("data_health", lambda: collect.source_health(place.engine, place.catalog, now=site.now))


def _row(one: SourceHealth) -> dict[str, Any]:
    states = {each.state for each in one.monitors}
    worst = next(each for each in _WORST if each in states)
    # Freshness is what a source that is well is asked first.
    first = next(each for each in one.monitors if worst in ("broken", "warn") or each.name == "freshness")
    return {
        "source": one.source,
        "state": worst,
        "last_at": one.last_at,
        "last_hour": one.last_hour,
        "sentence": first.sentence,
        "next_step": first.next_step,
        "broken": sum(each.state == "broken" for each in one.monitors),
        "monitors": len(one.monitors),
        "score": _score(one.score),
        "days": [DayBody(**asdict(day)) for day in one.days],
    }


def _score(score: QualityScore) -> ScoreBody:
    parts = [ScorePart(name=name, value=score.parts[name], weight=weight) for name, weight in QUALITY_WEIGHTS.items()]
    return ScoreBody(value=score.value, learning=score.learning, parts=parts)
