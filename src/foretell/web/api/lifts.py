"""The lift of a journey as the app shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from foretell import measure
from foretell.web.api.shapes import Instant
from foretell.web.site import Site

Answer = Literal["real change", "may be chance", "not yet", "cannot answer"]


class LiftArm(BaseModel):
    """People of an arm whose window is over."""

    people: int
    goals: int
    share: float | None = Field(description="Who reached the goal; null where nobody is judged.")
    revenue: float = Field(description="Of all of them, major units.")
    revenue_per_person: float | None


class LiftSide(BaseModel):
    """An outcome in both arms, and their difference with its interval."""

    treated: float | None
    held_out: float | None
    value: float | None = Field(description="Treated less held out.")
    low: float | None
    high: float | None
    answer: Answer


class LiftSoFar(BaseModel):
    """People whose window is not over; they do not count yet."""

    treated: int
    held_out: int
    treated_goals: int
    held_out_goals: int
    first_at: Instant | None = Field(description="When the first of the windows is over.")
    last_at: Instant | None


class JourneyLift(BaseModel):
    """What a journey changed, measured against those who were held out."""

    answer: Answer
    verdict: str = Field(description="The answer in a sentence.")
    level: float = Field(description="Level of the intervals.")
    window: str = Field(description="So long after the entry things count.")
    treated: LiftArm
    held_out: LiftArm
    conversions: LiftSide | None = Field(description="Shares, 0 to 1; null without a goal.")
    revenue: LiftSide = Field(description="A person, major units.")
    so_far: LiftSoFar
    received: int = Field(description="Treated people judged who got anything at all.")
    contaminated: int = Field(description="People left out: in both arms by a merge.")
    other_revisions: int = Field(description="People left out: entered when goal, window or holdout were others.")
    notes: list[str]


def journey_lift(site: Site, key: str) -> JourneyLift:
    """The lift of a journey, computed anew when data have come."""
    place = site.workspace

    def read() -> measure.Lift:
        return measure.journey_lift(place.engine, place.catalog, key, now=site.now)

    return JourneyLift.model_validate(site.cache.get(f"lift {key}", read).as_dict())
