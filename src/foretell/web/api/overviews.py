"""Who people are and with what they come, a segment against everybody; and the visits of one person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import collect, identify, profile, segment
from foretell.web.api.shapes import Instant, Named
from foretell.web.site import Here, Site

router = APIRouter(tags=["people"])
VALUES_SHOWN = 12
"""Values of a part; what is rarer is one row, ``other``."""
SESSIONS_SHOWN = 20
OTHER = "other"
_TITLES = {
    "browser": "Browser", "os": "Operating system", "device_type": "Device", "country": "Country",
    "language": "Language", "gender": "Gender", "age": "Age",
}  # fmt: skip
SegmentKey = Annotated[str | None, Query(alias="segment", description="Its people are held against everybody.")]


class Slice(BaseModel):
    """How many people a value has."""

    value: str
    people: int
    share: float = Field(description="Of the people of the segment of whom the part is known; 0 to 1.")
    everybody: int
    everybody_share: float


class Part(BaseModel):
    """One thing that is told of people; without a segment `people` are everybody."""

    part: str
    title: str
    people: int = Field(description="People of the segment of whom it is known.")
    everybody: int
    rows: list[Slice] = Field(description="The most frequent first; ages from young to old.")


class PeopleOverview(BaseModel):
    """What is known of the people of a segment, against everybody."""

    segment: Named | None
    people: int = Field(description="People of the segment of whom something is known.")
    everybody: int = Field(description="All people of whom something is known.")
    parts: list[Part]


class Session(BaseModel):
    """A visit."""

    session_id: str
    started_at: Instant
    ended_at: Instant
    duration_seconds: int
    pages: int
    events: int
    landing_page: str | None
    exit_page: str | None
    referrer_domain: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    device_type: str | None
    device_name: str | None
    browser: str | None
    browser_version: str | None
    os: str | None
    os_version: str | None
    app: str | None
    language: str | None
    country: str | None
    city: str | None
    search_terms: str | None
    orders: int
    revenue: float
    bounced: bool


class PersonSessions(BaseModel):
    """The latest visits of a person, newest first."""

    rows: list[Session]


@router.get("/technology")
def technology(site: Here, segment_key: SegmentKey = None) -> PeopleOverview:
    """Browsers, systems, devices, countries and languages of the people who visited; one may have several."""

    def made() -> PeopleOverview:
        found = collect.technology(site.workspace.engine, _members(site, segment_key))
        return _overview(site, segment_key, found.people, found.everybody, found.counts)

    return _cached(site, "technology", segment_key, made)


@router.get("/demographics")
def demographics(site: Here, segment_key: SegmentKey = None) -> PeopleOverview:
    """Country, language, gender and age, as people's traits tell them."""

    def made() -> PeopleOverview:
        today = site.now.astimezone(site.workspace.settings.zone_info).date()
        analytics = site.workspace.engine.analytics
        found = profile.demographics(analytics, _members(site, segment_key), today=today)
        return _overview(site, segment_key, found.people, found.everybody, found.counts)

    return _cached(site, "demographics", segment_key, made)


@router.get("/people/{profile_id}/sessions")
def sessions(site: Here, profile_id: str) -> PersonSessions:
    """The latest visits of a person; programs are left out."""
    engine = site.workspace.engine
    match = identify.find(engine, profile_id)
    found = collect.person_sessions(engine, match.profile_key, SESSIONS_SHOWN).to_pylist()
    return PersonSessions(rows=[Session(**{name: row[name] for name in Session.model_fields}) for row in found])


def _cached(site: Site, name: str, key: str | None, make: Callable[[], PeopleOverview]) -> PeopleOverview:
    if key is not None:
        site.workspace.catalog.get("segment", key)
    return site.cache.get(f"{name} {key or ''}", make)


def _members(site: Site, key: str | None) -> pa.Table:
    if key is None:
        return site.directory()
    inside = site.memberships()
    return inside.filter(pc.equal(inside["segment"], key))


def _overview(site: Site, key: str | None, people: int, everybody: int, counts: pa.Table) -> PeopleOverview:
    rows = counts.to_pylist()
    parts = {part: list(found) for part, found in groupby(rows, lambda row: row["part"])}
    named = None
    if key is not None:
        title = segment.spec_of(site.workspace.catalog.get("segment", key)).title
        named = Named(key=key, title=title or key)
    return PeopleOverview(
        segment=named,
        people=people,
        everybody=everybody,
        parts=[_part(part, title, parts[part]) for part, title in _TITLES.items() if part in parts],
    )


def _part(part: str, title: str, rows: Sequence[dict[str, Any]]) -> Part:
    """A part from its rows, the most frequent value first; the empty value says of whom it is known."""
    known = next(row for row in rows if row["value"] == "")
    values = [row for row in rows if row["value"] != ""]
    shown, rest = values[:VALUES_SHOWN], values[VALUES_SHOWN:]
    if part == "age":
        shown.sort(key=lambda row: (not row["value"].startswith("under"), row["value"]))
    if rest:
        shown.append({"value": OTHER, **{name: sum(row[name] for row in rest) for name in ("people", "everybody")}})
    slices = [
        Slice(
            value=row["value"],
            people=row["people"],
            share=min(row["people"] / known["people"], 1.0) if known["people"] else 0.0,
            everybody=row["everybody"],
            everybody_share=min(row["everybody"] / known["everybody"], 1.0),
        )
        for row in shown
    ]
    return Part(part=part, title=title, people=known["people"], everybody=known["everybody"], rows=slices)
