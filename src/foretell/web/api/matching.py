"""Matching: what was learnt, and the pairs of records that people decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from foretell import app as wiring
from foretell import identify
from foretell.web.api.shapes import PAGE_ROWS, Counted, Instant, PageNumber, offset_of
from foretell.web.site import Here

router = APIRouter(prefix="/identity", tags=["identity"])
Bits = Annotated[float, Field(description="Bits: each doubles the odds that both are one person's; below 0 halves.")]


class MatchLevel(BaseModel):
    """How alike two values are, and how often that is so."""

    level: str
    m: float = Field(description="Share of one person's pairs at this level.")
    u: float = Field(description="Share of two people's pairs at this level.")
    weight: Bits
    learnt: bool = Field(description="False where the data had nothing to learn m from.")


class MatchFieldBody(BaseModel):
    """A field that is compared."""

    field: str
    compare: str
    traits: list[str]
    identifiers: list[str]
    levels: list[MatchLevel] = Field(description="The most alike first.")


class MatchModel(BaseModel):
    """What was learnt."""

    number: int
    trained_at: Instant
    prior: float = Field(description="Probability that two records drawn at random are one person's.")
    join_from: float = Field(description="Probability from which a pair is joined.")
    review_from: float = Field(description="Probability from which a pair is put to people.")
    expected_precision: float = Field(description="Mean probability of the joined pairs when it was trained.")
    records: int
    pairs_compared: int
    fields: list[MatchFieldBody]


class Matching(BaseModel):
    """How matching stands."""

    configured: bool = Field(description="An identity document asks for it; without one it runs by hand alone.")
    last_run: Instant | None
    counts: dict[str, int] = Field(description="Pairs: waiting, joined (by itself), same, different (by people).")
    model: MatchModel | None


class ReviewField(BaseModel):
    """What a field says of a pair."""

    field: str
    one: str | None
    other: str | None
    level: str
    weight: Bits


class ReviewRow(BaseModel):
    """A pair of records that waits for people."""

    pair: str
    one: str = Field(description="Public id of the person whose record it is.")
    other: str
    one_identifiers: list[str] = Field(description="type:value, of this record.")
    other_identifiers: list[str]
    probability: float
    weight: Bits
    held_back: str | None = Field(description="Why a likely pair was not joined: limit:KIND or chain.")
    fields: list[ReviewField] = Field(description="What weighs most first.")
    found_at: Instant


class Review(Counted):
    """A page of pairs, the likeliest first."""

    rows: list[ReviewRow]


class Verdict(BaseModel):
    """What is to be remembered with an answer."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = Field(None, max_length=1_000, description="Why, in your words.")
    force: bool = Field(False, description="Also where together they have more identifiers than one person may.")


class Accepted(BaseModel):
    """Two people who are one now."""

    merge_id: int
    profile_id: str
    merged_profile_id: str


class Rejected(BaseModel):
    """Two people who stay two."""

    pair: str
    state: str


@router.get("/matching")
def matching(site: Here) -> Matching:
    """How matching stands: what was learnt, when, and what came of it."""
    place = site.workspace
    model = identify.latest_model(place.engine.ops)
    return Matching(
        configured=wiring.matching_spec(place) is not None,
        last_run=identify.last_run(place.engine),
        counts=identify.pair_counts(place.engine.ops),
        model=None if model is None else _model(model),
    )


@router.get("/review")
def review(site: Here, page: PageNumber = 1) -> Review:
    """Pairs of records that wait for people."""
    found = wiring.match_questions(site.workspace, offset=offset_of(page), limit=PAGE_ROWS)
    return Review(total=found.total, page=page, rows=[_row(one) for one in found.rows])


@router.post("/review/{pair}/accept")
def accept(site: Here, pair: str, body: Verdict) -> Accepted:
    """Both records are one person's: they are joined."""
    done = wiring.accept_pair(site.workspace, pair, note=body.reason, force=body.force)
    return Accepted(merge_id=done.merge_id, profile_id=done.profile_id, merged_profile_id=done.merged_profile_id)


@router.post("/review/{pair}/reject")
def reject(site: Here, pair: str, body: Verdict) -> Rejected:
    """The records are two people's: they are kept apart."""
    done = wiring.reject_pair(site.workspace, pair, note=body.reason)
    return Rejected(pair=done.pair_id, state="different")


def _model(model: identify.Model) -> MatchModel:
    return MatchModel(
        number=model.number,
        trained_at=model.trained_at,
        prior=model.prior,
        join_from=model.join_from,
        review_from=model.review_from,
        expected_precision=model.expected_precision,
        records=model.figures.get("records", 0),
        pairs_compared=model.figures.get("pairs_compared", 0),
        fields=[
            MatchFieldBody(
                field=field.name,
                compare=field.compare,
                traits=list(field.traits),
                identifiers=list(field.identifiers),
                levels=[
                    MatchLevel(level=one.label, m=one.m, u=one.u, weight=one.weight, learnt=one.learnt)
                    for one in model.levels[field.name]
                ],
            )
            for field in model.fields
        ],
    )


def _row(question: identify.Question) -> ReviewRow:
    pair, one, other = question.pair, question.one, question.other
    return ReviewRow(
        pair=pair.pair_id,
        one=one.profile_id,
        other=other.profile_id,
        one_identifiers=[f"{kind}:{value}" for kind, value in one.identifiers],
        other_identifiers=[f"{kind}:{value}" for kind, value in other.identifiers],
        probability=pair.probability,
        weight=pair.weight,
        held_back=pair.held_back,
        fields=[
            ReviewField(
                field=told.field,
                one=one.values.get(told.field),
                other=other.values.get(told.field),
                level=told.level,
                weight=told.weight,
            )
            for told in pair.fields
        ],
        found_at=pair.found_at,
    )
