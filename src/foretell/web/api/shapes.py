"""Shapes that several subjects share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, PlainSerializer

from foretell.clock import FIRST_YEAR, LAST_YEAR

PAGE_ROWS = 50


def iso(instant: datetime) -> str:
    """An instant as text: ISO 8601 in UTC; one without a zone is UTC."""
    known = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""ISO 8601 in UTC."""


def _within_the_calendar(instant: datetime) -> datetime:
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"input should lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return instant


GivenInstant = Annotated[AwareDatetime, AfterValidator(_within_the_calendar)]
"""An instant that somebody gives: ISO 8601 with a zone, of a year that can be reckoned with."""
At = Annotated[GivenInstant | None, Query(description="ISO 8601 with a zone.")]
PageNumber = Annotated[int, Query(ge=1, le=100_000, description=f"From 1; a page has {PAGE_ROWS} rows.")]


class Estimate(BaseModel):
    """An estimate and the bounds of its interval."""

    score: float
    low: float
    high: float


class Named(BaseModel):
    """A document by key, as people call it."""

    key: str
    title: str


class Counted(BaseModel):
    """What a list has in common: how many there are in all, and which page this is."""

    total: int = Field(description="How many there are in all.")
    page: int = Field(description="Number of this page, from 1.")


def offset_of(page: int) -> int:
    """Rows before a page."""
    return (page - 1) * PAGE_ROWS
