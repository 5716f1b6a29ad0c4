"""What was answered to each question: how many gave which answer, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretell.engine import Engine
from foretell.listen.results.narrowing import Narrowed
from foretell.listen.results.places import Places
from foretell.listen.surveys import Slot, SurveySpec, main_question, main_text, type_of
from foretell.stats import Interval, mean_interval_of, proportion_interval


@dataclass(frozen=True)
class Counted:
    """How many gave an answer.

    Args:
        label: what people read, a text or by language.
        share: of those who answered this part, 90 %.
    """

    value: str
    label: str | dict[str, str]
    count: int
    share: Interval


@dataclass(frozen=True)
class PartResult:
    """What was answered to a part of a question; most have one.

    Args:
        n: responses that answered it.
        mean: of numbers, 90 %; None of everything else.
        counts: what can be chosen in its order, what else was said behind it; empty for texts.
    """

    slot: Slot
    n: int
    mean: Interval | None
    counts: tuple[Counted, ...]


@dataclass(frozen=True)
class QuestionResult:
    """What was answered to a question.

    Args:
        n: responses that answered any part of it that was answered most.
    """

    key: str
    parts: tuple[PartResult, ...]

    @property
    def n(self) -> int:
        """Responses that answered it: those of the part that most answered."""
        return max((part.n for part in self.parts), default=0)


def results(engine: Engine, survey: str, spec: SurveySpec, narrowed: Narrowed) -> tuple[QuestionResult, ...]:
    """What was answered to every question of ``survey``, in their order, by the responses that are meant."""
    reading = Reading(engine, survey, spec, narrowed)
    return tuple(
        QuestionResult(one.key, tuple(reading.part(slot) for slot in type_of(one).slots(one))) for one in spec.questions
    )


class Reading:
    """Reads the answers of the responses that are meant, question by question."""

    def __init__(self, engine: Engine, survey: str, spec: SurveySpec, narrowed: Narrowed) -> None:
        self._query = engine.analytics.query
        self._places = Places(engine)
        self.score_path, self.text_path = score_path(spec), text_path(spec)
        self._told = {"survey": survey, **narrowed.told()}
        self.where = f"r.survey = $survey AND {narrowed.where('r', self._places, self.score_path)}"

    def said(self, path: str) -> str | None:
        """SQL with ``response_id value`` of the responses that are meant; None where nobody said anything.

        The main question's score and the words of the main open question are the response's own where nothing but
        these was brought in.
        """
        meant = f"FROM survey_responses r WHERE {self.where}"
        if path == self.score_path:
            own = "CAST(CAST(r.score AS BIGINT) AS VARCHAR)"
            return f"SELECT r.response_id, {own} AS value {meant} AND r.score IS NOT NULL"
        said = self._places.said(path)
        if path == self.text_path:
            join = "" if said is None else f"LEFT JOIN ({said}) o ON o.response_id = r.response_id "
            word = "r.text" if said is None else "coalesce(o.value, r.text)"
            return (
                f"SELECT r.response_id, {word} AS value FROM survey_responses r {join}"
                f"WHERE {self.where} AND {word} IS NOT NULL"
            )
        if said is None:
            return None
        return (
            f"SELECT o.response_id, o.value FROM ({said}) o "
            f"JOIN (SELECT r.response_id {meant}) w ON w.response_id = o.response_id"
        )

    def rows(self, sql: str, **more: object) -> list[dict[str, Any]]:
        """The rows of a query over the responses that are meant."""
        found: list[dict[str, Any]] = self._query(sql, {**self._told, **more}).to_pylist()
        return found

    def part(self, slot: Slot) -> PartResult:
        """What was answered to one part of a question."""
        said = self.said(slot.path)
        if said is None:
            return _summed(slot, {}, 0)
        (answered,) = self.rows(f"SELECT count(DISTINCT response_id) AS n FROM ({said}) a")
        if slot.holds == "text":
            return PartResult(slot, int(answered["n"]), None, ())
        counted = self.rows(f"SELECT value, count(*) AS n FROM ({said}) a GROUP BY value ORDER BY value")
        return _summed(slot, {row["value"]: int(row["n"]) for row in counted}, int(answered["n"]))


def score_path(spec: SurveySpec) -> str | None:
    """Where the answer to the main question lies; None where no question is scored."""
    question = main_question(spec)
    return None if question is None else type_of(question).slots(question)[0].path


def text_path(spec: SurveySpec) -> str | None:
    """Where the words of the main open question lie; None where there is none."""
    question = main_text(spec)
    return None if question is None else type_of(question).slots(question)[0].path


def _summed(slot: Slot, counts: Mapping[str, int], answered: int) -> PartResult:
    known = {choice.value: choice.label for choice in slot.choices}
    strange: dict[str, str | dict[str, str]] = {value: value for value in counts if value not in known}
    bars = tuple(
        Counted(value, label, counts.get(value, 0), proportion_interval(counts.get(value, 0), answered))
        for value, label in {**known, **strange}.items()
    )
    return PartResult(
        slot, answered, _mean(counts) if slot.holds == "number" else None, () if slot.holds == "text" else bars
    )


def _mean(counts: Mapping[str, int]) -> Interval | None:
    """Mean of numbers that were counted; what is no number is left out."""
    pairs: Sequence[tuple[float, int]] = [(float(value), count) for value, count in counts.items() if _is_number(value)]
    n = sum(count for _, count in pairs)
    if n == 0:
        return None
    mean = sum(value * count for value, count in pairs) / n
    variance = sum(count * (value - mean) ** 2 for value, count in pairs) / (n - 1) if n > 1 else math.nan
    return mean_interval_of(n, mean, variance)


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
