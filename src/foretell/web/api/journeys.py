"""Journeys: who goes through, where they are, what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import journey, predict
from foretell.condition import parse, sentence
from foretell.definitions import is_kept_by_app, revision_in_force
from foretell.web.api.lifts import JourneyLift, journey_lift
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix="/journeys", tags=["journeys"])
State = Literal["draft", "live", "paused", "draining", "drained", "stopped"]


class JourneyRow(BaseModel):
    """A journey in the list."""

    key: str
    title: str
    state: State
    changed_at: Instant | None = Field(description="When it was started or paused; null for a draft.")
    entered: int
    active: int = Field(description="In it now.")
    held_out: int
    goal: int = Field(description="Reached the goal, the held out among them.")
    lift: JourneyLift


class Journeys(BaseModel):
    """All journeys."""

    rows: list[JourneyRow]


class StepCounts(BaseModel):
    """Runs at a step."""

    entered: int = Field(serialization_alias="in", description="Came here.")
    done: int = Field(description="Came here and are here no more.")
    here: int = Field(description="Are here now.")
    sent: int
    refused: int
    deferred: int


class Step(BaseModel):
    """A step, with where it leads."""

    key: str
    kind: str
    title: str
    says: str = Field(description="What it does or asks, in words; empty where the title says it.")
    next: str | None
    then: str | None
    else_: str | None = Field(serialization_alias="else")
    ways: dict[str, str | None] = Field(description="Name of each way → key of the step; null is the end.")
    content: dict[str, Any] = Field(description="As written.")
    counts: StepCounts
    passed: dict[str, int] = Field(description="Name of each way → runs that took it.")
    refused: dict[str, int] = Field(description="Reason → runs.")
    deferred: dict[str, int] = Field(description="Reason → runs.")
    outcomes: dict[str, int]


class Arms(BaseModel):
    """Runs by arm."""

    treated: int
    held_out: int


class Said(BaseModel):
    """A condition as written, and in words."""

    condition: dict[str, Any]
    says: str


class JourneyBody(BaseModel):
    """One journey."""

    key: str
    title: str
    description: str | None
    state: State
    enter: Said
    again: str = Field(description="How often somebody may enter, in words.")
    cap: str = Field(description="How many may enter, in words; empty: as many as are let in.")
    leave: Said | None
    goal: Said | None
    goal_within: str
    holdout: float
    entered: int
    active: int
    done: int
    left: int
    stopped: int = Field(description="Ended since the journey was stopped.")
    merged: int
    contaminated: int = Field(description="Runs left out of analyses.")
    waiting: int = Field(description="People who were let in and wait for the next tick, or for the cap on entries.")
    goals: Arms
    sent: int
    refused: dict[str, int]
    steps: list[Step]
    arms: Arms
    lift: JourneyLift
    scores: list[str] = Field(description="What is to be said of the scores that people enter by; empty: all is well.")
    as_of: Instant


class JourneyDocument(BaseModel):
    """The document behind a journey."""

    key: str
    spec: dict[str, Any] = Field(description="As it is written.")
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")
    revision: int = Field(description="In force; 0 where it has not been applied.")
    file: str


class JourneyChanged(BaseModel):
    """How a journey stands after it was started, paused or drained."""

    key: str
    state: State
    changed_at: Instant | None


@router.get("")
def journeys(site: Here) -> Journeys:
    """All journeys with their numbers."""
    place = site.workspace
    found = journey.list_journeys(place.engine, place.catalog, now=site.now)
    names = [name for name in JourneyRow.model_fields if name not in ("key", "lift")]
    return Journeys(
        rows=[
            JourneyRow(
                key=line.journey,
                lift=journey_lift(site, line.journey),
                **{name: getattr(line, name) for name in names},
            )
            for line in found
        ]
    )


@router.get("/{key}")
def journey_detail(site: Here, key: str) -> JourneyBody:
    """One journey: its steps with what happened at each, its arms, what it changed."""
    place = site.workspace
    spec = journey.spec_of(place.catalog.get("journey", key))
    told = journey.report(place.engine, place.catalog, key, now=site.now)
    kept = {name: getattr(told, name) for name in _KEPT}
    return JourneyBody(
        **kept,
        key=key,
        description=spec.description,
        enter=Said(condition=dict(spec.enter or {}), says=journey.entry_words(spec, thing=f"journey {key}")),
        again=journey.reentry_words(spec.reentry),
        cap=journey.cap_words(spec.entries),
        leave=None if spec.leave is None else _said(spec.leave, key),
        goal=None if spec.goal is None else _said(spec.goal, key),
        goal_within=spec.goal_within,
        holdout=spec.holdout,
        goals=Arms(treated=told.goal.get("treated", 0), held_out=told.goal.get("held_out", 0)),
        refused=dict(told.refused),
        steps=[step_body(step, key) for step in told.steps],
        arms=Arms(treated=told.treated, held_out=told.held_out),
        lift=journey_lift(site, key),
        scores=[]
        if spec.enter is None
        else predict.trust_words(place.engine, place.catalog, parse(spec.enter, journey=True), as_of=site.now),
        as_of=site.now,
    )


@router.get("/{key}/document")
def journey_document(site: Here, key: str) -> JourneyDocument:
    """The document behind a journey."""
    document = site.workspace.catalog.get("journey", key)
    return JourneyDocument(
        key=key,
        spec=dict(document.raw.get("spec") or {}),
        kept_by="app" if is_kept_by_app(document.raw) else "files",
        revision=revision_in_force(site.workspace.engine.ops, "journey", key),
        file=document.file,
    )


@router.post("/{key}/start")
def start_journey(site: Here, key: str) -> JourneyChanged:
    """Let an applied journey run."""
    place = site.workspace
    changed = changed_body(journey.start(place.engine, place.catalog, key, now=site.now))
    site.worker.wake()
    return changed


@router.post("/{key}/pause")
def pause_journey(site: Here, key: str) -> JourneyChanged:
    """Stop a journey where it is."""
    place = site.workspace
    return changed_body(journey.pause(place.engine, place.catalog, key, now=site.now))


_KEPT = ("title", "state", "entered", "active", "done", "left", "stopped", "merged", "contaminated", "waiting", "sent")


def changed_body(state: journey.JourneyState) -> JourneyChanged:
    """How a journey stands."""
    return JourneyChanged(key=state.journey, state=state.state, changed_at=state.changed_at)


def _said(condition: Mapping[str, Any], key: str) -> Said:
    return Said(condition=dict(condition), says=sentence(parse(condition, thing=f"journey {key}", journey=True)))


def step_body(step: journey.StepCount, key: str) -> Step:
    """A step of the journey ``key``."""
    node = step.node
    asks = node.content.get("branch") or node.content.get("until")
    return Step(
        key=node.key,
        kind=node.kind,
        title=node.title,
        says=_said(asks, key).says if isinstance(asks, Mapping) else "",
        next=node.ways.get("next"),
        then=node.ways.get("then"),
        else_=node.ways.get("else"),
        ways=dict(node.ways),
        content=dict(node.content),
        counts=StepCounts(
            entered=step.arrived,
            done=step.done,
            here=step.here,
            sent=step.sent,
            refused=sum(step.refused.values()),
            deferred=sum(step.deferred.values()),
        ),
        passed=dict(step.passed),
        refused=dict(step.refused),
        deferred=dict(step.deferred),
        outcomes=dict(step.outcomes),
    )
