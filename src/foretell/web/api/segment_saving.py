"""Segments that the app keeps: saved from the builder, validated first, in force at once."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from foretell import condition
from foretell.definitions import DurationText
from foretell.web import documents
from foretell.web.api.conditions import WrittenCondition
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, save
from foretell.web.site import Here

router = APIRouter(prefix="/segments", tags=["segments"])


class SegmentContent(BaseModel):
    """A segment as the builder sends it."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=4000)
    condition: WrittenCondition
    of: Literal["known", "all"] = "known"
    owner: str | None = Field(None, max_length=200)
    review: date | None = None
    review_every: DurationText | None = Field(None, description="How long after a review it is looked at again.")


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_segment(site: Here, key: str, body: SegmentContent, revision: Revision = None) -> SavedDocument | JSONResponse:
    """Save a segment and put it in force. Segments that people keep in files are refused."""
    spec = body.model_dump(mode="json", exclude_none=True)
    spec["condition"] = condition.canonical(spec["condition"])
    if spec["of"] == "known":
        del spec["of"]
    return save(site, "segment", key, spec, revision)


@router.delete("/{key}", status_code=204)
def delete_segment(site: Here, key: str, revision: Revision = None) -> None:
    """Take a segment of the app out of force. What others still name, and what people keep in files, is refused."""
    documents.remove(site, "segment", key, base_revision=revision)
