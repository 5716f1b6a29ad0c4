"""What came of surveys: who was asked, who answered, over which ways and in which languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import utc
from foretell.engine import Engine
from foretell.listen.results.asking import Funnel, funnels
from foretell.listen.results.counting import score_path
from foretell.listen.results.narrowing import Narrowed
from foretell.listen.results.places import Places
from foretell.listen.surveys import SurveySpec

_FIGURES = "count(*) AS answered, sum(CASE WHEN r.complete THEN 1 ELSE 0 END) AS complete, max(r.changed_at) AS last_at"


@dataclass(frozen=True)
class Standing:
    """What came of a survey.

    Args:
        answered: responses, whoever asked; ``complete`` of these came to the end.
        funnel: of those who were asked by a message; None where what is asked for is known of answers alone.
    """

    answered: int = 0
    complete: int = 0
    last_at: datetime | None = None
    funnel: Funnel | None = None


@dataclass(frozen=True)
class Share:
    """Responses of one kind; ``value`` None where it is not known."""

    value: str | None
    answered: int
    complete: int


def standings(engine: Engine) -> Mapping[str, Standing]:
    """Survey → what came of it, also of those that have no document (any more)."""
    rows = engine.analytics.query(f"SELECT r.survey, {_FIGURES} FROM survey_responses r GROUP BY r.survey").to_pylist()
    asked = funnels(engine)
    found = {row["survey"]: _standing(row, asked.get(row["survey"], Funnel())) for row in rows}
    return {key: Standing(funnel=one) for key, one in asked.items()} | found


def standing_of(engine: Engine, survey: str, spec: SurveySpec, narrowed: Narrowed) -> Standing:
    """What came of one survey, as far as the responses are meant."""
    where = f"r.survey = $survey AND {narrowed.where('r', Places(engine), score_path(spec))}"
    sql = f"SELECT {_FIGURES} FROM survey_responses r WHERE {where}"
    (row,) = engine.analytics.query(sql, {"survey": survey, **narrowed.told()}).to_pylist()
    asked = None if narrowed.by_answers_alone else funnels(engine, survey, narrowed).get(survey, Funnel())
    return _standing(row, asked)


def shares(engine: Engine, survey: str, spec: SurveySpec, narrowed: Narrowed, column: str) -> tuple[Share, ...]:
    """Responses by ``channel`` or ``language``, the most first."""
    assert column in ("channel", "language")
    where = f"r.survey = $survey AND {narrowed.where('r', Places(engine), score_path(spec))}"
    sql = (
        f"SELECT r.{column} AS value, {_FIGURES} FROM survey_responses r WHERE {where} "
        f"GROUP BY r.{column} ORDER BY answered DESC, value"
    )
    rows = engine.analytics.query(sql, {"survey": survey, **narrowed.told()}).to_pylist()
    return tuple(Share(row["value"], int(row["answered"]), int(row["complete"])) for row in rows)


def _standing(row: Mapping[str, Any], funnel: Funnel | None) -> Standing:
    last = None if row["last_at"] is None else utc(row["last_at"])
    return Standing(int(row["answered"]), int(row["complete"] or 0), last, funnel)
