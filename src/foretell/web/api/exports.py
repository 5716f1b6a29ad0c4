"""Exports of segments: where they go, and how each stands."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell.definitions import Document
from foretell.deliver import exports
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/exports", tags=["segments"])


class ExportRow(BaseModel):
    """An export of a segment."""

    key: str
    title: str
    description: str | None
    segment: str
    way: Literal["webhook", "file"]
    target: str = Field(description="The server's name, or the file within the workspace.")
    every: str | None = Field(description="How often the file is written; null for a webhook, which is told at once.")
    fields: list[str] = Field(description="What is told of a person beside the profile id.")
    state: Literal["new", "ok", "failing"] = Field(description="new: it has not had a turn yet.")
    done_at: Instant | None = Field(description="When something last went out well.")
    next_at: Instant | None = Field(description="Not before then; null: at once.")
    error: str = Field(description="What the last try failed with; empty where it went well.")
    told: int = Field(description="Entries and exits that the server took; rows of the file.")
    waiting: int = Field(description="Entries and exits that are still to be told.")
    refused: int = Field(description="Entries and exits that the server will not have, or that were given up.")
    left_out: dict[str, int] = Field(description="What did not go out since it may not, by reason.")


class Exports(BaseModel):
    """All exports."""

    rows: list[ExportRow]


@router.get("")
def list_exports(site: Here) -> Exports:
    """All exports with how they stand."""
    standings = exports.standings(site.workspace.engine)
    return Exports(rows=[_row(one, standings.get(one.key)) for one in site.workspace.catalog.all(exports.KIND.name)])


def _row(document: Document, standing: exports.Standing | None) -> ExportRow:
    spec = exports.spec_of(document)
    known = standing or exports.Standing(document.key, spec.segment, 0)
    state: Literal["new", "ok", "failing"] = "failing" if known.error else "ok" if standing else "new"
    return ExportRow(
        key=document.key,
        title=spec.title or document.key,
        description=spec.description,
        segment=spec.segment,
        way="file" if spec.webhook is None else "webhook",
        target=exports.target_of(document),
        every=None if spec.to is None else spec.every or exports.USUAL_EVERY,
        fields=spec.fields,
        state=state,
        done_at=known.done_at,
        next_at=known.next_at,
        error=known.error,
        told=known.told,
        waiting=known.waiting,
        refused=known.refused,
        left_out=dict(known.left_out),
    )
