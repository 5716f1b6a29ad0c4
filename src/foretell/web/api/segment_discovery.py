"""Groups in which churn, value or response is unusual: what can be looked at, and what holds."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from foretell import segment
from foretell.definitions import DurationText
from foretell.web.api.segment_groups import ALL, Bounds, bounds_of
from foretell.web.api.shapes import Instant
from foretell.web.site import Here

router = APIRouter(prefix=ALL, tags=["segments"])


class TargetRow(BaseModel):
    """Something that can be looked at."""

    name: str
    words: str
    unit: Literal["share", "money", "score"]


class Targets(BaseModel):
    """What can be looked at."""

    rows: list[TargetRow]


class DiscoverAsked(BaseModel):
    """What to look at: a target by name, or an outcome of one's own."""

    model_config = ConfigDict(extra="forbid")

    target: str | None = Field(None, description="`churn:90d`, `score:churn:90d`, `response` …")
    outcome: dict[str, Any] | None = Field(None, description="Condition over the time ahead.")
    population: dict[str, Any] | None = Field(None, description="Of whom; with an outcome of one's own.")
    horizon: DurationText | None = Field(None, description="How far ahead; with an outcome of one's own.")
    depth: int = Field(3, ge=1, le=3, description="Conditions in a group at most.")
    least_people: int = Field(100, ge=20, le=1_000_000, description="People in a group at least.")
    seed: int = Field(0, ge=0, description="Another one gives other halves of the people.")


class GroupRow(BaseModel):
    """A group that differs from the rest."""

    condition: dict[str, Any] = Field(description="As one would write it in a segment.")
    parts: list[dict[str, Any]] = Field(description="Without the population.")
    says: str
    direction: Literal["higher", "lower"]
    people: int = Field(description="How many are in it now.")
    checked: int = Field(description="How many of the half that was checked.")
    inside: Bounds
    outside: Bounds
    difference: Bounds = Field(description="Its interval allows for the choice among all groups tested.")
    found: float = Field(description="The difference where it was found; no estimate.")
    p: float


class WindowBody(BaseModel):
    """What was known up to `at`, what came of it up to `until`."""

    at: Instant
    until: Instant


class DiscoverBody(BaseModel):
    """What held."""

    target: TargetRow
    search: WindowBody
    check: WindowBody
    searched: int = Field(description="People in the half that was searched.")
    checked: int = Field(description="People in the half that was checked.")
    floor: int = Field(description="People in a group at least.")
    selectors: int
    looked_at: int = Field(description="Groups that were counted.")
    tested: int = Field(description="Groups that were put to the check.")
    groups: list[GroupRow]
    left_out: dict[str, int] = Field(description="People who may not be used for this, by reason.")


@router.get("/targets")
def discovery_targets(site: Here) -> Targets:
    """What groups can be looked for in."""
    return Targets(rows=[TargetRow(**vars(one)) for one in segment.targets(site.workspace.catalog)])


@router.post("/discover")
def discover_groups(site: Here, asked: DiscoverAsked) -> DiscoverBody:
    """Groups in which the target lies unusually high or low, checked on other people at a later time."""
    place = site.workspace
    target = segment.target_from(
        place.catalog, asked.target, outcome=asked.outcome, population=asked.population, horizon=asked.horizon
    )
    found = segment.discover(
        place.engine, place.catalog, place.reader, target, now=site.now, depth=asked.depth,
        least_people=asked.least_people, seed=asked.seed,
    )  # fmt: skip
    return DiscoverBody(
        target=TargetRow(name=target.name, words=target.words, unit=target.unit),
        search=WindowBody(**vars(found.search)), check=WindowBody(**vars(found.check)), searched=found.people[0],
        checked=found.people[1], floor=found.floor, selectors=found.selectors, looked_at=found.looked_at,
        tested=found.tested, groups=[_group(one) for one in found.groups], left_out=dict(found.left_out),
    )  # fmt: skip


def _group(one: segment.Group) -> GroupRow:
    return GroupRow(
        condition=dict(one.condition), parts=[dict(part) for part in one.parts], says=one.says,
        direction=one.direction, people=one.people, checked=one.checked, inside=bounds_of(one.inside),
        outside=bounds_of(one.outside), difference=bounds_of(one.difference), found=one.found, p=one.p,
    )  # fmt: skip
