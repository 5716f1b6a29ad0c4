"""What the room says of closing the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from foretell.stats import Interval

By = Literal["owner", "team", "root_cause", "month", "rule", "survey"]
BYS: tuple[By, ...] = ("owner", "team", "root_cause", "month", "rule", "survey")
"""By what times can be split."""
NOT_YET = "Not yet"
OBSERVATIONAL = (
    "Observational: nobody drew by lot which cases were closed in time. It is an effect only as far as score, survey, "
    "value, recency and month say all that led to both."
)
NOT_AN_EXPERIMENT = "Before and after, not an experiment: whatever else changed meanwhile is in it too."


@dataclass(frozen=True)
class LoopQuery:
    """Which cases and answers are looked at.

    Args:
        since: opened, or answered, after it.
        survey: only about this survey; None: about any.
        rule: only cases of this case rule, whether or not they are about an answer.
        by: also split by this.
    """

    since: datetime
    survey: str | None = None
    rule: str | None = None
    by: By | None = None


@dataclass(frozen=True)
class Promptness:
    """Whether people who were unhappy were spoken with in time.

    Args:
        answers: low scores that were not given anonymously.
        waiting: of them those with whom nobody spoke and whose case is not closed.
        waiting_without_case: of the waiting, those for whom no case was opened.
        within_24h, within_48h: share of those who answered so long ago, spoken with within it.
    """

    answers: int
    waiting: int
    waiting_without_case: int
    within_24h: Interval
    within_48h: Interval


@dataclass(frozen=True)
class Times:
    """How long cases take; hours, those that are not over counted as going on (Kaplan and Meier).

    Args:
        group: of what they are; empty for all.
        open: not closed.
        contact_hours: median to the first time somebody spoke with the person.
        close_hours: median to the closing.
        recontact: share of those closed two weeks ago or longer whose person asked for help again within two weeks.
        score_change: of people who answered the same survey before and after the closing: points of its scale.
    """

    group: str
    cases: int
    open: int
    contact_hours: Interval
    close_hours: Interval
    recontact: Interval
    score_change: Interval


@dataclass(frozen=True)
class ClosingEffect:
    """What went with closing cases in time, against comparable people whose cases were not.

    Args:
        verdict: empty where there is a number, else :data:`NOT_YET`.
        why: of ``Not yet``: what is missing.
        difference: share who left of the closed less that of the others, -1 to 1; negative is good.
        closed_left, others_left: the two weighted shares.
        closed, others: cases in each group; ``closed_effective`` and ``others_effective``: so many each is worth.
        left_out: cases that were closed in time without that anybody spoke or solved anything.
        balance: covariate → standardised difference between the groups without and with the weights.
        within_days: a case counts as closed in time within so many days.
        horizon_days: who did not order in so many days after that has left.
    """

    verdict: str
    why: str
    difference: Interval
    closed_left: float
    others_left: float
    closed: int
    others: int
    closed_effective: float
    others_effective: float
    left_out: int
    balance: dict[str, tuple[float, float]]
    within_days: int
    horizon_days: int
    label: str = OBSERVATIONAL


@dataclass(frozen=True)
class LoopReport:
    """How the loop is closed.

    Args:
        groups: by what was asked for, the most cases first.
    """

    as_of: datetime
    promptness: Promptness
    whole: Times
    groups: tuple[Times, ...]
    effect: ClosingEffect


@dataclass(frozen=True)
class Improvement:
    """Something that is done about root causes, for everybody.

    Args:
        measure: what is done.
        touchpoint: where answers should get better; None: everywhere.
        started_at: since when it holds; None while it is planned.
        dropped_at: when it was given up.
        version: grows with every change.
    """

    improvement_id: str
    title: str
    owner: str | None
    measure: str
    touchpoint: str | None
    root_causes: tuple[str, ...]
    started_at: datetime | None
    dropped_at: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    version: int

    @property
    def state(self) -> str:
        """planned, done or dropped."""
        if self.dropped_at is not None:
            return "dropped"
        return "planned" if self.started_at is None else "done"


@dataclass(frozen=True)
class BeforeAfter:
    """Two spans of the same length around the instant from which an improvement holds.

    Args:
        verdict: empty where there are numbers, else :data:`NOT_YET` with ``why``.
        days: length of each span.
        per: ``orders`` or ``people``: what a thousand of is meant.
        cases_before, cases_after: of its root causes, so many as were named.
        named_before, named_after: share of the cases of their kinds of which a root cause is known.
        rate_before, rate_after: per 1,000; cases that are not named yet count as those that are.
        ratio: rate after ÷ rate before.
        measure: of the answers compared, which are those of one survey; empty where there are none.
        score_before, score_after, score_change: mean of the answers at its touchpoint (NPS: -100 to 100).
    """

    verdict: str
    why: str
    days: float
    per: str
    cases_before: int
    cases_after: int
    named_before: Interval
    named_after: Interval
    rate_before: Interval
    rate_after: Interval
    ratio: Interval
    measure: str
    score_before: Interval
    score_after: Interval
    score_change: Interval
    label: str = NOT_AN_EXPERIMENT


@dataclass(frozen=True)
class Followed:
    """An improvement with what came of it."""

    improvement: Improvement
    numbers: BeforeAfter


@dataclass(frozen=True)
class Cause:
    """A root cause.

    Args:
        cases: of the span asked for; ``open``: not closed now.
        share: of all cases of the span that have a root cause.
        value_minor: money at risk with the people of its open cases, minor units.
        months: first day of each month → cases opened in it.
        improvements: ids of what is done about it.
    """

    root_cause: str
    cases: int
    open: int
    share: float
    close_hours: Interval
    value_at_risk: float
    months: dict[str, int]
    improvements: tuple[str, ...]


@dataclass(frozen=True)
class Causes:
    """Root causes, the most frequent first.

    Args:
        unnamed: closed cases of the span without a root cause.
    """

    rows: tuple[Cause, ...]
    unnamed: int
    improvements: Sequence[Improvement] = field(default=())
