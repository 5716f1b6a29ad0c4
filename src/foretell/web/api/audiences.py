"""Audiences: who is in, what the platform says of them, and what went wrong."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from foretell import deliver
from foretell.definitions import DurationText, is_kept_by_app, revision_in_force
from foretell.deliver import AudienceStanding
from foretell.web import documents
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, save
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/audiences", tags=["messages"])
Match = Literal["email", "phone", "address", "external_id"]
State = Literal["waiting", "accepted", "confirmed", "refused", "in_doubt", "not_told", "left"]


class AudienceList(BaseModel):
    """What the platform said of a list of an audience, and when."""

    name: str
    list_id: str = Field(description="Its id at the platform.")
    at: Instant
    standing: str = Field(description="Its state in the platform's words.")
    size_low: int | None = Field(description="People whom the platform can reach, at least.")
    size_high: int | None = Field(description="People whom the platform can reach, at most.")
    match_low: float | None = Field(description="Share of those told whom it knows, at least; null: not told.")
    match_high: float | None
    life_days: int | None = Field(description="After so long without being told again a person drops out there.")
    rounding: str = Field(description="How the platform rounds, in words.")
    told: int = Field(description="People who were on it then by what it was told.")
    error: str = Field(description="Why the last try to ask failed; empty where it did not.")


class Removals(BaseModel):
    """Memberships of erased people, by how far their removal at the platform is."""

    waiting: int
    told: int = Field(description="The platform has accepted the request.")
    acknowledged: int = Field(description="The platform has said that it is done.")
    last_at: Instant | None = Field(description="When the last one was acknowledged.")


class AudienceRow(BaseModel):
    """An audience."""

    key: str
    title: str
    description: str | None
    channel: str
    uses: str = Field(description="Kind of the channel; empty where nothing serves it.")
    platform: str | None
    segment: str | None = Field(description="The segment that it follows.")
    journeys: list[str] = Field(description="Journeys that put people in or take them out.")
    size: int = Field(description="People who are in.")
    left: int = Field(description="People who were in and are not.")
    states: dict[State, int] = Field(description="Of those who are in, by what the platform knows of them.")
    lists: list[AudienceList]
    removals: Removals
    problems: list[str]


class AudienceChannel(BaseModel):
    """A channel that can carry audiences."""

    key: str
    uses: str = Field(description="Its kind.")


class Audiences(BaseModel):
    """All audiences."""

    rows: list[AudienceRow]
    channels: list[AudienceChannel]


class AudienceDay(BaseModel):
    """People who joined and left on a day (UTC)."""

    day: date
    joined: int
    left: int


class Audience(AudienceRow):
    """An audience with its history."""

    match: list[Match] = Field(description="What the platform may compare.")
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")
    revision: int = Field(description="In force; 0 where it has not been applied.")
    split: Literal["offer", "product"] | None
    stays: str | None
    days: list[AudienceDay] = Field(description="Of the last 90 days those on which somebody joined or left.")
    looks: list[AudienceList] = Field(description="All that the platform said, the last first.")
    list_id: str | None = Field(description="Id of the list at the platform, where the document names it.")


class AudienceMember(BaseModel):
    """A person who is, or was, in."""

    profile_id: str
    person: str | None = Field(description="How the person is called; null where nothing is known.")
    state: State
    joined_at: Instant
    left_at: Instant | None
    journey: str | None = Field(description="The journey that put the person in.")
    error: str


class AudienceMembers(BaseModel):
    """A page of 50 people, those who joined last first."""

    rows: list[AudienceMember]
    total: int


class AudienceContent(BaseModel):
    """An audience as the app sends it."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=4000)
    channel: str = "ads"
    segment: str | None = None
    platform: str | None = Field(None, max_length=200)
    list_id: str | None = Field(None, description="Id of the list at the platform; without it one is made.")
    match: tuple[Match, ...] = ("email",)
    split: Literal["offer", "product"] | None = None
    stays: DurationText | None = None


class Checked(BaseModel):
    """One thing that was looked at."""

    what: str
    ok: bool
    said: str


class AudienceCheck(BaseModel):
    """The way to the platform, step by step."""

    steps: list[Checked]


@router.get("")
def list_audiences(site: Here) -> Audiences:
    """All audiences with how they stand."""
    place = site.workspace
    return Audiences(
        rows=[AudienceRow(**_row(one)) for one in deliver.list_audiences(place.engine, place.catalog)],
        channels=[AudienceChannel(key=key, uses=uses) for key, uses in deliver.audience_channels(place.catalog)],
    )


@router.get("/{key}")
def show_audience(key: str, site: Here) -> Audience:
    """One audience."""
    place = site.workspace
    standing = deliver.audience_standing(place.engine, place.catalog, key)
    days = [AudienceDay(**vars(day)) for day in deliver.audience_days(place.engine, key, site.now)]
    looks = [_list(look) for look in deliver.audience_looks(place.engine, key)]
    spec = standing.spec
    return Audience(
        **_row(standing),
        match=[*spec.match],
        list_id=spec.list,
        kept_by="app" if is_kept_by_app(place.catalog.get("audience", key).raw) else "files",
        revision=revision_in_force(place.engine.ops, "audience", key),
        split=spec.split,
        stays=spec.stays,
        days=days,
        looks=looks,
    )


@router.get("/{key}/members")
def audience_members(
    key: str,
    site: Here,
    state: Annotated[State | None, Query(description="Only those; all where it is left out.")] = None,
    after: Annotated[int, Query(ge=0, description="Leave out so many.")] = 0,
) -> AudienceMembers:
    """Who is in, and what the platform knows of each."""
    place = site.workspace
    deliver.audience_standing(place.engine, place.catalog, key)
    page = deliver.audience_members(place.engine, key, state=state or "", after=after)
    people = site.rows_of([one.profile_key for one in page.rows])
    rows = []
    for one in page.rows:
        known = {name: value for name, value in vars(one).items() if name != "profile_key"}
        rows.append(AudienceMember(person=site.name_in(people.get(one.profile_key, {})), **known))
    return AudienceMembers(rows=rows, total=page.total)


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_audience(
    site: Here, key: str, body: AudienceContent, revision: Revision = None
) -> SavedDocument | JSONResponse:
    """Save an audience and put it in force. Audiences that people keep in files are refused."""
    spec = body.model_dump(mode="json", exclude_none=True)
    if "list_id" in spec:
        spec["list"] = spec.pop("list_id")
    return save(site, "audience", key, spec, revision)


@router.delete("/{key}", status_code=204)
def delete_audience(site: Here, key: str, revision: Revision = None) -> None:
    """Take an audience of the app out of force. What a journey still names, and what people keep in files, is
    refused."""
    documents.remove(site, "audience", key, base_revision=revision)


@router.post("/{key}/check")
def check_audience(key: str, site: Here) -> AudienceCheck:
    """Try the way to the platform; nobody is told of anybody."""
    place = site.workspace
    steps = deliver.check_audience(place.engine, place.catalog, key, now=site.now)
    return AudienceCheck(steps=[Checked(**vars(step)) for step in steps])


def _row(standing: AudienceStanding) -> dict[str, Any]:
    spec, removals = standing.spec, standing.removals
    return {
        "key": standing.key,
        "title": standing.title,
        "description": spec.description,
        "channel": spec.channel,
        "uses": standing.uses,
        "platform": spec.platform,
        "segment": spec.segment,
        "journeys": list(standing.journeys),
        "size": standing.size,
        "left": standing.left,
        "states": dict(standing.states),
        "lists": [_list(look) for look in standing.looks],
        "removals": Removals(
            waiting=removals.waiting, told=removals.told, acknowledged=removals.acknowledged, last_at=removals.last_at
        ),
        "problems": list(standing.problems),
    }


def _list(look: deliver.Looked) -> AudienceList:
    known = {name: value for name, value in vars(look).items() if name != "list_name"}
    return AudienceList(name=look.list_name, **known)
