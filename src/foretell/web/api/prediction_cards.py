"""A model's card, how probabilities go with features, and whether what drives them stays."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import predict
from foretell.errors import ForetellError
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/predictions", tags=["predictions"])


class CardSection(BaseModel):
    """A part of a card."""

    title: str
    text: list[str] = Field(description="Paragraphs.")
    rows: list[dict[str, str]] = Field(description="A table: column → cell, the same columns in every row.")


class ModelCardBody(BaseModel):
    """A model's card."""

    prediction: str
    model: str
    title: str
    sections: list[CardSection]
    markdown: str = Field(description="All of it as a document.")


class GlobalDriver(BaseModel):
    """A feature that moves scores, by the exact parts of a sample at training."""

    feature: str
    theme: str = Field(description="Features of one theme speak of the same.")
    text: str
    share: float = Field(description="Its part of all that features move, 0 to 1.")
    rises: bool = Field(description="Higher values go with higher scores.")


class CurvePoint(BaseModel):
    """What the probability were if everybody had this value."""

    value: float | None = Field(description="Null: unknown.")
    mean: float
    low: float = Field(description="A tenth of people lie below.")
    high: float = Field(description="A tenth of people lie above.")
    people: int = Field(description="How many of the sample have about this value.")


class Curve(BaseModel):
    """How the probability goes with a feature."""

    feature: str
    text: str
    unit: Literal["count", "days", "money", "number", "share"]
    points: list[CurvePoint]


class GroupJudged(BaseModel):
    """How good the model was for a segment or persona on the test window."""

    kind: Literal["segment", "persona"]
    key: str
    title: str
    n: int
    positives: int
    base_rate: float
    base_rate_low: float | None
    base_rate_high: float | None
    mean_p: float
    roc_auc: float | None
    roc_auc_low: float | None
    roc_auc_high: float | None
    brier: float
    brier_low: float | None
    brier_high: float | None
    ece: float
    ece_expected_at_most: float | None
    off: bool = Field(description="Further off than chance explains with so many groups looked at.")


class Dependence(BaseModel):
    """What moves the scores over a horizon."""

    horizon: str
    drivers: list[GlobalDriver]
    features: list[Curve] = Field(description="The ten strongest.")
    groups: list[GroupJudged] = Field(description="Groups with 200 tested people and 20 outcomes; those off first.")


class StabilityRun(BaseModel):
    """A training that is looked at."""

    run: int
    as_of: Instant
    model: str | None


class StableFeature(BaseModel):
    """A feature's part in each run."""

    feature: str
    text: str
    shares: list[float | None] = Field(description="By run; null where it moved nothing.")


class Stability(BaseModel):
    """Whether the same features move the scores from one training to the next."""

    horizon: str | None
    runs: list[StabilityRun] = Field(description="The oldest first.")
    features: list[StableFeature]
    correlation: float | None = Field(description="Rank correlation of the last two runs.")
    correlations: list[float]
    came: list[str] = Field(description="New among the ten strongest.")
    went: list[str]
    verdict: Literal["steady", "shifting", "unsteady", "one run"] | None = Field(description="Null without a run.")


@router.get("/{key}/card")
def card(site: Here, key: str, model: str | None = None) -> ModelCardBody:
    """The card of the model that scores, or of an earlier one."""
    place = site.workspace
    place.catalog.get("prediction", key)
    told = predict.card(place.engine, key, as_of=site.now, model=model)
    return ModelCardBody.model_validate({**told.as_dict(), "markdown": told.markdown()})


@router.get("/{key}/partial")
def partial(site: Here, key: str, horizon: str | None = None) -> Dependence:
    """Drivers, partial dependence and groups, as they were worked out at training."""
    place = site.workspace
    place.catalog.get("prediction", key)
    try:
        told = predict.dependence(place.engine, key, as_of=site.now, horizon=horizon)
    except ForetellError as error:
        if error.code not in ("NOT_EXPLAINED", "NOT_TRAINED"):
            raise
        return Dependence(horizon=horizon or "", drivers=[], features=[], groups=[])
    return Dependence.model_validate({**told, "features": told["partial"]})


@router.get("/{key}/stability")
def stability(site: Here, key: str, horizon: str | None = None) -> Stability:
    """What drove the scores in each training."""
    place = site.workspace
    place.catalog.get("prediction", key)
    told = predict.steady_drivers(place.engine, key, horizon=horizon)
    if told is None:
        return Stability(
            horizon=horizon, runs=[], features=[], correlation=None, correlations=[], came=[], went=[], verdict=None
        )
    return Stability.model_validate({name: getattr(told, name) for name in Stability.model_fields})
