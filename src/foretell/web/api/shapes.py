"""Shapes that several subjects share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field, PlainSerializer

PAGE_ROWS = 50


def iso(instant: datetime) -> str:
    """An instant as text: ISO 8601 in UTC; one without a zone is UTC."""
    known = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""ISO 8601 in UTC."""
At = Annotated[AwareDatetime | None, Query(description="ISO 8601 with a zone.")]
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
