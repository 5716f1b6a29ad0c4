"""How journeys end, which revision people follow, one person's way."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import identify, journey
from foretell.web.api.journeys import JourneyChanged, changed_body
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/journeys/{key}", tags=["journeys"])
Becomes = Literal["", "same", "changed", "gone"]


class StandingStep(BaseModel):
    """A step at which people stand."""

    step: str
    people: int
    becomes: Becomes = Field(description="What the revision in force made of it; empty where none is.")


class Revision(BaseModel):
    """A revision that people are on, or that is in force."""

    revision: int
    made_at: Instant | None
    in_force: bool
    inside: int
    held_out: int = Field(description="Held out people whose goal still counts.")
    stranded: int = Field(description="People at steps that the revision in force does not have.")
    steps: list[StandingStep]


class Revisions(BaseModel):
    """The revisions of a journey, the latest first."""

    rows: list[Revision]


class MoveOrder(BaseModel):
    """Who is to go on by which revision."""

    from_revision: int = Field(ge=1)
    to_revision: int = Field(ge=1)
    steps: dict[str, str] = Field(default_factory=dict, description="Step of the one → step of the other.")
    dry_run: bool = Field(True, description="Only say what would happen.")


class MovedStep(BaseModel):
    """What becomes of the people at a step."""

    step: str
    people: int
    to: str
    asked_anew: bool


class MoveBody(BaseModel):
    """A move, done or planned."""

    people: int
    held_out: int
    steps: list[MovedStep]
    notes: list[str]
    dry_run: bool


class Ended(BaseModel):
    """How a journey stands after it was stopped."""

    key: str
    state: str
    ended: int = Field(description="People who were inside.")


class PassedStep(BaseModel):
    """What happened at a step."""

    revision: int
    step: str
    at: Instant
    outcome: str
    next: str | None


class SentMessage(BaseModel):
    """A message of a run."""

    step: str | None
    message_id: str
    at: Instant
    channel: str | None
    medium: str | None
    template: str | None
    state: str | None
    sent_at: Instant | None
    opened_at: Instant | None
    clicked_at: Instant | None


class PathBody(BaseModel):
    """One run of a person."""

    run: str
    revision: int
    arm: str
    state: str
    step: str
    entered_at: Instant
    ended_at: Instant | None
    goal_at: Instant | None
    contaminated: bool
    passed: list[PassedStep]
    messages: list[SentMessage]


class Paths(BaseModel):
    """The runs of a person, the latest first."""

    profile_id: str
    rows: list[PathBody]


class Trial(BaseModel):
    """Who is to be played through."""

    person: str = Field(description="Identifier (email:ann@customers.example) or public id.")
    choose: dict[str, str] = Field(default_factory=dict, description="Step → the way that is taken.")
    event: dict[str, str] = Field(default_factory=dict, description="What the run may read as event.NAME.")
    to: str | None = Field(None, description="Send the e-mails to this address.")


class TrialMessage(BaseModel):
    """What the person would get."""

    channel: str
    medium: str
    subject: str
    html: str
    text: str
    error: str


class TrialStep(BaseModel):
    """A step as it would happen."""

    step: str
    kind: str
    at: Instant
    outcome: str
    next: str | None
    decision: dict[str, Any] | None
    message: TrialMessage | None
    chosen: bool


class TrialBody(BaseModel):
    """What would happen to one person; nothing of it was kept."""

    profile_id: str
    began_at: Instant
    enters: bool | None
    state: str
    steps: list[TrialStep]
    sent: list[str] = Field(description="Steps whose e-mail went to the address of the test.")


@router.post("/drain")
def drain_journey(site: Here, key: str) -> JourneyChanged:
    """Let nobody enter any more; those inside go on."""
    place = site.workspace
    return changed_body(journey.drain(place.engine, place.catalog, key, now=site.now))


@router.post("/stop")
def stop_journey(site: Here, key: str) -> Ended:
    """End a journey for everybody now."""
    place = site.workspace
    ended = journey.stop_all(place.engine, place.catalog, key, now=site.now)
    return Ended(key=key, state=journey.state_of(place.engine, key).state, ended=ended)


@router.get("/revisions")
def journey_revisions(site: Here, key: str) -> Revisions:
    """Who is on which revision and at which step."""
    found = journey.stands(site.workspace.engine, key)
    return Revisions(rows=[Revision.model_validate(one.as_dict()) for one in found])


@router.post("/move")
def move_people(site: Here, key: str, order: MoveOrder) -> MoveBody:
    """Let everybody on one revision go on by another."""
    place = site.workspace
    told = journey.move(
        place.engine, place.catalog, key, from_revision=order.from_revision, to_revision=order.to_revision,
        steps=order.steps, dry_run=order.dry_run, now=site.now,
    )  # fmt: skip
    if not order.dry_run:
        site.worker.wake()
    return MoveBody(**_plain(told.as_dict(), MoveBody), dry_run=order.dry_run)


@router.get("/people/{person}")
def journey_path(site: Here, key: str, person: str) -> Paths:
    """The way that one person took."""
    engine = site.workspace.engine
    match = identify.find(engine, person)
    runs = journey.path(engine, key, match.profile_id, now=site.now)
    return Paths(profile_id=match.profile_id, rows=[PathBody.model_validate(one.as_dict()) for one in runs])


@router.post("/test")
def test_journey(site: Here, key: str, trial: Trial) -> TrialBody:
    """Play one person through on a fast clock; nothing is kept, and nothing is sent to the person."""
    place = site.workspace
    match = identify.find(place.engine, trial.person)
    told = journey.rehearse(
        place.engine, place.catalog, place.reader, key, journey.Person(match.profile_key, match.profile_id),
        choose=trial.choose, variables={"event": trial.event} if trial.event else None, now=site.now,
    )  # fmt: skip
    sent = journey.send_rehearsed(place.engine, place.catalog, told, trial.to, now=site.now) if trial.to else ()
    went = [one.step for one in sent if one.outcome == "accepted"]
    return TrialBody.model_validate({**told.as_dict(), "sent": went})


def _plain(told: dict[str, Any], body: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name in body.model_fields}
