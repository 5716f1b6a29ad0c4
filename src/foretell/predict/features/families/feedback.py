"""What people said in surveys: the last score, the mean, and how long ago."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.predict.features.families.base import EVER, Family, Tally
from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.raw import Column, Raw, ratio

_ANSWERED = ("Survey Answered",)


def _shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    del plan
    for days in (90, 365):
        yield Feature(f"answers_{days}d", f"survey answers in the last {days} days: {{}}"), raw.count(f"answers_{days}")
    yield (
        Feature("days_since_answer", "days since the last survey answer: {}", "days"),
        raw.days_since(f"last_answer_{EVER}"),
    )
    if raw.has(f"score_{EVER}"):
        last = raw.value(f"last_score_{EVER}")
        yield Feature("last_score", "score of the last survey answer: {}", "number"), last
        mean = ratio(raw.total(f"score_{EVER}"), raw.count(f"scored_{EVER}"))
        yield Feature("score_mean", "mean score of all survey answers: {}", "number"), mean
        yield Feature("score_change", "last survey score against the mean before: {}", "number"), last - mean


FAMILY = Family(
    "feedback",
    "survey answers over 90 and 365 days, the last score, the mean score, days since the last answer",
    (
        Tally("answers", _ANSWERED, (90, 365)),
        Tally("last_answer", _ANSWERED, (EVER,), "last"),
        Tally("score", _ANSWERED, (EVER,), "sum", "score"),
        Tally("scored", _ANSWERED, (EVER,), "values", "score"),
        Tally("last_score", _ANSWERED, (EVER,), "latest", "score"),
    ),
    _shaped,
    frozenset({"Survey Answered"}),
)
