"""Journeys on history: asking for a back-test, and the last one of each journey."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from foretell.app import beside
from foretell.journey import backtest as bt
from foretell.web.api.prediction_work import WorkBody, body_of
from foretell.web.api.shapes import Instant
from foretell.web.site import Here, Site
from foretell.web.works import Step

router = APIRouter(prefix="/journeys", tags=["journeys"])
_REPORT: TypeAdapter[bt.Backtest] = TypeAdapter(bt.Backtest)


class BacktestAsked(BaseModel):
    """What is asked of history."""

    begin: datetime = Field(alias="from", description="First instant.")
    end: datetime = Field(alias="to", description="Last instant.")
    every_hours: Annotated[float, Field(gt=0, le=24 * 31)] = Field(24, description="From one tick to the next.")
    draws: Annotated[int, Field(ge=1, le=60)] = Field(
        bt.USUAL_DRAWS, description="How often replies are drawn, where something hangs on them."
    )
    rescore: Literal["never", "weekly"] = Field("never", description="weekly: models trained for each week.")


class BacktestBody(BaseModel):
    """The last back-test of a journey."""

    made_at: Instant | None = Field(description="Null: there is none.")
    current: bool = Field(description="Whether the journey's document still says what it said then.")
    report: bt.Backtest | None
    work: WorkBody


@router.post("/{key}/backtest", status_code=202)
def ask_for_backtest(site: Here, key: str, asked: BacktestAsked) -> WorkBody:
    """Play the journey on history; it goes on by itself, and nothing is sent."""
    bt.meaning_of(site.workspace.catalog, key)
    question = bt.Question(asked.begin, asked.end, timedelta(hours=asked.every_hours), asked.draws, asked.rescore)
    bt.check(question)
    steps: list[Step] = [("Playing the journey on history", lambda: _play(site, key, question))]
    return body_of(site.works.ask(_name(key), "backtest", steps, site.now, thing=f"journey {key}"))


@router.get("/{key}/backtest")
def last_backtest(site: Here, key: str) -> BacktestBody:
    """The last back-test of a journey, and how the one goes that was asked for last."""
    place = site.workspace
    found = bt.kept(place.engine, key, bt.meaning_of(place.catalog, key))
    report = None if found is None else _report(found.report)
    work = body_of(site.works.last(_name(key)))
    if found is None or report is None:
        return BacktestBody(made_at=None, current=False, report=None, work=work)
    return BacktestBody(made_at=found.made_at, current=found.current, report=report, work=work)


def _play(site: Site, key: str, question: bt.Question) -> None:
    place = beside(site.workspace)
    told = bt.backtest(place.engine, place.catalog, place.reader, key, question)
    bt.keep(place.engine, told, now=site.now)


def _name(key: str) -> str:
    # No key of a prediction has a space, so that the two never meet.
    return f"journey {key}"


def _report(told: dict[str, Any]) -> bt.Backtest | None:
    """A report that was kept; None where an earlier release wrote it in another shape."""
    try:
        return _REPORT.validate_python({**told, "begin": told["from"], "end": told["to"]})
    except (KeyError, ValidationError):
        return None
