"""Help with segments: overlap, trends, uses, reviews, drift."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import segment
from foretell.stats import Interval
from foretell.web.api.shapes import GivenInstant, Instant
from foretell.web.site import Here, Site

router = APIRouter(tags=["segments"])
ALL, ONE = "/segment-groups", "/segments/{key}"
Weeks = Annotated[int, Query(ge=2, le=260, description="So many weeks back at most.")]
COUNTING_SECONDS = 5.0
"""So long a list of trends counts what was not counted before."""
Decision = Literal["keep", "tighten", "retire"]


class Bounds(BaseModel):
    """A number and its interval."""

    value: float
    low: float | None
    high: float | None
    level: float = Field(description="Nine of ten such intervals hold the truth at 0.9.")


class OverlapCell(BaseModel):
    """Two segments that share people."""

    one: str
    other: str
    both: int
    of_one: float = Field(description="`both` as a share of `one`.")
    of_other: float
    jaccard: float = Field(description="`both` as a share of those in either.")


class SegmentSizeNow(BaseModel):
    """A row and column of the matrix."""

    key: str
    title: str
    people: int


class OverlapTable(BaseModel):
    """Every segment against every other."""

    segments: list[SegmentSizeNow]
    pairs: list[OverlapCell] = Field(description="Each two that share anybody once, the most alike first.")
    as_of: Instant


class UseRow(BaseModel):
    """A document that names a segment."""

    kind: str
    key: str
    title: str


class UnusedRow(BaseModel):
    """A segment that nothing goes by."""

    key: str
    title: str
    owner: str | None
    people: int
    only_in: list[UseRow] = Field(description="Segments that name it, which nobody uses either.")


class UnusedRows(BaseModel):
    """All of them."""

    rows: list[UnusedRow]


class Uses(BaseModel):
    """What a segment is used in."""

    key: str
    rows: list[UseRow]


class TrendPoint(BaseModel):
    """A segment at an instant."""

    at: Instant
    people: int
    joined: int | None = Field(description="People since the point before.")
    left: int | None
    stays: float | None = Field(description="Share of those of the point before who are still in.")


class TrendRow(BaseModel):
    """A segment's sizes, oldest first, by today's condition."""

    key: str
    points: list[TrendPoint]


class TrendRows(BaseModel):
    """All segments at the beginning of each of the last weeks."""

    rows: list[TrendRow]
    complete: bool = Field(description="False: some have no points yet; ask again, and counting goes on.")


class SegmentReviewRow(BaseModel):
    """One look at a segment."""

    number: int
    at: Instant
    by: str
    decision: Decision
    note: str
    next_review: date | None
    people: int = Field(description="How many were in it then.")
    could_be: int = Field(description="How many could have been.")


class DueRow(BaseModel):
    """When a segment is to be looked at."""

    key: str
    title: str
    owner: str | None
    due: date | None = Field(description="Null for one that is not in force yet.")
    days: int | None = Field(description="Until then; negative where it is past.")
    overdue: bool
    every: str = Field(description="How often, e.g. 3mo.")
    last: SegmentReviewRow | None
    used_in: list[UseRow]


class DueRows(BaseModel):
    """Every segment, the earliest day first."""

    rows: list[DueRow]
    overdue: int


class Reviews(BaseModel):
    """All reviews of a segment, the latest first, and when the next is due."""

    due: DueRow
    rows: list[SegmentReviewRow]


class NewReview(BaseModel):
    """What was decided."""

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    note: str = Field("", max_length=10_000)
    next_review: date | None = Field(None, description="Default: as the segment says, a quarter from now.")
    by: str = Field("team", min_length=1, max_length=200, description="Who looked.")


class CompositionPart(BaseModel):
    """A group of values and which share of the members has one."""

    label: str
    then: float
    now: float


class CompositionRow(BaseModel):
    """How far the members of then and now differ in one trait or habit."""

    name: str
    words: str
    index: Bounds = Field(description="Population stability index.")
    by_chance: float = Field(description="What chance alone gives.")
    verdict: Literal["same", "some", "much"]
    says: str
    parts: list[CompositionPart]


class StandingBody(BaseModel):
    """Mean score of the members and of everybody else."""

    members: float
    others: float
    difference: Bounds
    scored: int
    differs: bool


class AgainstRow(BaseModel):
    """A prediction: the members against everybody else."""

    prediction: str
    horizon: str
    then: StandingBody | None
    now: StandingBody | None
    lost: bool = Field(description="They differed then and no longer do.")


class OverlapChange(BaseModel):
    """Another segment: people in both, then and now."""

    key: str
    title: str
    then: int
    now: int
    jaccard_then: float
    jaccard_now: float
    grew: bool


class LostToRow(BaseModel):
    """A segment in which people who left are now."""

    key: str
    title: str
    people: int


class ReasonRow(BaseModel):
    """Why."""

    code: str
    words: str


class AdviceBody(BaseModel):
    """What the rules propose."""

    decision: Decision
    reasons: list[ReasonRow]


class DriftBody(BaseModel):
    """A segment then and now, both by today's condition."""

    key: str
    since: Instant = Field(description="The last review, else one review period ago.")
    at: Instant
    review: SegmentReviewRow | None
    other_meaning: bool = Field(description="The condition is another one than at that review.")
    then: int
    now: int
    could_be_then: int
    could_be_now: int
    stayed: int
    joined: int
    lost: int
    silent: int = Field(description="Of those lost, how many have done nothing since.")
    lost_to: list[LostToRow]
    composition: list[CompositionRow]
    against: list[AgainstRow]
    overlaps: list[OverlapChange]
    advice: AdviceBody


@router.get(f"{ALL}/overlap")
def segment_overlap(site: Here) -> OverlapTable:
    """How many people each two segments share."""
    keys = [document.key for document in site.workspace.catalog.all("segment")]
    found = segment.overlap(site.memberships(), keys)
    sizes = found.sizes
    return OverlapTable(
        segments=[SegmentSizeNow(key=key, title=_title(site, key), people=sizes[key]) for key in keys],
        pairs=[OverlapCell(**vars(pair)) for pair in found.pairs()],
        as_of=site.now,
    )


@router.get(f"{ALL}/unused")
def unused_segments(site: Here) -> UnusedRows:
    """Segments that no journey, audience or other document goes by."""
    catalog = site.workspace.catalog
    sizes = segment.overlap(site.memberships(), [document.key for document in catalog.all("segment")]).sizes
    return UnusedRows(
        rows=[
            UnusedRow(key=one.key, title=one.title, owner=one.owner, people=sizes[one.key], only_in=_uses(one.only_in))
            for one in segment.unused(catalog)
        ]
    )


@router.get(f"{ALL}/trends")
def segment_trends(site: Here, weeks: Weeks = 13) -> TrendRows:
    """The sizes of all segments at the beginning of each of the last weeks."""
    place, began = site.workspace, time.monotonic()
    found = segment.trends(
        place.engine, place.catalog, place.reader, now=site.now, weeks=weeks,
        enough=lambda: time.monotonic() - began > COUNTING_SECONDS,
    )  # fmt: skip
    counted = any(one.points for one in found)
    return TrendRows(rows=[_trend(one) for one in found], complete=not counted or all(one.points for one in found))


@router.get(f"{ALL}/reviews")
def segment_reviews_due(site: Here) -> DueRows:
    """When each segment is to be looked at, the earliest first."""
    rows = [_due(one) for one in segment.review_list(site.workspace.engine, site.workspace.catalog, now=site.now)]
    return DueRows(rows=rows, overdue=sum(row.overdue for row in rows))


@router.get(f"{ONE}/uses")
def segment_uses(site: Here, key: str) -> Uses:
    """The documents that name a segment."""
    site.workspace.catalog.get("segment", key)
    return Uses(key=key, rows=_uses(segment.uses(site.workspace.catalog)[key]))


@router.get(f"{ONE}/trend")
def segment_trend(site: Here, key: str, weeks: Weeks = 53) -> TrendRow:
    """A segment's size at the beginning of each of the last weeks, and now."""
    place = site.workspace
    return _trend(segment.trend(place.engine, place.catalog, place.reader, key, now=site.now, weeks=weeks))


@router.get(f"{ONE}/reviews")
def segment_reviews(site: Here, key: str) -> Reviews:
    """All reviews of a segment, and when the next is due."""
    place = site.workspace
    place.catalog.get("segment", key)
    due = next(one for one in segment.review_list(place.engine, place.catalog, now=site.now) if one.key == key)
    return Reviews(due=_due(due), rows=[_review(one) for one in segment.review_history(place.engine, key)])


@router.post(f"{ONE}/reviews")
def review_segment(site: Here, key: str, review: NewReview) -> Reviews:
    """Note that somebody looked at a segment and what they decided."""
    place = site.workspace
    segment.record_review(
        place.engine, place.catalog, place.reader, key, by=review.by, decision=review.decision, note=review.note,
        next_review=review.next_review, now=site.now,
    )  # fmt: skip
    return segment_reviews(site, key)


@router.get(f"{ONE}/drift")
def segment_drift(
    site: Here, key: str, since: Annotated[GivenInstant | None, Query(description="Default: the last review.")] = None
) -> DriftBody:
    """What has become of a segment since it was last looked at."""
    place = site.workspace
    found = segment.drift(
        place.engine, place.catalog, place.reader, key, now=site.now, since=since, inside=site.memberships()
    )
    counts = {name: getattr(found, name) for name in _COUNTS}
    return DriftBody(
        **counts,
        review=None if found.review is None else _review(found.review),
        lost_to=[LostToRow(key=one.key, title=_title(site, one.key), people=one.people) for one in found.lost_to],
        composition=[_composition(one) for one in found.composition],
        against=[_against(one) for one in found.against],
        overlaps=[OverlapChange(**vars(one), title=_title(site, one.key), grew=one.grew) for one in found.overlaps],
        advice=AdviceBody(
            decision=found.advice.decision, reasons=[ReasonRow(**vars(one)) for one in found.advice.reasons]
        ),
    )


_COUNTS = (
    "key", "since", "at", "other_meaning", "then", "now", "could_be_then", "could_be_now", "stayed", "joined", "lost",
    "silent",
)  # fmt: skip


def bounds_of(one: Interval) -> Bounds:
    """A number and its interval; null where there is none."""
    low, high = (bound if bound == bound else None for bound in (one.low, one.high))
    return Bounds(value=one.value, low=low, high=high, level=one.level)


def _uses(found: tuple[segment.Use, ...]) -> list[UseRow]:
    return [UseRow(**vars(use)) for use in found]


def _trend(one: segment.Trend) -> TrendRow:
    return TrendRow(key=one.key, points=[TrendPoint(**vars(point)) for point in one.points])


def _review(one: segment.Review) -> SegmentReviewRow:
    return SegmentReviewRow(**{name: getattr(one, name) for name in SegmentReviewRow.model_fields})


def _due(one: segment.Due) -> DueRow:
    return DueRow(
        key=one.key, title=one.title, owner=one.owner, due=one.due, days=one.days, overdue=one.overdue, every=one.every,
        last=None if one.last is None else _review(one.last), used_in=_uses(one.used_in),
    )  # fmt: skip


def _composition(one: segment.Composition) -> CompositionRow:
    return CompositionRow(
        name=one.name, words=one.words, index=bounds_of(one.index), by_chance=one.by_chance, verdict=one.verdict,
        says=one.says, parts=[CompositionPart(**vars(part)) for part in one.parts],
    )  # fmt: skip


def _against(one: segment.Against) -> AgainstRow:
    return AgainstRow(
        prediction=one.prediction, horizon=one.horizon, then=_standing(one.then), now=_standing(one.now), lost=one.lost
    )


def _standing(one: segment.Standing | None) -> StandingBody | None:
    if one is None:
        return None
    return StandingBody(
        members=one.members, others=one.others, difference=bounds_of(one.difference), scored=one.scored,
        differs=one.differs,
    )  # fmt: skip


def _title(site: Site, key: str) -> str:
    return segment.title_of(site.workspace.catalog.get("segment", key))
