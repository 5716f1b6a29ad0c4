"""Cases: what somebody of the team has to do, by when, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import care, identify
from foretell.web.api.shapes import PAGE_ROWS, Counted, GivenInstant, Instant, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/cases", tags=["cases"])
State = Literal["open", "in_progress", "waiting", "closed"]
Priority = Literal["urgent", "high", "normal", "low"]
Outcome = Literal["reached", "not_reached", "solved", "not_needed", "handed_over"]


class Happening(BaseModel):
    """One change of a case."""

    at: Instant
    by: str
    what: str = Field(description="opened, state, owner, priority, due_at, note or closed.")
    before: str | None
    after: str | None


class CaseRow(BaseModel):
    """A case in a list."""

    case_id: str
    profile_id: str
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    title: str
    reason: str
    state: State
    priority: Priority
    owner: str | None
    opened_at: Instant
    due_at: Instant | None
    late: bool = Field(description="Past its due time and not closed.")
    closed_at: Instant | None
    outcome: str | None
    journey: str | None
    step: str | None
    value_at_risk: float | None = Field(description="The person's lifetime value, major units.")
    version: int = Field(description="Give it with a change: it is refused where somebody else was faster.")


class CaseBody(CaseRow):
    """One case with its history, oldest first."""

    history: list[Happening]


class Cases(Counted):
    """A page of cases, the one due first at the top."""

    rows: list[CaseRow]


class CaseChange(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "in_progress", "waiting"] | None = None
    owner: str | None = Field(None, max_length=200, description="`nobody` takes the owner away.")
    priority: Priority | None = None
    due_at: GivenInstant | None = None
    note: str | None = Field(None, max_length=10_000)
    by: str = Field("team", min_length=1, max_length=200, description="Who changes it.")
    version: int | None = None


class CaseClosing(BaseModel):
    """What came of a case."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    note: str | None = Field(None, max_length=10_000)
    by: str = Field("team", min_length=1, max_length=200, description="Who closes it.")
    version: int | None = None


@router.get("")
def cases(
    site: Here,
    state: Annotated[
        State | Literal["unclosed", "all"], Query(description="unclosed: all but the closed.")
    ] = "unclosed",
    owner: str | None = None,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    page: PageNumber = 1,
) -> Cases:
    """Cases, a page at a time."""
    engine = site.workspace.engine
    found = care.list_cases(
        engine,
        state=None if state == "all" else state,
        owner=owner,
        profile_key=None if profile_id is None else identify.find(engine, profile_id).profile_key,
        limit=PAGE_ROWS,
        offset=offset_of(page),
    )
    return Cases(total=found.total, page=page, rows=case_rows(site, found.cases))


@router.get("/{case_id}")
def case(site: Here, case_id: str) -> CaseBody:
    """One case."""
    return _body(site, care.show(site.workspace.engine, case_id))


@router.post("/{case_id}")
def change_case(site: Here, case_id: str, change: CaseChange) -> CaseBody:
    """Change a case."""
    changed = care.change(
        site.workspace.engine, case_id, by=change.by, now=site.now, state=change.state, owner=change.owner,
        priority=change.priority, due_at=change.due_at, note=change.note, version=change.version,
    )  # fmt: skip
    return _body(site, changed)


@router.post("/{case_id}/close")
def close_case(site: Here, case_id: str, closing: CaseClosing) -> CaseBody:
    """Close a case with what came of it."""
    closed = care.close(
        site.workspace.engine, case_id, outcome=closing.outcome, by=closing.by, now=site.now, note=closing.note,
        version=closing.version,
    )  # fmt: skip
    return _body(site, closed)


def case_rows(site: Site, found: tuple[care.Case, ...]) -> list[CaseRow]:
    """Rows of a list of cases, with who it is about."""
    people = site.rows_of([one.profile_key for one in found])
    return [CaseRow(**_told(site, one, people.get(one.profile_key, {}))) for one in found]


def _body(site: Site, one: care.Case) -> CaseBody:
    people = site.rows_of([one.profile_key])
    history = [
        Happening(at=step.at, by=step.by, what=step.what, before=step.before, after=step.after) for step in one.history
    ]
    return CaseBody(**_told(site, one, people.get(one.profile_key, {})), history=history)


def _told(site: Site, one: care.Case, person: dict[str, Any]) -> dict[str, Any]:
    kept = {name: getattr(one, name) for name in CaseRow.model_fields if hasattr(one, name)}
    late = one.due_at is not None and one.state != "closed" and one.due_at < site.now
    return {**kept, "person": site.name_in(person), "late": late, "value_at_risk": person.get("clv")}
