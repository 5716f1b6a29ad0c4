"""Shapes of cases: what the app and other programs see of them, and what they may ask."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell import care
from foretell.listen import loop
from foretell.money import minor_digits
from foretell.web.api.shapes import Counted, GivenInstant, Instant
from foretell.web.site import Site

State = Literal["open", "in_progress", "waiting", "closed"]
Priority = Literal["urgent", "high", "normal", "low"]
Chosen = Literal["urgent", "high", "normal", "low", "by_value"]
"""One type, so that what is wrong with it is told of its field alone."""
Outcome = Literal["reached", "not_reached", "solved", "not_needed", "handed_over"]
Who = Annotated[str, Field(min_length=1, max_length=200, description="Who does it.")]
Note = Annotated[str | None, Field(max_length=10_000)]
Version = Annotated[int | None, Field(description="Of the case as it was seen: refused where somebody was faster.")]


class Happening(BaseModel):
    """One change of a case."""

    at: Instant
    by: str
    what: str = Field(description="opened, state, owner, team, priority, due_at, note, contact, snoozed, closed …")
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
    priority_by: Literal["given", "value", "person"]
    owner: str | None
    team: str | None
    rule: str | None = Field(description="Its case rule.")
    survey: str | None = Field(description="Survey whose answer it is about.")
    score: float | None = Field(description="Score of that answer, in the scale of its survey.")
    opened_at: Instant
    due_at: Instant | None
    late: bool = Field(description="Past its due time and not closed.")
    snoozed_until: Instant | None
    closed_at: Instant | None
    outcome: str | None
    root_cause: str | None
    journey: str | None
    step: str | None
    value_at_risk: float | None = Field(
        description="What the person is worth times the probability that they leave, major units."
    )
    version: int = Field(description="Give it with a change: it is refused where somebody else was faster.")


class PlaybookStep(BaseModel):
    """One thing to do."""

    key: str
    do: str
    text: str | None
    done_at: Instant | None
    done_by: str | None


class CaseLink(BaseModel):
    """Another case that it has to do with."""

    case_id: str
    kind: Literal["related", "duplicate", "duplicated"]
    title: str
    state: State


class CaseTicket(BaseModel):
    """Its ticket at the help desk."""

    state: Literal["waiting", "synced", "failed", "deleted", "merged", "withheld"]
    ticket_id: str | None
    url: str | None
    synced_at: Instant | None
    next_at: Instant | None
    attempts: int
    error: str | None


class CaseTheme(BaseModel):
    """What the words of an answer are about."""

    theme: str | None = Field(description="Null: about nothing known.")
    sentiment: str = Field(description="positive, neutral, negative or unknown.")
    probability: float | None


class CaseAnswer(BaseModel):
    """The answer to a survey that a case is about."""

    survey: str
    response_id: str | None
    score: float | None
    words: str | None = Field(description="What the person wrote, at most 5,000 characters.")
    themes: list[CaseTheme]


class CaseBody(CaseRow):
    """One case with everything about it; the history oldest first."""

    run: str | None
    message_id: str | None
    answer: CaseAnswer | None = Field(description="The answer that it is about.")
    first_contact_at: Instant | None
    breached_at: Instant | None
    reopened: int
    playbook: list[PlaybookStep]
    root_causes: list[str] = Field(description="To choose from; empty where people write their own.")
    suggested_causes: list[str] = Field(description="The likeliest first: what the answer speaks of, what was usual.")
    links: list[CaseLink]
    ticket: CaseTicket | None
    history: list[Happening]


class Cases(Counted):
    """A page of cases, the one due first at the top."""

    rows: list[CaseRow]
    states: dict[str, int] = Field(description="How many there are in each state, by the other filters.")


class CasesChanged(BaseModel):
    """Cases as they stand after the same change."""

    rows: list[CaseRow]


class Team(BaseModel):
    """A team of the settings."""

    key: str
    title: str
    members: list[str]


class CaseRule(BaseModel):
    """A kind of case."""

    key: str
    title: str


class CaseChoices(BaseModel):
    """What cases can be filtered by, and given to."""

    teams: list[Team]
    owners: list[str] = Field(description="Members of teams, and whoever has a case that is not closed.")
    rules: list[CaseRule]
    surveys: list[str] = Field(description="Surveys that cases are about.")
    desk: str | None = Field(description="The help desk that cases are shared with.")


class CaseOpening(BaseModel):
    """What is to be done for a person."""

    model_config = ConfigDict(extra="forbid")

    profile_id: str
    title: str | None = Field(None, max_length=300)
    reason: str = Field("", max_length=2_000)
    rule: str | None = None
    priority: Chosen | None = None
    owner: str | None = Field(None, max_length=200, description="Person or team.")
    due_at: GivenInstant | None = None
    message_id: str | None = Field(None, max_length=200)
    survey: str | None = Field(None, max_length=200)
    by: Who = "team"


class CaseChange(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "in_progress", "waiting"] | None = None
    owner: str | None = Field(None, max_length=200, description="Person or team; `nobody` takes the owner away.")
    priority: Chosen | None = None
    due_at: GivenInstant | None = None
    snooze_until: GivenInstant | None = Field(None, description="It rests until then.")
    note: Note = None
    contact: bool = Field(False, description="Somebody of the team spoke with the person.")
    root_cause: str | None = Field(None, max_length=200)
    clear: list[Literal["due_at", "root_cause"]] = Field([], description="What is taken away.")
    done: list[str] = Field([], max_length=50, description="Steps of the playbook.")
    undone: list[str] = Field([], max_length=50, description="Steps of the playbook.")
    link: str | None = Field(None, max_length=200, description="Id of another case.")
    link_as: Literal["related", "duplicate"] = "related"
    unlink: str | None = Field(None, max_length=200, description="Id of another case.")
    by: Who = "team"
    version: Version = None

    def asked(self) -> care.CaseChange:
        """The same for the room."""
        return care.CaseChange(**self.model_dump(exclude={"by"}))


class CaseClosing(BaseModel):
    """What came of a case."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    root_cause: str | None = Field(None, max_length=200)
    note: Note = None
    by: Who = "team"
    version: Version = None


class CaseTaking(BaseModel):
    """Who takes a case."""

    model_config = ConfigDict(extra="forbid")

    by: Who
    version: Version = None


class CasesChange(BaseModel):
    """The same change of several cases: all of them, or none."""

    model_config = ConfigDict(extra="forbid")

    case_ids: list[str] = Field(min_length=1, max_length=500)
    change: CaseChange | None = None
    closing: CaseClosing | None = Field(None, description="Instead of a change.")


class DeadLetter(BaseModel):
    """A case of which the help desk could not be told."""

    case_id: str
    title: str
    ticket_id: str | None
    state: str
    error: str | None


class Desk(BaseModel):
    """How the workspace stands with its help desk."""

    desk: str | None
    waiting: int
    tickets: int
    redactions: int
    paused_until: Instant | None
    polled_at: Instant | None
    error: str | None
    failed: list[DeadLetter]


def case_rows(site: Site, found: tuple[care.Case, ...] | list[care.Case]) -> list[CaseRow]:
    """Rows of a list of cases, with who they are about."""
    people = site.rows_of([one.profile_key for one in found])
    return [CaseRow(**_told(site, one, people.get(one.profile_key, {}))) for one in found]


def case_body(site: Site, one: care.Case) -> CaseBody:
    """One case with everything about it."""
    people = site.rows_of([one.profile_key])
    rule = care.rule_of(site.workspace.catalog, one.rule)
    done = {step.key: step for step in one.done}
    playbook = [
        PlaybookStep(
            key=step.key, do=step.do, text=step.text, done_at=done[step.key].at if step.key in done else None,
            done_by=done[step.key].by if step.key in done else None,
        )
        for step in (() if rule is None else rule.playbook)
    ]  # fmt: skip
    more = {name: getattr(one, name) for name in CaseBody.model_fields if hasattr(one, name)}
    return CaseBody.model_validate(
        {
            **more,
            **_told(site, one, people.get(one.profile_key, {})),
            "playbook": playbook,
            "root_causes": [] if rule is None else rule.root_causes,
            "suggested_causes": loop.suggested(site.workspace.engine, site.workspace.catalog, one),
            "answer": _answer(site, one),
            "links": [vars(link) for link in one.links],
            "ticket": None if one.ticket is None else vars(one.ticket),
            "history": [vars(step) for step in one.history],
        }
    )


def _answer(site: Site, one: care.Case) -> CaseAnswer | None:
    if one.survey is None:
        return None
    themes = [CaseTheme(**vars(theme)) for theme in loop.themes_of(site.workspace.engine, one.survey, one.response_id)]
    return CaseAnswer(survey=one.survey, response_id=one.response_id, score=one.score, words=one.words, themes=themes)


def _told(site: Site, one: care.Case, person: dict[str, Any]) -> dict[str, Any]:
    kept = {name: getattr(one, name) for name in CaseRow.model_fields if hasattr(one, name)}
    late = one.due_at is not None and one.state != "closed" and one.due_at < site.now
    minor = 10 ** minor_digits(site.workspace.settings.currency)
    at_risk = None if one.value_minor is None else one.value_minor / minor
    return {**kept, "person": site.name_in(person), "late": late, "value_at_risk": at_risk}
