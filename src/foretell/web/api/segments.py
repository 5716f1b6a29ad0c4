"""Segments: how many people, who, and what the condition says in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from foretell import identify, segment
from foretell.condition import Explanation, sentence
from foretell.definitions import Document, is_kept_by_app, revision_in_force
from foretell.deliver import exports
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
    churn: float | None = Field(description="Mean churn probability of its scored members.")
    clv: float | None = Field(description="Mean lifetime value of its scored members, major units.")
    owner: str | None
    review: date | None = Field(description="When it should be looked at again.")
    review_every: str = Field(description="How long after a review it is looked at again, e.g. 3mo.")
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")


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
    revenue: float = Field(description="Orders less refunds of its members, major units.")
    revision: int = Field(description="In force; 0 where it has not been applied.")
    file: str = Field(description="Where it lies in the workspace.")
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
    figures = _figures(site)
    return Segments(rows=[_row(site, document, figures) for document in site.workspace.catalog.all("segment")])


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
        **_row(site, document, _figures(site)).model_dump(),
        condition=segment.spec_of(document).condition,
        overlaps=sorted(overlaps, key=lambda one: (-one.both, one.key)),
        revenue=pc.sum(members["revenue"]).as_py() or 0.0,
        revision=revision_in_force(site.workspace.engine.ops, "segment", key),
        file=document.file,
        as_of=site.now,
    )


@router.get("/{key}/members")
def segment_members(
    site: Here, key: str, page: PageNumber = 1, sort: segment.Sort = "clv", order: Literal["asc", "desc"] = "desc"
) -> People:
    """Who is in a segment, a page at a time. As files, for those who may go out: `members.csv`, `members.parquet`."""
    site.workspace.catalog.get("segment", key)
    found = segment.page(
        site.directory(), site.memberships(), segment=key, sort=sort, descending=order == "desc",
        offset=offset_of(page), limit=PAGE_ROWS,
    )  # fmt: skip
    return People(total=found.total, page=page, rows=person_rows(found))


_CSV, _PARQUET = "text/csv; charset=utf-8", "application/vnd.apache.parquet"
LEFT_OUT = "Foretell-Left-Out"
"""Header that says how many people are not in the file since their data may not be handed over, and why."""


@router.get("/{key}/members.csv", include_in_schema=False)
def members_csv(site: Here, key: str) -> Response:
    """All members whose data may be handed over, as CSV; `Foretell-Left-Out` counts the others by reason."""
    return _download(site, key, "csv", _CSV)


@router.get("/{key}/members.parquet", include_in_schema=False)
def members_parquet(site: Here, key: str) -> Response:
    """All members whose data may be handed over, as Parquet; `Foretell-Left-Out` counts the others by reason."""
    return _download(site, key, "parquet", _PARQUET)


def _download(site: Site, key: str, form: exports.FileFormat, media_type: str) -> Response:
    place, now = site.workspace, site.now
    told = segment.export_members(place.engine, place.catalog, place.reader, key, as_of=now, now=now)
    headers = {
        "Content-Disposition": f'attachment; filename="{key}.{form}"',
        "Cache-Control": "no-store",
        LEFT_OUT: ", ".join(f"{reason}={count}" for reason, count in told.left_out.items()),
    }
    return Response(exports.file_of(told.rows, form), media_type=media_type, headers=headers)


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


@dataclass(frozen=True)
class Figures:
    """How many are in a segment; mean churn probability and mean value (major units) of those who are scored."""

    members: int = 0
    churn: float | None = None
    clv: float | None = None


def _figures(site: Site) -> dict[str, Figures]:
    """How many are in each segment, and the means of those of them who are scored."""
    return site.cache.get("segment figures", lambda: figures_of(site.memberships(), site.directory()))


def figures_of(inside: pa.Table, everybody: pa.Table) -> dict[str, Figures]:
    """By segment, from who is in which (``segment``, ``profile_key``) and everybody (``profile_key churn clv``)."""
    scored = inside.join(everybody.select(["profile_key", "churn", "clv"]), "profile_key")
    found = scored.group_by("segment").aggregate([([], "count_all"), ("churn", "mean"), ("clv", "mean")])
    return {row["segment"]: Figures(row["count_all"], row["churn_mean"], row["clv_mean"]) for row in found.to_pylist()}


def _row(site: Site, document: Document, figures: dict[str, Figures]) -> SegmentRow:
    spec, people = segment.spec_of(document), site.headcount()
    could = people.everybody if spec.of == "all" else people.known
    found = figures.get(document.key, Figures())
    return SegmentRow(
        key=document.key,
        title=spec.title or document.key,
        description=spec.description,
        says=sentence(segment.condition_of(document)),
        of=spec.of,
        members=found.members,
        share=found.members / could if could else 0.0,
        churn=found.churn,
        clv=found.clv,
        owner=spec.owner,
        review=spec.review,
        review_every=spec.review_every,
        kept_by="app" if is_kept_by_app(document.raw) else "files",
    )


def _title(site: Site, key: str) -> str:
    return segment.spec_of(site.workspace.catalog.get("segment", key)).title or key


Part.model_rebuild()
