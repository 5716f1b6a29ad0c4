"""Scores of surveys as the app reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from foretell.listen import scores
from foretell.web.api.shapes import Instant, Named

ScoreUnit = Literal["points", "share", "mean"]


class FeedbackScore(BaseModel):
    """A figure of a measure with its 90 % interval."""

    figure: str
    title: str
    unit: ScoreUnit = Field(description="points: -100 to 100; share: 0 to 1; mean: in the scale of the answers.")
    value: float | None = Field(description="Null where too few people answered.")
    low: float | None
    high: float | None
    people: int
    answers: int
    effective: float = Field(description="People that would tell as much if all counted the same, once.")
    reason: str = Field(description="too_few, or empty.")


class FeedbackBand(BaseModel):
    """Answers of a part of the scale."""

    title: str
    tone: Literal["bad", "rest", "good"]
    answers: int
    share: float = Field(description="Of all answers, 0 to 1.")


class FeedbackPoint(BaseModel):
    """A month or week, as answered."""

    period: str
    start: Instant
    end: Instant
    complete: bool = Field(description="False where it is not over.")
    value: float | None
    low: float | None
    high: float | None
    people: int


class FeedbackBalance(BaseModel):
    """A level of a trait among those asked, those who answered, and these with weights."""

    trait: str
    level: str
    asked: float
    answered: float
    weighted: float


class FeedbackWeighting(BaseModel):
    """What is known of the silent, and what weights make of it."""

    applied: bool
    frame: Literal["asked", "orders", "none"] = Field(
        description="asked: by us; orders: people with an order stand in; none: nobody knows who was asked."
    )
    asked: int
    answered: int
    rate: float | None = Field(description="Share of those asked who answered.")
    reason: str
    words: str
    explained: float | None = Field(description="Share of the score's variance that the traits explain.")
    trimmed: int
    heaviest: float = Field(description="The heaviest weight; 1 is the mean.")
    balance: list[FeedbackBalance]


class FeedbackScores(BaseModel):
    """The scores of a survey, or of all surveys of a measure."""

    survey: str
    title: str
    measure: str
    measure_title: str
    since: Instant
    until: Instant
    level: float
    lowest: float = Field(description="Lowest value of the figure that is told first.")
    highest: float
    scores: list[FeedbackScore] = Field(description="As answered; the measure's own figure first.")
    weighted: list[FeedbackScore] = Field(description="The same with weights; empty where there are none.")
    weighting: FeedbackWeighting
    bands: list[FeedbackBand]
    series: list[FeedbackPoint]
    notes: list[str]


class FeedbackPart(BaseModel):
    """A part of a change with its 90 % interval."""

    value: float
    low: float
    high: float
    real: bool = Field(description="False where it may be chance.")


class FeedbackStratum(BaseModel):
    """People of equal traits, and what they add to the change."""

    levels: dict[str, str] = Field(description="Trait to level; empty: everybody else.")
    share_before: float
    share_after: float
    before: float | None
    after: float | None
    opinions: float
    answering: float


class FeedbackChange(BaseModel):
    """What became of a score against the window before; `opinions` and `answering` add up to `total`."""

    title: str
    unit: ScoreUnit
    since: Instant
    until: Instant
    before_since: Instant
    before: FeedbackScore
    after: FeedbackScore
    total: FeedbackPart | None = Field(description="Null where either score is not yet.")
    opinions: FeedbackPart | None
    answering: FeedbackPart | None
    panel: FeedbackPart | None = Field(description="The change of those who answered in both windows.")
    panel_people: int
    traits: list[Named]
    strata: list[FeedbackStratum]


class FeedbackGroup(BaseModel):
    """A group with its score."""

    key: str
    title: str
    score: FeedbackScore
    drawn: float | None = Field(description="Drawn towards all groups, by which they are ordered; null in time.")
    drawn_low: float | None
    drawn_high: float | None
    differs: bool | None = Field(description="More than chance among so many groups.")


class FeedbackGroups(BaseModel):
    """A score by a dimension."""

    dimension: str
    title: str
    unit: ScoreUnit
    lowest: float
    highest: float
    since: Instant
    until: Instant
    overall: FeedbackScore
    rows: list[FeedbackGroup]
    hidden: int = Field(description="Groups with too few people to be told.")
    notes: list[str]


class FeedbackTarget(BaseModel):
    """Where a target stands."""

    survey: str
    title: str
    unit: ScoreUnit
    since: Instant
    due: Instant
    goal: float | None
    base: FeedbackScore
    now: FeedbackScore
    expected: float | None = Field(description="Where a straight way from base to goal would be now.")
    projected: float | None = Field(description="Where the months so far lead by the due day.")
    low: float | None
    high: float | None
    course: Literal["on_course", "not_yet", "behind", "reached", "missed"]
    words: str


class FeedbackTargets(BaseModel):
    """The targets of a survey or measure."""

    rows: list[FeedbackTarget]


class FeedbackChoices(BaseModel):
    """What scores can be asked for."""

    surveys: list[Named]
    measures: list[Named] = Field(description="Those with answers first.")
    dimensions: list[str]
    traits: list[Named] = Field(description="What is known of people, by which the silent are made up for.")


def score_body(score: scores.Score) -> FeedbackScore:
    """A figure."""
    return FeedbackScore(**{name: getattr(score, name) for name in FeedbackScore.model_fields})


def part_body(part: scores.Part | None) -> FeedbackPart | None:
    """A part of a change."""
    return None if part is None else FeedbackPart(value=part.value, low=part.low, high=part.high, real=part.is_real)


def traits_named(keys: tuple[str, ...]) -> list[Named]:
    """Traits as people call them."""
    titles = {trait.key: trait.title for trait in scores.TRAITS}
    return [Named(key=key, title=titles[key]) for key in keys]
