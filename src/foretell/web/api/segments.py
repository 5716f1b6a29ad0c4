"""Segments: how many people, who, and what the condition says in words."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import identify, segment
from foretell.condition import Explanation, sentence
from foretell.definitions import Document
from foretell.web.api.people import People, person_rows
from foretell.web.api.shapes import PAGE_ROWS, Instant, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/segments", tags=["segments"])


class SegmentRow(BaseModel):
    """A segment and how many are in it."""

    key: str
    title: str
    description: str | None
    says: str = Field(description="The condition in words.")
    of: Literal["known", "all"] = Field(description="Whether people without a known identifier count.")
    members: int
    share: float = Field(description="Members out of all people it could hold.")
    owner: str | None
    review: date | None = Field(description="When it should be looked at again.")


class Segments(BaseModel):
    """All segments."""

    rows: list[SegmentRow]


class Overlap(BaseModel):
    """How many people two segments share."""

    key: str
    title: str
    both: int


class SegmentBody(SegmentRow):
    """One segment."""

    condition: dict[str, Any] = Field(description="As it is written.")
    overlaps: list[Overlap] = Field(description="Other segments, largest overlap first.")
    churn: float | None = Field(description="Mean churn probability of its scored members.")
    clv: float | None = Field(description="Mean lifetime value of its scored members, major units.")
    revenue: float = Field(description="Orders less refunds of its members, major units.")
    as_of: Instant


class Part(BaseModel):
    """A part of a condition and whether it holds for somebody."""

    says: str
    holds: bool
    found: str
    parts: list[Part]


@router.get("")
def segments(site: Here) -> Segments:
    """All segments with their sizes."""
    sizes = _sizes(site)
    return Segments(rows=[_row(site, document, sizes) for document in site.workspace.catalog.all("segment")])


@router.get("/{key}")
def segment_detail(site: Here, key: str) -> SegmentBody:
    """One segment: size, words, overlap with the others."""
    document = site.workspace.catalog.get("segment", key)
    inside, everybody = site.memberships(), site.directory()
    keys = inside.filter(pc.equal(inside["segment"], key))["profile_key"].combine_chunks()
    members = everybody.filter(pc.is_in(everybody["profile_key"], keys))
    shared = inside.filter(pc.is_in(inside["profile_key"], keys)).group_by("segment").aggregate([([], "count_all")])
    overlaps = [
        Overlap(key=row["segment"], title=_title(site, row["segment"]), both=row["count_all"])
        for row in shared.to_pylist()
        if row["segment"] != key
    ]
    return SegmentBody(
        **_row(site, document, _sizes(site)).model_dump(),
        condition=segment.spec_of(document).condition,
        overlaps=sorted(overlaps, key=lambda one: (-one.both, one.key)),
        churn=pc.mean(members["churn"]).as_py(),
        clv=pc.mean(members["clv"]).as_py(),
        revenue=pc.sum(members["revenue"]).as_py() or 0.0,
        as_of=site.now,
    )


@router.get("/{key}/members")
def segment_members(
    site: Here, key: str, page: PageNumber = 1, sort: segment.Sort = "clv", order: Literal["asc", "desc"] = "desc"
) -> People:
    """Who is in a segment, a page at a time."""
    site.workspace.catalog.get("segment", key)
    found = segment.page(
        site.directory(), site.memberships(), segment=key, sort=sort, descending=order == "desc",
        offset=offset_of(page), limit=PAGE_ROWS,
    )  # fmt: skip
    return People(total=found.total, page=page, rows=person_rows(found))


@router.get("/{key}/explain/{profile_id}")
def segment_explain(site: Here, key: str, profile_id: str) -> Part:
    """Why somebody is or is not in a segment, part by part."""
    place = site.workspace
    match = identify.find(place.engine, profile_id)
    return _part(segment.explain(place.catalog, place.reader, key, match.profile_key, as_of=site.now))


def _part(found: Explanation) -> Part:
    return Part(
        says=found.says, holds=found.holds, found=found.found or "", parts=[_part(inner) for inner in found.parts]
    )


def _sizes(site: Site) -> dict[str, int]:
    counted = site.memberships().group_by("segment").aggregate([([], "count_all")])
    return dict(zip(counted["segment"].to_pylist(), counted["count_all"].to_pylist(), strict=True))


def _row(site: Site, document: Document, sizes: dict[str, int]) -> SegmentRow:
    spec, everybody = segment.spec_of(document), site.directory()
    could = everybody.num_rows if spec.of == "all" else int(pc.sum(everybody["known"]).as_py() or 0)
    members = sizes.get(document.key, 0)
    return SegmentRow(
        key=document.key,
        title=spec.title or document.key,
        description=spec.description,
        says=sentence(segment.condition_of(document)),
        of=spec.of,
        members=members,
        share=members / could if could else 0.0,
        owner=spec.owner,
        review=spec.review,
    )


def _title(site: Site, key: str) -> str:
    return segment.spec_of(site.workspace.catalog.get("segment", key)).title or key


Part.model_rebuild()
