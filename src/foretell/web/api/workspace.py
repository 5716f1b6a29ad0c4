"""The workspace: name, money, zone, clock, how many of everything there are."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import care, deliver
from foretell.clock import SystemClock
from foretell.web.api.shapes import Instant
from foretell.web.health import Readiness, readiness
from foretell.web.site import Here, Site

router = APIRouter(tags=["workspace"])


class Counts(BaseModel):
    """How many there are."""

    people: int = Field(description="Known people.")
    anonymous: int = Field(description="People without a known identifier.")
    segments: int
    predictions: int
    journeys: int
    messages: int = Field(description="Messages in the ledger.")
    cases_open: int = Field(description="Cases that are not closed.")


class WorkspaceBody(BaseModel):
    """What holds for the whole app."""

    name: str
    currency: str = Field(description="ISO 4217 code of all money.")
    zone: str = Field(description="IANA zone of days and months.")
    locale: str = Field(description="How numbers and dates are written, BCP 47.")
    now: Instant = Field(description="The present by the workspace's clock.")
    demo: bool = Field(description="The clock was moved: the present is not today's.")
    counts: Counts
    problems: int = Field(description="Errors in the definitions; `foretell plan` tells them.")


@router.get("/workspace")
def workspace(site: Here) -> WorkspaceBody:
    """What holds for the whole app."""
    settings = site.workspace.settings
    now = site.now
    return WorkspaceBody(
        name=settings.name,
        currency=settings.currency,
        zone=settings.zone,
        locale=settings.locale,
        now=now,
        demo=_is_moved(now),
        counts=counts(site),
        problems=sum(problem.severity == "error" for problem in site.workspace.problems),
    )


@router.get("/health")
def health(site: Here) -> Readiness:
    """How the server and its worker stand; the same as ``/readyz``."""
    return readiness(site)


def counts(site: Site) -> Counts:
    """How many of everything there are."""
    engine, catalog, people = site.workspace.engine, site.workspace.catalog, site.headcount()
    return Counts(
        people=people.known,
        anonymous=people.everybody - people.known,
        segments=len(catalog.all("segment")),
        predictions=len(catalog.all("prediction")),
        journeys=len(catalog.all("journey")),
        messages=deliver.ledger(engine, size=1).total,
        cases_open=care.list_cases(engine, care.Wanted("unclosed"), limit=1).total,
    )


def _is_moved(now: datetime) -> bool:
    return abs((SystemClock().now() - now).total_seconds()) > 60
