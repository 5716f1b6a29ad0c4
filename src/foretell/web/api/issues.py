"""Issues: what goes wrong for people, before they complain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import identify
from foretell.care import issues
from foretell.web import documents
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, save
from foretell.web.api.shapes import PAGE_ROWS, Instant, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/issues", tags=["issues"])
Severity = Literal["urgent", "high", "normal", "low"]
State = Literal["open", "cleared", "lapsed", "withdrawn", "merged"]


class IssueRow(BaseModel):
    """Something that went wrong for a person, once."""

    issue_id: str
    issue: str
    title: str
    profile_id: str
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    severity: Severity
    arm: Literal["treated", "held_out"]
    state: State
    detected_at: Instant
    ended_at: Instant | None
    case_id: str | None = Field(description="The case that was opened for it.")


class Issues(BaseModel):
    """A page of issues, the most pressing first."""

    total: int
    page: int
    rows: list[IssueRow]


class IssueKind(BaseModel):
    """An issue document and what became of what it found."""

    key: str
    title: str
    severity: Severity
    says: str = Field(description="For whom, in plain words.")
    clears: str | None = Field(description="When it is over, in plain words; null: as soon as it no longer holds.")
    answers: str | None = Field(description="The kind of case that is opened.")
    open: int
    cleared: int
    lapsed: int
    median_hours: float | None = Field(description="Until it was over; null where none was.")


class ReadyRow(BaseModel):
    """An issue to begin with."""

    key: str
    title: str
    description: str


class IssueKinds(BaseModel):
    """All issue documents, and those to begin with that the workspace does not have."""

    rows: list[IssueKind]
    ready: list[ReadyRow]


@router.get("")
def listed_issues(
    site: Here,
    state: Annotated[State | Literal["all"], Query()] = "open",
    issue: Annotated[str | None, Query(description="Only of this document.")] = None,
    severity: Severity | None = None,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    page: PageNumber = 1,
) -> Issues:
    """Issues, a page at a time."""
    engine = site.workspace.engine
    person = None if profile_id is None else identify.find(engine, profile_id).profile_key
    found = issues.list_issues(
        engine, state=None if state == "all" else state, key=issue, severity=severity, profile_key=person,
        limit=PAGE_ROWS, offset=offset_of(page),
    )  # fmt: skip
    return Issues(total=found.total, page=page, rows=_rows(site, found.rows))


@router.get("/kinds")
def issue_kinds(site: Here) -> IssueKinds:
    """What is looked for, and what was found so far."""
    place = site.workspace
    lines = issues.overview(place.engine, place.catalog)
    rows = [
        IssueKind(
            key=line.key, title=line.title, severity=line.severity, says=line.says, clears=line.clears,  # type: ignore[arg-type]
            answers=line.answers, open=line.states.get("open", 0), cleared=line.states.get("cleared", 0),
            lapsed=line.states.get("lapsed", 0), median_hours=line.median_hours,
        )
        for line in lines
    ]  # fmt: skip
    there = {line.key for line in lines}
    ready = [
        ReadyRow(key=one.key, title=one.title, description=one.description)
        for one in issues.ready()
        if one.key not in there
    ]
    return IssueKinds(rows=rows, ready=ready)


@router.post("/ready/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def begin_with_issue(site: Here, key: str) -> SavedDocument | JSONResponse:
    """Put an issue to begin with in force, kept by the app; it is looked for from the next look on."""
    spec = issues.ready_issue(key).spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return save(site, "issue", key, spec, 0)


@router.delete("/kinds/{key}", status_code=204)
def delete_issue(site: Here, key: str, revision: Revision = None) -> None:
    """Take an issue of the app out of force; what it found is withdrawn. What people keep in files is refused."""
    documents.remove(site, "issue", key, base_revision=revision)


@router.get("/{issue_id}")
def one_issue(site: Here, issue_id: str) -> IssueRow:
    """One issue."""
    return _rows(site, [issues.issue(site.workspace.engine, issue_id)])[0]


def _rows(site: Site, found: Sequence[issues.Issue]) -> list[IssueRow]:
    titles = {document.key: issues.title_of(document) for document in site.workspace.catalog.all("issue")}
    people = site.rows_of([one.profile_key for one in found])
    return [
        IssueRow.model_validate(
            {
                **vars(one),
                "title": titles.get(one.issue, one.issue.replace("_", " ")),
                "person": site.name_in(people.get(one.profile_key, {})),
            }
        )
        for one in found
    ]
