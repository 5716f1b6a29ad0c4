"""Cases: what somebody of the team has to do, by when, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from foretell import care, identify
from foretell.errors import UsageError
from foretell.money import minor_digits
from foretell.web.api.case_bodies import (
    CaseBody,
    CaseChange,
    CaseChoices,
    CaseClosing,
    CaseOpening,
    CaseRule,
    Cases,
    CasesChange,
    CasesChanged,
    CaseTaking,
    Desk,
    Priority,
    State,
    Team,
    case_body,
    case_rows,
)
from foretell.web.api.shapes import PAGE_ROWS, PageNumber, offset_of
from foretell.web.site import Here, Site

router = APIRouter(prefix="/cases", tags=["cases"])


@router.get("")
def cases(
    site: Here,
    state: Annotated[
        State | Literal["unclosed", "all"], Query(description="unclosed: all but the closed.")
    ] = "unclosed",
    owner: Annotated[
        str | None, Query(description="A person's, and what nobody has of their teams; or a team's; `nobody`.")
    ] = None,
    team: str | None = None,
    rule: str | None = None,
    survey: Annotated[str | None, Query(max_length=64, description="Only about answers to this survey.")] = None,
    priority: Priority | None = None,
    overdue: Annotated[bool, Query(description="Only those past their due time.")] = False,
    at_risk: Annotated[float | None, Query(ge=0, le=1e9, description="At least so much at risk, major units.")] = None,
    profile_id: Annotated[str | None, Query(description="Only this person's.")] = None,
    sort: Annotated[Literal["due", "value", "opened"], Query()] = "due",
    page: PageNumber = 1,
) -> Cases:
    """Cases, a page at a time."""
    engine, settings = site.workspace.engine, site.workspace.settings
    nobody = owner == care.NOBODY
    wanted = care.Wanted(
        state=None if state == "all" else state,
        owner=None if nobody else owner,
        nobody=nobody,
        teams=() if owner is None else tuple(settings.care.teams_of(owner)),
        team=team,
        rule=rule,
        survey=survey,
        priority=priority,
        overdue_at=site.now if overdue else None,
        value_minor=None if at_risk is None else round(at_risk * 10 ** minor_digits(settings.currency)),
        profile_key=None if profile_id is None else identify.find(engine, profile_id).profile_key,
    )
    found = care.list_cases(engine, wanted, sort=sort, limit=PAGE_ROWS, offset=offset_of(page))
    states = care.count_by_state(engine, wanted)
    return Cases(total=found.total, page=page, rows=case_rows(site, found.cases), states=states)


@router.post("")
def open_case(site: Here, asked: CaseOpening) -> CaseBody:
    """Open a case for a person."""
    place = site.workspace
    who = identify.find(place.engine, asked.profile_id)
    new = care.NewCase(**asked.model_dump(exclude={"profile_id", "by"}))
    return case_body(site, care.open_one(place.engine, place.catalog, who, new, by=asked.by, now=site.now))


@router.get("/choices")
def case_choices(site: Here) -> CaseChoices:
    """What cases can be filtered by, and given to."""
    place, told = site.workspace, site.workspace.settings.care
    teams = [Team(key=key, title=team.title or key, members=list(team.members)) for key, team in told.teams.items()]
    members = {member for team in teams for member in team.members}
    rules = [
        CaseRule(key=one.key, title=getattr(one.spec, "title", None) or one.key)
        for one in place.catalog.all("case_rule")
    ]
    desk = None if told.help_desk is None else told.help_desk.uses
    return CaseChoices(
        teams=teams,
        owners=sorted(members | set(care.owners(place.engine))),
        rules=rules,
        surveys=care.surveys(place.engine),
        desk=desk,
    )


@router.get("/desk")
def help_desk(site: Here) -> Desk:
    """How the workspace stands with its help desk."""
    return _desk(site)


@router.post("/desk/again")
def try_help_desk_again(site: Here) -> Desk:
    """Let what was given up be tried again in the next round, and end a pause."""
    care.sync_again(site.workspace.engine, site.workspace.catalog, now=site.now)
    return _desk(site)


@router.post("/several")
def change_cases(site: Here, asked: CasesChange) -> CasesChanged:
    """Make the same change of several cases: of all of them, or of none."""
    place, now = site.workspace, site.now
    if (asked.change is None) == (asked.closing is None):
        raise UsageError("BAD_REQUEST", "give either a change or a closing")
    if asked.closing is not None:
        told = asked.closing.model_dump(exclude={"version"})
        closed = care.close_all(place.engine, place.catalog, asked.case_ids, now=now, **told)
        return CasesChanged(rows=case_rows(site, closed))
    assert asked.change is not None
    change, by = asked.change.asked(), asked.change.by
    changed = care.change_all(place.engine, place.catalog, asked.case_ids, change, by=by, now=now)
    return CasesChanged(rows=case_rows(site, changed))


@router.get("/{case_id}")
def case(site: Here, case_id: str) -> CaseBody:
    """One case."""
    return case_body(site, care.show(site.workspace.engine, case_id))


@router.post("/{case_id}")
def change_case(site: Here, case_id: str, change: CaseChange) -> CaseBody:
    """Change a case."""
    place = site.workspace
    return case_body(
        site, care.change(place.engine, place.catalog, case_id, change.asked(), by=change.by, now=site.now)
    )


@router.post("/{case_id}/take")
def take_case(site: Here, case_id: str, asked: CaseTaking) -> CaseBody:
    """Take a case and begin with it."""
    place = site.workspace
    taken = care.take(place.engine, place.catalog, case_id, by=asked.by, now=site.now, version=asked.version)
    return case_body(site, taken)


@router.post("/{case_id}/close")
def close_case(site: Here, case_id: str, closing: CaseClosing) -> CaseBody:
    """Close a case with what came of it."""
    place = site.workspace
    return case_body(site, care.close(place.engine, place.catalog, case_id, now=site.now, **closing.model_dump()))


@router.post("/{case_id}/sync")
def sync_case(site: Here, case_id: str) -> CaseBody:
    """Tell the help desk of a case again in the next round, with a new ticket where the old one is gone."""
    place = site.workspace
    care.sync_again(place.engine, place.catalog, case_id, now=site.now)
    return case_body(site, care.show(place.engine, case_id))


def _desk(site: Site) -> Desk:
    found = care.desk_standing(site.workspace.engine, site.workspace.catalog)
    return Desk.model_validate({**vars(found), "failed": [vars(one) for one in found.failed]})
