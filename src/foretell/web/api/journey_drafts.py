"""Drafts of journeys: saved as they are, told what they lack, published when nothing is lacking."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import journey
from foretell.web.api.conditions import ConditionProblem
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, problem_in_spec, save
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/journey-drafts", tags=["journeys"])


class DraftSpec(BaseModel):
    """What there is of it."""

    spec: dict[str, Any] = Field(description="As in a document of the kind; anything may be left out.")


class JourneyDraftBody(BaseModel):
    """A journey that is being made."""

    key: str
    spec: dict[str, Any]
    changed_at: Instant
    lacks: list[ConditionProblem] = Field(description="What keeps it from being published; paths from its spec.")


class JourneyDrafts(BaseModel):
    """All drafts."""

    rows: list[JourneyDraftBody]


@router.get("")
def list_drafts(site: Here) -> JourneyDrafts:
    """All drafts, by key."""
    place = site.workspace
    return JourneyDrafts(rows=[_body(one) for one in journey.drafts(place.engine, place.catalog)])


@router.get("/{key}")
def read_draft(site: Here, key: str) -> JourneyDraftBody:
    """One draft."""
    place = site.workspace
    return _body(journey.draft_of(place.engine, place.catalog, key))


@router.put("/{key}")
def save_draft(site: Here, key: str, body: DraftSpec) -> JourneyDraftBody:
    """Save a draft, complete or not; nothing of it is in force."""
    place = site.workspace
    return _body(journey.save_draft(place.engine, place.catalog, key, body.spec, now=site.now))


@router.delete("/{key}", status_code=204)
def delete_draft(site: Here, key: str) -> None:
    """Forget a draft."""
    journey.drop_draft(site.workspace.engine, key)


@router.post("/{key}/publish", response_model=SavedDocument, responses=NOT_SAVED)
def publish_draft(site: Here, key: str, revision: Revision = None) -> SavedDocument | JSONResponse:
    """Put a draft in force as a document that the app keeps, and forget the draft; or everything that it lacks."""
    place = site.workspace
    found = journey.draft_of(place.engine, place.catalog, key)
    saved = save(site, "journey", key, dict(found.spec), revision)
    if isinstance(saved, SavedDocument):
        journey.drop_draft(place.engine, key)
    return saved


def _body(draft: journey.Draft) -> JourneyDraftBody:
    spec = dict(draft.spec)
    lacks = [problem_in_spec(problem.as_error(), "error", spec) for problem in draft.lacks]
    return JourneyDraftBody(key=draft.journey, spec=spec, changed_at=draft.changed_at, lacks=lacks)
