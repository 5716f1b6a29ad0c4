"""Profiles for other programs: a person's card by any identifier, their timeline, and many cards at once."""

from __future__ import annotations

import json
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from foretell import identify, profile
from foretell.web.api.people import Identifier, Timeline, entries, place_in
from foretell.web.api.shapes import Estimate, GivenInstant, Instant, Named, iso
from foretell.web.site import Here

router = APIRouter(prefix="/profiles", tags=["profiles"])
MOST_PROFILES = 1_000
"""Most people in one request."""
LOOKUP = profile.way_out("profiles.lookup", "export", "cards of many people at once, through the profile API")
Given = Annotated[str, Field(min_length=1, max_length=2_000, description="TYPE:VALUE, or a public id (p_…).")]


class CardValue(BaseModel):
    """What a source says of a trait."""

    value: str | int | float
    source: str = Field(description="Empty where an older release did not keep it.")
    at: Instant
    verified: bool


class CardTrait(CardValue):
    """A trait of a person, by the rule that the identity document gives it."""

    rule: str = Field(description="latest, most_frequent, longest, verified_first or by_source.")
    others: list[CardValue] = Field(description="Other values that stand, the latest first.")


class CardConsent(BaseModel):
    """The word that counts for a purpose; without one the person never spoke of it."""

    purpose: str
    state: str = Field(description="granted, denied or expired.")
    at: Instant
    source: str
    expires_at: Instant | None


class CardAccount(BaseModel):
    """An account or household to which the person belongs."""

    id: str
    kind: str
    role: str | None
    since: Instant


class CardPrediction(Estimate):
    """The last stored score."""

    key: str
    horizon: str
    as_of: Instant


class Card(BaseModel):
    """What is known of a person."""

    profile_id: str
    first_seen: Instant | None
    last_seen: Instant | None
    events: int
    identifiers: list[Identifier]
    traits: dict[str, CardTrait]
    consents: list[CardConsent]
    accounts: list[CardAccount]
    segments: list[Named]
    predictions: list[CardPrediction]
    computed_at: Instant = Field(description="When segments and predictions were looked up; the rest is as of now.")


class Asked(BaseModel):
    """Whose cards are asked for."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Given] = Field(min_length=1, max_length=MOST_PROFILES)


class FoundCard(BaseModel):
    """A card, and by what it was asked for."""

    id: str
    profile: Card


class Found(BaseModel):
    """Cards in the order asked for."""

    rows: list[FoundCard]
    unknown: list[str] = Field(description="Nobody is known by these.")
    left_out: dict[str, int] = Field(description="People whose data may not be handed out: reason → how many.")


@router.post("/lookup", response_class=Response, responses={200: {"model": Found}})
def look_up_profiles(site: Here, asked: Asked) -> Response:
    """The cards of up to 1,000 people; of those who may be handed out (purpose ``export``)."""
    place = site.workspace
    matches = identify.find_all(place.engine, asked.ids)
    keys = [match.profile_key for match in matches if match is not None]
    people = pa.array(sorted(set(keys)), pa.int64())
    let = LOOKUP.only(place.engine.ops, people, site.now, profile.purposes_of(place.catalog))
    cards = site.cards.many(let.kept.to_pylist())
    rows = [
        f'{{"id":{json.dumps(given)},"profile":{cards[match.profile_key]}}}'
        for given, match in zip(asked.ids, matches, strict=True)
        if match is not None and match.profile_key in cards
    ]
    unknown = json.dumps([given for given, match in zip(asked.ids, matches, strict=True) if match is None])
    left_out = json.dumps(let.left_out)
    return _json(f'{{"rows":[{",".join(rows)}],"unknown":{unknown},"left_out":{left_out}}}')


@router.get("/{identifier:path}/timeline")
def profile_timeline(
    site: Here,
    identifier: str,
    cursor: Annotated[str | None, Query(description="`before` of the page above.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    group: Annotated[profile.EventGroup | None, Query(description="Only events of this group.")] = None,
    event: Annotated[list[str], Query(max_length=50, description="Only events that are called so.")] = [],  # noqa: B006
    source: Annotated[list[str], Query(max_length=50, description="Only events that these sources sent.")] = [],  # noqa: B006
    start: Annotated[GivenInstant | None, Query(alias="from", description="Only events from then on.")] = None,
    end: Annotated[GivenInstant | None, Query(alias="to", description="Only events before then.")] = None,
) -> Timeline:
    """What happened to a person, newest first, a page at a time."""
    engine = site.workspace.engine
    match = identify.find(engine, identifier)
    found = profile.timeline_before(
        engine, match.profile_key, limit, before=None if cursor is None else place_in(cursor, "cursor"), group=group,
        events=event, sources=source, start=start, end=end,
    )  # fmt: skip
    more = len(found) == limit
    return Timeline(rows=entries(found), before=f"{iso(found[-1].at)}~{found[-1].message_id}" if more else None)


@router.get("/{identifier:path}", response_class=Response, responses={200: {"model": Card}})
def profile_card(site: Here, identifier: str) -> Response:
    """What is known of a person; ``type:value``, a bare value that one person alone has, or a public id finds them."""
    match = identify.find(site.workspace.engine, identifier)
    return _json(site.cards.one(match.profile_key))


def _json(text: str) -> Response:
    return Response(text.encode(), media_type="application/json")
