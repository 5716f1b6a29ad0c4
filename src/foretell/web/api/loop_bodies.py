"""Shapes of closing the loop: times, causes, improvements, what became of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell.listen import loop
from foretell.stats import Interval
from foretell.web.api.case_bodies import Version, Who
from foretell.web.api.shapes import GivenInstant, Instant


class Between(BaseModel):
    """A number that was measured; null where it cannot be said yet."""

    value: float | None
    low: float | None = Field(description="Lower bound at 90 %.")
    high: float | None = Field(description="Upper bound at 90 %.")
    n: int = Field(description="Of how many.")


class LoopPromptness(BaseModel):
    """Whether those who gave a low score are spoken with in time."""

    answers: int = Field(description="Low scores that were not given anonymously.")
    waiting: int = Field(description="With whom nobody spoke, and whose case is not closed.")
    waiting_without_case: int
    within_24h: Between
    within_48h: Between


class LoopTimes(BaseModel):
    """How long cases take."""

    group: str = Field(description="Owner, team, …; empty for all; nobody where it is not set.")
    cases: int
    open: int
    contact_hours: Between = Field(description="Median; cases that wait still are counted as going on.")
    close_hours: Between = Field(description="Median; open cases are counted as going on.")
    recontact: Between = Field(description="Share whose person asked for help again within 14 days of the closing.")
    score_change: Between = Field(description="Answer after the closing less the one before, points of the scale.")


class CovariateBalance(BaseModel):
    """How alike the two groups are in something: difference in standard deviations."""

    name: str
    before: float
    after: float


class LoopEffect(BaseModel):
    """Who left of those whose case was closed in time, against comparable others."""

    verdict: str = Field(description="Not yet, or empty where there is a number.")
    why: str
    label: str = Field(description="What kind of number it is.")
    difference: Between = Field(description="Share who left, closed less others; negative is good.")
    closed_left: float | None
    others_left: float | None
    closed: int
    others: int
    closed_effective: float
    others_effective: float
    left_out: int
    balance: list[CovariateBalance]
    within_days: int
    horizon_days: int


class LoopBody(BaseModel):
    """How the loop is closed."""

    as_of: Instant
    since: Instant
    promptness: LoopPromptness
    whole: LoopTimes
    groups: list[LoopTimes]
    effect: LoopEffect


class CauseMonth(BaseModel):
    """Cases of a month."""

    month: str = Field(description="Its first day.")
    cases: int


class CauseRow(BaseModel):
    """A root cause."""

    root_cause: str
    cases: int
    open: int
    share: float
    close_hours: Between
    value_at_risk: float
    months: list[CauseMonth]
    improvements: list[str] = Field(description="Ids of what is done about it.")


class LoopCauses(BaseModel):
    """Root causes, the most frequent first."""

    since: Instant
    rows: list[CauseRow]
    unnamed: int = Field(description="Closed cases without a root cause.")


class ImprovementNumbers(BaseModel):
    """Two spans of one length around the instant from which it holds."""

    verdict: str
    why: str
    label: str
    days: float
    per: str = Field(description="orders or people: what a thousand of is meant.")
    cases_before: int
    cases_after: int
    rate_before: Between
    rate_after: Between
    ratio: Between
    measure: str
    score_before: Between
    score_after: Between
    score_change: Between


class ImprovementBody(BaseModel):
    """Something that is done about root causes, for everybody."""

    improvement_id: str
    title: str
    owner: str | None
    measure: str
    touchpoint: str | None
    root_causes: list[str]
    state: Literal["planned", "done", "dropped"]
    started_at: Instant | None
    dropped_at: Instant | None
    created_at: Instant
    created_by: str
    changed_at: Instant
    changed_by: str
    version: int
    numbers: ImprovementNumbers


class Improvements(BaseModel):
    """All improvements."""

    rows: list[ImprovementBody]


_Cause = Annotated[str, Field(min_length=1, max_length=200)]


class NewImprovement(BaseModel):
    """What is to get better, and how."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=300)
    measure: str = Field("", max_length=10_000, description="What is done.")
    root_causes: list[_Cause] = Field(min_length=1, max_length=50)
    owner: str | None = Field(None, max_length=200)
    touchpoint: str | None = Field(None, max_length=200, description="Where answers should get better.")
    started_at: GivenInstant | None = Field(None, description="Since when it holds; null: it is planned.")
    by: Who = "team"

    def asked(self) -> loop.ImprovementChange:
        """The same for the room."""
        return loop.ImprovementChange(**self.model_dump(exclude={"by"}))


class ImprovementChange(BaseModel):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(None, min_length=1, max_length=300)
    measure: str | None = Field(None, max_length=10_000)
    root_causes: list[_Cause] | None = Field(None, min_length=1, max_length=50)
    owner: str | None = Field(None, max_length=200)
    touchpoint: str | None = Field(None, max_length=200)
    started_at: GivenInstant | None = None
    dropped_at: GivenInstant | None = None
    clear: list[Literal["owner", "touchpoint", "started_at", "dropped_at"]] = []
    by: Who = "team"
    version: Version = None

    def asked(self) -> loop.ImprovementChange:
        """The same for the room."""
        return loop.ImprovementChange(**self.model_dump(exclude={"by"}))


def between(one: Interval) -> Between:
    """A measured number; what is not finite is null."""
    value, low, high = (part if abs(part) < float("inf") else None for part in (one.value, one.low, one.high))
    return Between(value=value, low=low, high=high, n=one.n)


def told(one: object) -> dict[str, Any]:
    """The fields of a dataclass of the room, its intervals as :class:`Between`; numbers that are none are null."""
    found: dict[str, Any] = {}
    for name, value in vars(one).items():
        if isinstance(value, Interval):
            found[name] = between(value)
        elif isinstance(value, float) and value != value:
            found[name] = None
        else:
            found[name] = value
    return found


def improvement_body(one: loop.Followed) -> ImprovementBody:
    """An improvement with what came of it."""
    numbers = ImprovementNumbers(**told(one.numbers))
    kept = told(one.improvement) | {"root_causes": list(one.improvement.root_causes)}
    return ImprovementBody(**kept, state=one.improvement.state, numbers=numbers)  # type: ignore[arg-type]
