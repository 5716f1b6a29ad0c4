"""Tracking plans: what is expected of events, who answers for each field, and what breached it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from foretell import collect
from foretell.app import draft_plan
from foretell.collect import PlannedField, TrackingSpec
from foretell.web.api.shapes import At, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/tracking", tags=["tracking"])
OwnerType = Literal["team", "person"]
Action = Literal["allow", "quarantine", "drop_field"]
_DRAFTED = "drafted"


class PlannedFieldBody(BaseModel):
    """What a property or trait must be like, and who answers for it."""

    field: str = Field(description="Property with its dotted path, or traits.NAME.")
    types: list[str]
    required: bool
    rules: list[str] = Field(description="Further rules in words: allowed values, pattern, bounds, format.")
    standard: str | None = Field(description="Normal form that values are brought into.")
    description: str | None
    pii: str | None = Field(description="Class of personal data.")
    owner: str | None
    owner_type: OwnerType | None
    on_violation: Action
    violations: int = Field(description="Violations of what arrived in the range.")


class PlannedEvent(BaseModel):
    """An event that a plan names; the traits of people stand under the empty name."""

    event: str
    description: str | None
    unplanned: str
    fields: list[PlannedFieldBody]
    violations: int


class PlanBody(BaseModel):
    """A tracking plan."""

    key: str
    description: str | None
    sources: list[str] = Field(description="Keys of the sources; empty: all.")
    owner: str | None
    owner_type: OwnerType | None
    on_violation: Action
    unplanned: str
    events: list[PlannedEvent]
    violations: int
    file: str


class Plans(BaseModel):
    """All plans, and what is wrong with those that are not in force."""

    plans: list[PlanBody]
    broken: list[str] = Field(description="Keys of plans with errors; nothing is held against them.")


class Day(BaseModel):
    """Violations of a day of arrival, UTC."""

    day: date
    count: int


class BreachBody(BaseModel):
    """A rule that was breached."""

    event: str
    field: str = Field(description="Empty where the event itself is not planned.")
    rule: str
    source: str
    plan: str
    count: int = Field(description="Violations.")
    events: int = Field(description="Events with one.")
    share: float = Field(description="`events` among all of this name and source that arrived, 0 to 1.")
    allowed: int
    dropped: int
    quarantined: int
    owner: str | None
    owner_type: OwnerType | None
    first_at: Instant
    last_at: Instant
    trend: list[Day]
    examples: list[str] = Field(description="Masked where they are personal.")


class Violations(BaseModel):
    """What breached the plans."""

    events: int = Field(description="Events that arrived.")
    violating: int = Field(description="Those with a violation.")
    breaches: list[BreachBody]


class Draft(BaseModel):
    """A tracking document that describes what arrived."""

    key: str
    document: str = Field(description="YAML, to be read, tightened and kept in the folder tracking.")


Since = Annotated[At, Query(alias="from")]
Until = Annotated[At, Query(alias="to")]
Source = Annotated[str | None, Query(description="Of this source only.")]
Owner = Annotated[str | None, Query(description="Of fields that this team or person answers for.")]


@router.get("")
def tracking_plans(site: Here, since: Since = None, until: Until = None) -> Plans:
    """All tracking plans with their fields and owners, and how often each was breached."""
    place = site.workspace
    report = collect.violation_report(place.engine, place.catalog, since, until)
    counts: dict[tuple[str, str, str], int] = {}
    for one in report.breaches:
        event = "" if one.field.startswith("traits.") else one.event
        key = (one.plan, event, one.field)
        counts[key] = counts.get(key, 0) + one.count
    plans = [_plan(site, document.key, counts) for document in place.catalog.all("tracking")]
    broken = sorted(key for kind, key in place.catalog.broken if kind == "tracking")
    return Plans(plans=plans, broken=broken)


@router.get("/violations")
def tracking_violations(
    site: Here, since: Since = None, until: Until = None, source: Source = None, owner: Owner = None
) -> Violations:
    """What breached the plans, by event, field, rule and source, the most frequent first."""
    place = site.workspace
    report = collect.violation_report(place.engine, place.catalog, since, until)
    kept = [
        one
        for one in report.breaches
        if (source is None or one.source == source) and (owner is None or one.owner == owner)
    ]
    breaches = [
        BreachBody(**{**asdict(one), "trend": [Day(day=day, count=number) for day, number in one.trend]})
        for one in kept
    ]
    return Violations(events=report.events, violating=report.violating, breaches=breaches)


@router.get("/draft")
def tracking_draft(
    site: Here,
    source: Source = None,
    since: Since = None,
    until: Until = None,
) -> Draft:
    """A tracking document that describes what really arrived; nothing is written."""
    return Draft(key=_DRAFTED, document=draft_plan(site.workspace, _DRAFTED, source=source, start=since, end=until))


def _plan(site: Site, key: str, counts: dict[tuple[str, str, str], int]) -> PlanBody:
    document = site.workspace.catalog.get("tracking", key)
    spec = document.spec
    assert isinstance(spec, TrackingSpec)
    fields: dict[str, list[PlannedFieldBody]] = {name: [] for name in spec.events}
    for one in collect.planned_fields(document):
        number = counts.get((key, one.event, one.field), 0)
        fields.setdefault(one.event, []).append(_field(one, number))
    mine = {event: sum(n for (plan, of, _), n in counts.items() if plan == key and of == event) for event in fields}
    events = []
    for name, listed in fields.items():
        planned = spec.events.get(name)
        events.append(
            PlannedEvent(
                event=name,
                description=planned.description if planned else None,
                unplanned=(planned.unplanned if planned else None) or spec.unplanned,
                fields=listed,
                violations=mine[name],
            )
        )
    return PlanBody(
        key=key,
        description=spec.description,
        sources=spec.sources,
        owner=spec.owner.name if spec.owner else None,
        owner_type=_sort(spec.owner.sort if spec.owner else None),
        on_violation=spec.on_violation,
        unplanned=spec.unplanned,
        events=events,
        violations=sum(number for (plan, _, _), number in counts.items() if plan == key),
        file=document.file,
    )


def _field(one: PlannedField, violations: int) -> PlannedFieldBody:
    told: dict[str, Any] = asdict(one)
    told.pop("event")
    return PlannedFieldBody(**told, violations=violations)


def _sort(sort: str | None) -> OwnerType | None:
    return None if sort is None else "team" if sort == "team" else "person"
