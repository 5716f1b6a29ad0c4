"""Why a person has the score they have, exactly; and when and how to reach them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import identify, predict
from foretell.errors import ForetellError
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/people", tags=["people"])


class ExactPart(BaseModel):
    """What one feature does to the score."""

    feature: str
    theme: str = Field(description="Features of one theme speak of the same.")
    words: str
    effect: float = Field(description="What it adds to the log-odds; of an amount to the amount or its logarithm.")
    points: float | None = Field(description="Its share of the way from the usual probability; null for an amount.")


class ExactScore(BaseModel):
    """A stored score and every feature's part in it."""

    horizon: str
    score: float = Field(description="As stored.")
    said: float = Field(description="What the model says now of what is known of that instant.")
    base: float = Field(description="Where nothing is known; with all effects it adds up to total.")
    total: float
    model: str
    reasons: list[ExactPart] = Field(description="The strongest first.")


class ExactScores(BaseModel):
    """Exact reasons over each horizon; none for models that have no parts."""

    prediction: str
    rows: list[ExactScore]


class ChannelBody(BaseModel):
    """How a person answers over a channel."""

    channel: str
    expected: float = Field(description="Answers a message.")
    low: float
    high: float
    messages: int
    answers: int
    sure: str = Field(description="From what it is known.")


class SendTime(BaseModel):
    """When and how to reach a person; hours are of their own clock."""

    as_of: Instant | None = Field(description="Null where nothing was worked out yet.")
    hour: int | None
    chance: float | None = Field(description="Probability that the next click comes in that hour.")
    hours: list[float] = Field(description="The same of every hour, 0 to 23.")
    sure: str | None = Field(description="From what it is known.")
    channels: list[ChannelBody] = Field(description="The best first.")


@router.get("/{profile_id}/reasons")
def reasons(site: Here, profile_id: str, prediction: str, horizon: str | None = None) -> ExactScores:
    """Exact reasons of a person's last score, worked out now; any identifier finds them."""
    place = site.workspace
    place.catalog.get("prediction", prediction)
    match = identify.find(place.engine, profile_id)
    found = predict.exactly(place.engine, place.catalog, prediction, match.profile_key, as_of=site.now)
    rows = [
        ExactScore.model_validate({**one.as_dict(), "reasons": [vars(part) for part in one.parts]})
        for one in found
        if horizon is None or one.horizon == horizon
    ]
    return ExactScores(prediction=prediction, rows=rows)


@router.get("/{profile_id}/send-time")
def send_time(site: Here, profile_id: str) -> SendTime:
    """When and how to reach a person; any identifier finds them."""
    place = site.workspace
    match = identify.find(place.engine, profile_id)
    try:
        told = predict.person_send_time(place.engine, match.profile_key)
    except ForetellError as error:
        if error.code != "NO_SEND_TIMES":
            raise
        return SendTime(as_of=None, hour=None, chance=None, hours=[], sure=None, channels=[])
    channels = [ChannelBody.model_validate(vars(one)) for one in told.channels]
    return SendTime(
        as_of=told.as_of, hour=told.hour, chance=told.chance, hours=list(told.hours), sure=told.sure, channels=channels
    )
