"""People: a searchable list, and everything about one person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import care, deliver, identify, journey, predict, profile, segment
from foretell.errors import UsageError
from foretell.listen import loop
from foretell.web.api.case_bodies import CaseRow, case_rows
from foretell.web.api.messages import MessageRow, message_rows
from foretell.web.api.shapes import PAGE_ROWS, Counted, Estimate, Instant, Named, PageNumber, iso, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/people", tags=["people"])
TIMELINE_ENTRIES = 50


class PersonRow(BaseModel):
    """A person in a list."""

    profile_id: str
    name: str | None = Field(description="As the person's traits tell it.")
    email: str | None
    user_id: str | None
    known: bool = Field(description="A user id, e-mail, phone or external id is known.")
    first_seen: Instant | None
    last_seen: Instant | None
    last_order: Instant | None
    orders: int
    revenue: float = Field(description="Orders less refunds, major units.")
    churn: Estimate | None = Field(description="Last stored churn probability, horizon nearest to 90 days.")
    clv: Estimate | None = Field(description="Last stored lifetime value, major units.")
    segments: list[str] = Field(description="Keys of the segments the person is in.")


class People(Counted):
    """A page of people."""

    rows: list[PersonRow]


class Facts(BaseModel):
    """Numbers about one person."""

    first_seen: Instant | None
    last_seen: Instant | None
    events: int
    orders: int
    revenue: float
    last_order: Instant | None
    last_nps: PersonAnswer | None = Field(description="The last answer to how likely they would recommend, 0 to 10.")


class PersonAnswer(BaseModel):
    """What the person answered to a survey."""

    response_id: str
    survey: str
    measure: str | None = Field(description="nps, csat, ces or stars.")
    score: float | None = Field(description="In the scale of the measure.")
    text: str | None
    channel: str | None
    touchpoint: str | None
    answered_at: Instant


class Identifier(BaseModel):
    """By what a person is known."""

    kind: str
    value: str


class Trait(BaseModel):
    """What a person is, by the rule of the trait."""

    name: str
    value: str | float
    at: Instant | None = Field(description="When it was told.")
    source: str = Field(description="Who told it; empty where that was not kept.")
    verified: bool = Field(description="Its source says that it is verified.")
    rule: str = Field(description="latest, most_frequent, longest, verified_first or by_source.")
    others: list[OtherValue] = Field(description="Other values that stand, the latest first.")


class OtherValue(BaseModel):
    """What another source says of a trait, or another identity of the person."""

    value: str | float
    source: str
    at: Instant
    verified: bool


class ConsentState(BaseModel):
    """The word on a purpose over a channel that counts; without one the person never spoke of it."""

    channel: str
    purpose: str
    state: str = Field(description="granted, denied or expired.")
    at: Instant
    source: str


class Reason(BaseModel):
    """Why a score is what it is."""

    text: str
    effect: float = Field(description="What it added: log-odds of a probability, the factor itself of a value.")


class PersonPrediction(Estimate):
    """A stored score of one person."""

    key: str
    title: str
    horizon: str
    unit: Literal["probability", "money", "count"]
    as_of: Instant
    reasons: list[Reason]
    history: list[ScoreAt] = Field(description="All stored scores over this horizon, oldest first.")


class ScoreAt(Estimate):
    """A stored score."""

    as_of: Instant


class Person(BaseModel):
    """Everything about one person."""

    profile_id: str
    name: str | None
    email: str | None
    known: bool
    facts: Facts
    identifiers: list[Identifier]
    traits: list[Trait]
    consents: list[ConsentState]
    segments: list[Named]
    predictions: list[PersonPrediction]
    journeys: list[PersonRun] = Field(description="The latest first.")
    messages: list[MessageRow] = Field(description="The latest ones, the newest first.")
    cases: list[CaseRow] = Field(description="The latest ones, the newest first.")
    answers: list[PersonAnswer] = Field(description="To surveys, the latest first; none that was given anonymously.")


class PersonRun(BaseModel):
    """A passage of the person through a journey."""

    run: str
    journey: str
    title: str
    arm: str = Field(description="treated or held_out.")
    state: str = Field(description="active, done, left, goal, held_out or merged.")
    step: str | None
    entered_at: Instant
    ended_at: Instant | None
    goal_at: Instant | None


class TimelineEntry(BaseModel):
    """An event of a person."""

    message_id: str
    at: Instant
    event: str
    source: str
    properties: dict[str, Any]


class Timeline(BaseModel):
    """A piece of a timeline, newest first."""

    rows: list[TimelineEntry]
    before: str | None = Field(description="Give it as `before` for the next piece; null at the end.")


@router.get("")
def people(
    site: Here,
    q: Annotated[str, Query(description="Begin of a name or of any identifier, or `kind:value`.")] = "",
    segment_key: Annotated[str | None, Query(alias="segment", description="Only members of it.")] = None,
    sort: segment.Sort = "last_seen",
    order: Literal["asc", "desc"] = "desc",
    page: PageNumber = 1,
    known: Annotated[bool | None, Query(description="Only people who are known, or who are not.")] = None,
) -> People:
    """People, a page at a time."""
    place = site.workspace
    if segment_key is not None:
        place.catalog.get("segment", segment_key)
    everybody = site.directory()
    if known is not None:
        everybody = everybody.filter(pc.equal(everybody["known"], known))
    found = segment.page(
        everybody,
        site.memberships(),
        segment=segment_key,
        text=q,
        also=identify.starting_with(place.engine, q.strip()) if q.strip() else (),
        sort=sort,
        descending=order == "desc",
        offset=offset_of(page),
        limit=PAGE_ROWS,
    )
    return People(total=found.total, page=page, rows=person_rows(found))


@router.get("/{profile_id}")
def person(site: Here, profile_id: str) -> Person:
    """Everything about one person; any identifier finds them."""
    place = site.workspace
    match = identify.find(place.engine, profile_id)
    card = profile.show(
        place.engine, match, events=0, rules=profile.survivorship_of(place.catalog), at=site.now,
        purposes=profile.purposes_of(place.catalog),
    )  # fmt: skip
    told: Mapping[str, Any] = site.rows_of([match.profile_key]).get(match.profile_key, {})
    answers = [PersonAnswer(**vars(one)) for one in loop.answers_of(place.engine, match.profile_id)]
    inside = segment.segments_of(site.memberships(), pa.chunked_array([[match.profile_key]], pa.int64()))
    return Person(
        profile_id=match.profile_id,
        name=told.get("name"),
        email=next(iter(card.identifiers.get("email", [])), None),
        known=bool(told.get("known", set(card.identifiers) - {identify.ANONYMOUS})),
        facts=Facts(
            first_seen=card.first_seen,
            last_seen=card.last_seen,
            events=card.events,
            orders=told.get("orders") or 0,
            revenue=told.get("revenue") or 0.0,
            last_order=told.get("last_order"),
            last_nps=next((one for one in answers if one.measure == "nps" and one.score is not None), None),
        ),
        identifiers=[
            Identifier(kind=kind, value=value) for kind, values in card.identifiers.items() for value in values
        ],
        traits=_traits(card.told),
        consents=[
            ConsentState(channel=one.channel, purpose=one.purpose, state=one.state, at=one.at, source=one.source)
            for one in card.consents
        ],
        segments=[Named(key=key, title=_segment_title(site, key)) for key in inside[match.profile_key]],
        predictions=_predictions(site, match.profile_key),
        journeys=_runs(site, match.profile_id),
        messages=message_rows(site, deliver.ledger(place.engine, {"profile_key": match.profile_key}).rows),
        cases=case_rows(site, care.cases_of(place.engine, match.profile_key)),
        answers=answers,
    )


@router.get("/{profile_id}/timeline")
def timeline(
    site: Here,
    profile_id: str,
    before: Annotated[str | None, Query(description="`before` of the piece above.")] = None,
    kind: Annotated[profile.EventGroup | None, Query(description="Only events of this group.")] = None,
) -> Timeline:
    """What happened to a person, newest first."""
    engine = site.workspace.engine
    match = identify.find(engine, profile_id)
    start = None if before is None else place_in(before, "before")
    found = profile.timeline_before(engine, match.profile_key, TIMELINE_ENTRIES, before=start, group=kind)
    more = len(found) == TIMELINE_ENTRIES
    return Timeline(rows=entries(found), before=f"{iso(found[-1].at)}~{found[-1].message_id}" if more else None)


def person_rows(found: segment.Page) -> list[PersonRow]:
    """The rows of a page of people."""
    return [
        PersonRow(
            **{name: row[name] for name in _PLAIN},
            churn=estimate(row, "churn"),
            clv=estimate(row, "clv"),
            segments=found.segments[row["profile_key"]],
        )
        for row in found.rows.to_pylist()
    ]


def estimate(row: Mapping[str, Any], name: str) -> Estimate | None:
    """A score of a row with its bounds; None where there is none."""
    if row[name] is None:
        return None
    return Estimate(score=row[name], low=row[f"{name}_low"], high=row[f"{name}_high"])


_PLAIN = (
    "profile_id", "name", "email", "user_id", "known", "first_seen", "last_seen", "last_order", "orders", "revenue",
)  # fmt: skip


def place_in(text: str, where: str) -> tuple[datetime, str]:
    """The place in a timeline that a page's ``before`` names; ``where`` it was given."""
    at, _, message_id = text.partition("~")
    try:
        return datetime.fromisoformat(at), message_id
    except ValueError as error:
        raise UsageError("BAD_PLACE", f"{text!r} is no place in a timeline", where=where) from error


def entries(found: Sequence[profile.Entry]) -> list[TimelineEntry]:
    """Events of a timeline as rows."""
    return [
        TimelineEntry(
            message_id=one.message_id, at=one.at, event=one.event, source=one.source,
            properties=json.loads(one.properties),
        )
        for one in found
    ]  # fmt: skip


def _plain(value: str | Decimal) -> str | float:
    return value if isinstance(value, str) else float(value)


def _traits(told: Sequence[profile.TraitTold]) -> list[Trait]:
    return [
        Trait(
            name=one.name,
            value=_plain(one.value),
            at=one.at,
            source=one.source,
            verified=one.verified,
            rule=one.rule,
            others=[
                OtherValue(value=_plain(other.value), source=other.source, at=other.at, verified=other.verified)
                for other in one.others
            ],
        )
        for one in told
    ]


def _runs(site: Site, profile_id: str) -> list[PersonRun]:
    titles = {document.key: journey.spec_of(document).title for document in site.workspace.catalog.all("journey")}
    names = [name for name in PersonRun.model_fields if name != "title"]
    return [
        PersonRun(title=titles.get(row["journey"]) or row["journey"], **{name: row[name] for name in names})
        for row in journey.runs_of(site.workspace.engine, profile_id)
    ]


def _segment_title(site: Site, key: str) -> str:
    return segment.spec_of(site.workspace.catalog.get("segment", key)).title or key


def _predictions(site: Site, profile_key: int) -> list[PersonPrediction]:
    analytics, catalog, now = site.workspace.engine.analytics, site.workspace.catalog, site.now
    found = predict.person_scores(analytics, profile_key, as_of=now)
    known = {document.key for document in catalog.all("prediction")}
    histories = {
        key: predict.score_history(analytics, key, profile_key, as_of=now) for key in {o.prediction for o in found}
    }
    return [
        PersonPrediction(
            key=one.prediction,
            title=predict.spec_of(catalog, one.prediction).name or one.prediction,
            unit=predict.spec_of(catalog, one.prediction).foresees,
            horizon=one.horizon,
            score=one.score,
            low=one.low,
            high=one.high,
            as_of=one.as_of,
            reasons=[Reason(text=reason.words, effect=reason.effect) for reason in one.reasons],
            history=[
                ScoreAt(as_of=point.as_of, score=point.score, low=point.low, high=point.high)
                for point in histories[one.prediction]
                if point.horizon == one.horizon
            ],
        )
        for one in found
        if one.prediction in known
    ]  # fmt: skip


Facts.model_rebuild()
Trait.model_rebuild()
PersonPrediction.model_rebuild()
Person.model_rebuild()
