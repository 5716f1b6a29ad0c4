"""Journey maps: stages, who goes on from each, what people meet there, and the people behind each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import segment as segment_room
from foretell.definitions import is_kept_by_app, revision_in_force
from foretell.measure import maps
from foretell.stats import LEVEL
from foretell.web import documents
from foretell.web.api.people import People, person_rows
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, save
from foretell.web.api.shapes import PAGE_ROWS, At, Instant, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/maps", tags=["maps"])
What = Literal[
    "at", "furthest", "entered", "ahead", "next", "skipped", "went_on", "stopped", "not_yet", "missed", "met"
]
Since = Annotated[At, Query(alias="from")]
Until = Annotated[At, Query(alias="to")]
OfSegment = Annotated[str | None, Query(description="Only people who are in this segment at the window's end.")]


class MapRow(BaseModel):
    """A map in the list."""

    key: str
    title: str
    description: str | None
    owner: str | None
    stages: list[str] = Field(description="What they are called, in order.")
    touchpoints: int
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")


class ReadyMapRow(BaseModel):
    """A map to begin with."""

    key: str
    title: str
    description: str


class MapList(BaseModel):
    """All maps, and those to begin with that the workspace does not have."""

    rows: list[MapRow]
    ready: list[ReadyMapRow]


class MapRate(BaseModel):
    """A number with its interval."""

    value: float
    low: float
    high: float


class StageCourse(BaseModel):
    """The people who came to a stage in the window, and what they had done by its end."""

    entered: int
    ahead: int = Field(description="Had been at a later stage before; of the others it is told who goes on.")
    next: int = Field(description="Went on to the next stage.")
    skipped: int = Field(description="Went on to a later stage without the next.")
    stopped: int = Field(description="Had as long as people may take, and did not go on.")
    not_yet: int = Field(description="Have not had so long yet.")


class StageGoing(BaseModel):
    """Who goes on from a stage, and when."""

    course: StageCourse
    share: MapRate | None = Field(description="Who goes on within `within_hours`; null where too few came.")
    within_hours: float
    whole: bool = Field(description="False where `within_hours` is not yet as long as people may take.")
    median_hours: MapRate | None = Field(description="When half of those who go on have gone on.")
    reason: Literal["", "too_few", "last"] = Field(description="Why there is no share.")


class MapVoice(BaseModel):
    """What people said."""

    measure: str = Field(description="nps, csat, ces, stars … or sentiment.")
    title: str
    unit: Literal["points", "share", "mean", "sentiment"]
    value: MapRate | None = Field(description="Null where fewer than ten people spoke.")
    people: int


class MapStage(BaseModel):
    """A stage at the window's end, and how people came and went in the window."""

    key: str
    title: str
    description: str | None
    says: str = Field(description="The condition in words.")
    condition: dict[str, Any]
    furthest_condition: dict[str, Any]
    missed_condition: dict[str, Any] | None
    exact: bool = Field(description="Since when people are at it is read from events, not by looking day by day.")
    people: int
    people_before: int = Field(description="At the window's begin.")
    furthest: int = Field(description="At no later stage.")
    missed: int = Field(description="At a later stage, and not at this.")
    going: StageGoing
    going_before: StageGoing = Field(description="Of the window before, which is as long.")
    change: MapRate | None = Field(description="Of the share that goes on, against the window before, in shares.")
    open_cases: int
    open_issues: int
    voices: list[MapVoice]


class MapTouchpoint(BaseModel):
    """A touchpoint in the window."""

    key: str
    title: str
    lane: str
    stage: str
    says: str
    condition: dict[str, Any] = Field(description="Of who met it in the window, read at the window's end.")
    people: int
    volume: int = Field(description="How often it was met.")
    people_before: int
    volume_before: int
    open_cases: int
    open_issues: int
    voices: list[MapVoice]


class MapLane(BaseModel):
    """A row of the map."""

    key: str
    title: str


class MapGroup(BaseModel):
    """How a segment or persona goes through the stages, by the stage's key."""

    key: str
    title: str
    people: dict[str, int]
    going: dict[str, StageGoing]


class MapBody(BaseModel):
    """A map, read."""

    key: str
    title: str
    description: str | None
    of: Literal["known", "all"]
    since: Instant
    until: Instant
    level: float = Field(description="Level of all intervals.")
    segment: str
    lanes: list[MapLane]
    stages: list[MapStage]
    touchpoints: list[MapTouchpoint]
    by: Literal["", "segment", "persona"]
    groups: list[MapGroup]
    listening: list[Literal["scores", "sentiment"]] = Field(description="Of what there are data at all.")
    notes: list[str]


class MapDocument(BaseModel):
    """A map as it is written."""

    key: str
    spec: dict[str, Any]
    revision: int = Field(description="In force; 0 where it has not been applied.")
    file: str = Field(description="Where it lies in the workspace.")
    kept_by: Literal["app", "files"]


class MapSpecBody(BaseModel):
    """The content of a map."""

    spec: dict[str, Any]


@router.get("")
def map_list(site: Here) -> MapList:
    """All maps, and those to begin with."""
    catalog = site.workspace.catalog
    lines = maps.list_maps(catalog)
    rows = [MapRow.model_validate({**asdict(line), "kept_by": _kept_by(site, line.key)}) for line in lines]
    there = {line.key for line in lines}
    ready = [
        ReadyMapRow(key=one.key, title=one.title, description=one.description)
        for one in maps.ready()
        if one.key not in there
    ]
    return MapList(rows=rows, ready=ready)


@router.post("/ready/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def begin_with_map(site: Here, key: str) -> SavedDocument | JSONResponse:
    """Put a map to begin with in force, kept by the app."""
    spec = maps.ready_map(key).spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return save(site, "map", key, spec, 0)


@router.get("/{key}")
def map_read(
    site: Here,
    key: str,
    since: Since = None,
    until: Until = None,
    segment: OfSegment = None,
    by: Annotated[Literal["segment", "persona"] | None, Query(description="Each of them beside.")] = None,
) -> MapBody:
    """A map, read as of the window's end, against the window before."""
    place = site.workspace

    def read() -> maps.JourneyMap:
        return maps.show(
            place.engine, place.reader, place.catalog, key, now=site.now, since=since, until=until, segment=segment,
            by=by,
        )  # fmt: skip

    found = site.cache.get(f"map {key} {since} {until} {segment} {by}", read)
    told: Mapping[str, Any] = {
        **asdict(found), "level": LEVEL, "lanes": [MapLane(key=one, title=title) for one, title in found.lanes]
    }  # fmt: skip
    return MapBody.model_validate(told)


@router.get("/{key}/people")
def map_people(
    site: Here,
    key: str,
    what: Annotated[What, Query(description="Which number.")],
    stage: Annotated[str, Query(description="Key of the stage; for `met` that of the touchpoint.")],
    since: Since = None,
    until: Until = None,
    segment: OfSegment = None,
    page: PageNumber = 1,
) -> People:
    """The people behind a number of a map, a page at a time."""
    place = site.workspace
    total, keys = maps.people_of(
        place.engine, place.reader, place.catalog, key, maps.MapPeople(what, stage), now=site.now, since=since,
        until=until, segment=segment, limit=PAGE_ROWS, offset=offset_of(page),
    )  # fmt: skip
    found = segment_room.page(site.few(keys), site.memberships(), limit=PAGE_ROWS)
    return People(total=total, page=page, rows=person_rows(found))


@router.get("/{key}/document")
def map_document(site: Here, key: str) -> MapDocument:
    """A map as it is written."""
    document = site.workspace.catalog.get("map", key)
    return MapDocument(
        key=key,
        spec=maps.spec_of(document).model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        revision=revision_in_force(site.workspace.engine.ops, "map", key),
        file=document.file,
        kept_by=_kept_by(site, key),
    )


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_map(site: Here, key: str, body: MapSpecBody, revision: Revision = None) -> SavedDocument | JSONResponse:
    """Put a map of the app in force, or everything that is wrong with it."""
    return save(site, "map", key, body.spec, revision)


@router.delete("/{key}", status_code=204)
def delete_map(site: Here, key: str, revision: Revision = None) -> None:
    """Take a map of the app out of force. What people keep in files is refused."""
    documents.remove(site, "map", key, base_revision=revision)


def _kept_by(site: Site, key: str) -> Literal["app", "files"]:
    return "app" if is_kept_by_app(site.workspace.catalog.get("map", key).raw) else "files"
