"""Ready journeys: what there is to begin with, drawn, and put in force with the templates and offers it names."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import journey
from foretell.definitions import Catalog
from foretell.web import documents
from foretell.web.api.journeys import Step, step_body
from foretell.web.site import Here

router = APIRouter(prefix="/ready-journeys", tags=["journeys"])


class ReadyPart(BaseModel):
    """A document of a ready journey."""

    kind: str
    key: str
    there: bool = Field(description="The workspace has one of this name, which stays as it is.")


class ReadyJourney(BaseModel):
    """A journey to begin with."""

    key: str
    title: str
    description: str
    enters: str = Field(description="Who enters, in words.")
    holdout: float = Field(description="Share that is held out.")
    channels: list[str] = Field(description="Over which it writes, in the order of its steps.")
    steps: list[Step] = Field(description="As of a journey through which nobody has gone.")
    parts: list[ReadyPart] = Field(description="The journey first, then what it names.")
    there: bool = Field(description="The workspace has a journey of this key.")


class ReadyJourneys(BaseModel):
    """All journeys to begin with."""

    rows: list[ReadyJourney]


class ReadyUsed(BaseModel):
    """What was put in force, and what was there already and stayed."""

    key: str
    saved: list[str] = Field(description="Names such as template cart_reminder.")
    kept: list[str]


@router.get("")
def ready_journeys(site: Here) -> ReadyJourneys:
    """All journeys to begin with, by key."""
    catalog = site.workspace.catalog
    return ReadyJourneys(rows=[_body(catalog, ready) for ready in journey.ready_journeys()])


@router.post("/{key}")
def use_ready_journey(site: Here, key: str) -> ReadyUsed:
    """Put a ready journey in force with what it names, kept by the app. It does not start."""
    used = documents.use_ready(site, key)
    return ReadyUsed(key=key, saved=[f"{one.kind} {one.key}" for one in used.documents], kept=list(used.kept))


def _body(catalog: Catalog, ready: journey.Ready) -> ReadyJourney:
    nobody = [journey.StepCount(node, 0, 0, 0, {}, {}, {}) for node in journey.graph(ready.spec)]
    return ReadyJourney(
        key=ready.key,
        title=ready.title,
        description=ready.description,
        enters=ready.enters,
        holdout=ready.spec.holdout,
        channels=list(ready.channels),
        steps=[step_body(step, ready.key) for step in nobody],
        parts=[ReadyPart(kind=one.kind, key=one.key, there=catalog.has(one.kind, one.key)) for one in ready.documents],
        there=catalog.has("journey", ready.key),
    )
