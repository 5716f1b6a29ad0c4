"""What groups of people are expected to spend: cohorts and segments."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import predict
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/predictions", tags=["predictions"])


class GroupValue(BaseModel):
    """A group of people; numbers in the prediction's unit."""

    group: str = Field(description="Month of the first purchase, key of a segment, everybody, or none.")
    people: int
    mean: float
    mean_low: float | None
    mean_high: float | None = Field(description="Upper end of the mean's 90 % interval.")
    total: float
    low: float | None
    high: float | None = Field(description="Upper end of the total's 90 % interval, where people are independent.")


class GroupValues(BaseModel):
    """The last scores of a value by group."""

    horizon: str
    by: Literal["cohort", "segment"]
    as_of: Instant
    total: GroupValue
    groups: list[GroupValue]


@router.get("/{key}/values")
def values(
    site: Here,
    key: str,
    by: Annotated[Literal["cohort", "segment"], Query(description="What people are put together by.")] = "cohort",
    segment: Annotated[list[str] | None, Query(description="Keys of segments; default: all.")] = None,
) -> GroupValues:
    """What people are expected to spend over the horizon, by cohort or by segment."""
    place = site.workspace
    told = predict.value_by(
        place.engine, place.catalog, place.reader, key, as_of=site.now, by=by, segments=segment or ()
    )
    return GroupValues(
        horizon=told.horizon,
        by=told.by,
        as_of=told.as_of,
        total=GroupValue(**asdict(told.total)),
        groups=[GroupValue(**asdict(one)) for one in told.groups],
    )
