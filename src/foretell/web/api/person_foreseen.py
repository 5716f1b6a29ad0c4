"""What else is foreseen of a person: when something is expected of them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import identify, predict
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/people", tags=["people"])


class ExpectedDateBody(BaseModel):
    """When the outcome of a prediction is expected of a person."""

    key: str
    title: str
    horizon: str = Field(description="The longest one; nothing is said of what lies beyond.")
    as_of: Instant
    expected_at: Instant | None = Field(description="Half of the probability lies before it; null beyond the horizon.")
    earliest_at: Instant | None = Field(description="A tenth lies before it.")
    latest_at: Instant | None = Field(description="Nine tenths lie before it.")
    chance: float = Field(description="Probability within the longest horizon.")


class Foreseen(BaseModel):
    """What else is foreseen of a person."""

    dates: list[ExpectedDateBody]


@router.get("/{profile_id}/foreseen")
def foreseen(site: Here, profile_id: str) -> Foreseen:
    """When something is expected of a person; any identifier finds them."""
    place = site.workspace
    match = identify.find(place.engine, profile_id)
    known = {document.key for document in place.catalog.all("prediction")}
    found = predict.expected_dates(place.engine.analytics, match.profile_key, as_of=site.now)
    return Foreseen(
        dates=[
            ExpectedDateBody(
                key=one.prediction,
                title=predict.spec_of(place.catalog, one.prediction).name or one.prediction,
                horizon=predict.spec_of(place.catalog, one.prediction).all_horizons[-1],
                as_of=one.as_of,
                expected_at=one.expected_at,
                earliest_at=one.earliest_at,
                latest_at=one.latest_at,
                chance=one.chance,
            )
            for one in found
            if one.prediction in known
        ]
    )
