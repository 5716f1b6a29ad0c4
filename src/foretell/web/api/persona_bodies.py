"""What the API says of personas: builds, cards, portraits, notes, interviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell.web.api.shapes import Instant

NoteKind = Literal["note", "motivation", "trigger", "habit", "pain", "quote"]
InterviewState = Literal["picked", "invited", "done", "declined"]
By = Annotated[str, Field(min_length=1, max_length=200, description="Who does this.")]


class Candidate(BaseModel):
    """A number of personas that was tried."""

    kinds: int
    silhouette: float
    worst_jaccard: float = Field(description="Of the least stable: what bootstrap samples find again, 0 to 1.")
    smallest_share: float
    stable: bool
    chosen: bool


class BehaviourUsed(BaseModel):
    """A behaviour that people were looked at by."""

    key: str
    title: str
    left_out: str | None = Field(description="Why it does not count; null: it does.")
    kept_up: float | None = Field(description="Correlation of the two halves of the window: how much it is a habit.")


class BuildBody(BaseModel):
    """A look for personas, and what came of it."""

    build: int
    state: Literal["built", "too_few", "unstable"]
    says: str = Field(description="What came of it, in a sentence.")
    as_of: Instant
    built_at: Instant
    by: str
    people: int = Field(description="Of the population who may be profiled.")
    with_history: int = Field(description="Of these, known for long enough.")
    needed: int
    history: str = Field(description="How long somebody has to be known.")
    window: str
    left_out: dict[str, int] = Field(description="Not profiled: reason → how many.")
    behaviours: list[BehaviourUsed]
    candidates: list[Candidate]
    fidelity: float | None = Field(description="Share of people whom the rules put where they belong.")
    leaves: int
    appeared: list[str] = Field(description="Keys of personas that were new.")
    vanished: list[str] = Field(description="Keys of personas that found no successor.")


class Difference(BaseModel):
    """How a persona differs from everybody else in one behaviour."""

    behaviour: str
    title: str
    form: Literal["count", "amount", "distinct", "average", "share"]
    money: bool
    effect: float = Field(description="Difference of the means in spreads; positive: they do more of it.")
    median: float | None = Field(description="Of a share: the share of all counts together.")
    others: float | None


class PersonaRow(BaseModel):
    """A persona in the list."""

    key: str
    title: str
    named_by: str | None = Field(description="Who gave it its title; null: it follows its behaviour.")
    people: int = Field(description="At the build.")
    share: float
    stability: float = Field(description="How much of it bootstrap samples find again, 0 to 1.")
    differences: list[Difference] = Field(description="The most distinguishing first.")
    rule_says: str | None = Field(description="Its rule in words.")
    precision: float = Field(description="Of those whom the rule names, so many belong to it.")
    recall: float = Field(description="Of those who belong to it, the rule names so many.")
    born: int = Field(description="Number of the build that found it first.")
    last_build: int
    vanished: int | None = Field(description="Number of the build that no longer found it.")


class Personas(BaseModel):
    """All personas; without any, the last look says why."""

    rows: list[PersonaRow]
    vanished: list[PersonaRow] = Field(description="No longer found.")
    last: BuildBody | None = Field(description="The last look, whatever came of it.")
    needed: int = Field(description="How many people are needed …")
    history: str = Field(description="… and how long they have to be known.")
    with_history: int | None = Field(description="How many there were at the last look.")


class Ranked(BaseModel):
    """A row of a ranking."""

    value: str
    n: int
    share: float
    everyone: float = Field(description="The same share of everybody who has a persona.")
    condition: dict[str, Any] | None = None


class TypicalDay(BaseModel):
    """When people come, on their own clock."""

    of: Literal["visits", "orders"]
    n: int
    hours: list[int] = Field(description="24 counts, from midnight.")
    weekdays: list[int] = Field(description="7 counts, from Monday.")


class MessageUse(BaseModel):
    """What becomes of messages."""

    channel: str
    delivered: int
    opened: int = Field(description="By people; opens by machines are left out where they are marked.")
    clicked: int


class Portrait(BaseModel):
    """What was counted of a persona; empty where nothing was."""

    day: TypicalDay | None
    channels: list[Ranked] = Field(description="Orders by channel.")
    visits_from: list[Ranked]
    devices: list[Ranked] = Field(description="Visits by kind of device.")
    messages: list[MessageUse]
    categories: list[Ranked] = Field(description="By people who bought there.")
    products: list[Ranked] = Field(description="By people who bought them.")
    pains: list[Ranked] = Field(description="By people for whom it went wrong.")


class SayingBody(BaseModel):
    """Something that was said or noted, with its source."""

    text: str
    source: Literal["answer", "note"]
    people: int
    at: Instant
    event: str | None
    by: str | None
    note_id: str | None


class NoteVersion(BaseModel):
    """A note as it stood from an instant on."""

    kind: NoteKind
    text: str
    by: str
    at: Instant
    removed: bool


class NoteBody(BaseModel):
    """A note with its history, oldest first."""

    note_id: str
    persona: str
    profile_id: str | None = Field(description="Whose interview it comes from.")
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    kind: NoteKind
    text: str
    by: str
    at: Instant
    history: list[NoteVersion]


class Question(BaseModel):
    """What to ask, and why."""

    about: str
    question: str


class InterviewBody(BaseModel):
    """Somebody to ask, with a guide."""

    interview_id: str
    profile_id: str
    person: str | None = Field(description="Name, e-mail or user id, as far as known.")
    persona: str
    persona_title: str
    cause: Literal["loyal", "churned"]
    state: InterviewState
    guide: list[Question]
    picked_at: Instant
    changed_at: Instant
    by: str


class Interviews(BaseModel):
    """Whom to ask, and whom one has asked."""

    rows: list[InterviewBody]
    purpose: str = Field(description="Consent that somebody gave who is asked.")


class SizePoint(BaseModel):
    """How large a persona was at a build."""

    as_of: Instant
    people: int
    share: float


class PersonaBody(PersonaRow):
    """One persona, as one would print it."""

    rule: dict[str, Any] | None = Field(description="Its rule as a condition; null where the tree has none for it.")
    rule_people: int | None = Field(description="How many people the rule names now.")
    now_people: int = Field(description="Who is of it now, without those who object to profiling.")
    portrait: Portrait
    findings: dict[str, list[SayingBody]] = Field(description="motivation, trigger, habit; empty: nothing is known.")
    quotes: list[SayingBody]
    notes: list[NoteBody]
    interviews: list[InterviewBody]
    history: list[SizePoint]
    build: BuildBody
    as_of: Instant


class BuildOrder(BaseModel):
    """Who looks for personas."""

    model_config = ConfigDict(extra="forbid")

    by: By = "team"


class Renaming(BaseModel):
    """A title of one's own."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=80)
    by: By = "team"


class NewNote(BaseModel):
    """What is noted."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=10_000)
    kind: NoteKind = "note"
    profile_id: str | None = Field(None, description="Whose interview it comes from.")
    by: By = "team"


class NoteChange(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, min_length=1, max_length=10_000)
    kind: NoteKind | None = None
    removed: bool = False
    by: By = "team"


class InterviewChange(BaseModel):
    """How an interview stands."""

    model_config = ConfigDict(extra="forbid")

    state: InterviewState
    by: By = "team"
