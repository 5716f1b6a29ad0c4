"""Training and scoring a prediction now, and how that goes."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import predict
from foretell.app import beside
from foretell.web.api.shapes import Instant
from foretell.web.errors import Told, told_of
from foretell.web.site import Here, Site
from foretell.web.works import Step, Work

router = APIRouter(prefix="/predictions", tags=["predictions"])


class WorkBody(BaseModel):
    """What was asked for last, and how it stands."""

    doing: Literal["train", "score", "backtest"] | None = Field(
        description="Null: nothing was asked for since the server began."
    )
    state: Literal["waiting", "running", "done", "failed"] | None
    asked_at: Instant | None
    step: str = Field(description="What is being done now, in words; empty where nothing is.")
    seconds: float = Field(description="Since it was begun, to its end where it has ended.")
    error: Told | None


@router.post("/{key}/train", status_code=202)
def train_prediction(site: Here, key: str) -> WorkBody:
    """Train on everything that is complete now, then score everybody; it goes on by itself."""
    predict.spec_of(site.workspace.catalog, key)
    steps: list[Step] = [
        ("Learning from the past", lambda: _train(site, key)),
        ("Scoring everybody", lambda: _score(site, key)),
    ]
    return body_of(site.works.ask(key, "train", steps, site.now))


@router.post("/{key}/score", status_code=202)
def score_prediction(site: Here, key: str) -> WorkBody:
    """Score everybody now by the model in use; it goes on by itself."""
    predict.spec_of(site.workspace.catalog, key)
    return body_of(site.works.ask(key, "score", [("Scoring everybody", lambda: _score(site, key))], site.now))


@router.get("/{key}/work")
def prediction_work(site: Here, key: str) -> WorkBody:
    """How the training or scoring goes that was asked for last."""
    return body_of(site.works.last(key))


def _train(site: Site, key: str) -> None:
    place, now = beside(site.workspace), site.now
    predict.train(place.engine, place.catalog, place.reader, key, as_of=now, now=now)
    site.cache.forget()


def _score(site: Site, key: str) -> None:
    place, now = beside(site.workspace), site.now
    predict.score(place.engine, place.catalog, place.reader, key, as_of=now, now=now)
    site.cache.forget()
    site.worker.wake()


def body_of(work: Work | None) -> WorkBody:
    """What was asked for last, as it is told."""
    if work is None:
        return WorkBody(doing=None, state=None, asked_at=None, step="", seconds=0.0, error=None)
    error = None if work.error is None else told_of(work.error)
    return WorkBody(
        doing=work.doing, state=work.state, asked_at=work.asked_at, step=work.step, seconds=work.seconds, error=error
    )
