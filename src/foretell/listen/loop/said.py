"""What one person answered, and what their words are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foretell.clock import utc
from foretell.engine import Engine

_THEMES = (
    "SELECT t.theme, t.sentiment, max(t.probability) AS probability FROM feedback_topics t "
    "WHERE t.response_id = $response AND t.survey = $survey GROUP BY t.theme, t.sentiment "
    "ORDER BY probability DESC, t.theme LIMIT 10"
)
_ANSWERS = (
    "SELECT r.response_id, r.survey, r.measure, r.score, r.text, r.channel, r.touchpoint, r.answered_at "
    "FROM survey_responses r WHERE r.profile_id = $person AND coalesce(r.anonymous, FALSE) = FALSE "
    "ORDER BY r.answered_at DESC, r.response_id LIMIT {most}"
)


@dataclass(frozen=True)
class Theme:
    """What words are about; ``theme`` is None where they are about nothing known.

    Args:
        probability: of the sentiment.
    """

    theme: str | None
    sentiment: str
    probability: float | None


@dataclass(frozen=True)
class Answer:
    """One response of a person."""

    response_id: str
    survey: str
    measure: str | None
    score: float | None
    text: str | None
    channel: str | None
    touchpoint: str | None
    answered_at: datetime


def themes_of(engine: Engine, survey: str | None, response_id: str | None) -> list[Theme]:
    """What the words of a response are about, the surest first."""
    if survey is None or response_id is None:
        return []
    found = engine.analytics.query(_THEMES, {"response": response_id, "survey": survey}).to_pylist()
    return [Theme(row["theme"], row["sentiment"] or "unknown", row["probability"]) for row in found]


def answers_of(engine: Engine, profile_id: str, *, limit: int = 20) -> list[Answer]:
    """What a person answered, the latest first; what was said anonymously is nobody's."""
    found = engine.analytics.query(_ANSWERS.format(most=int(limit)), {"person": profile_id}).to_pylist()
    return [Answer(**row | {"answered_at": utc(row["answered_at"])}) for row in found]
