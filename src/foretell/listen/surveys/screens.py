"""Which questions stand on the next page, by what was answered and shown so far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from foretell.listen.surveys.branching import asks_about, holds
from foretell.listen.surveys.document import SurveySpec
from foretell.listen.surveys.question_types import Question, Value


@dataclass(frozen=True)
class Screen:
    """A page of questions.

    Args:
        questions: none once the survey is over.
        done: how many questions were shown before; total: with those that may still come.
    """

    questions: tuple[Question, ...]
    done: int
    total: int

    @property
    def is_over(self) -> bool:
        """Nothing more is asked."""
        return not self.questions


def next_screen(spec: SurveySpec, told: Mapping[str, Value], seen: Collection[str]) -> Screen:
    """The page after the questions ``seen``, for somebody who answered ``told``.

    A page ends before a question that begins a new one, and before one that depends on an answer on the page.
    """
    left = [one for one in spec.questions if one.key not in seen]
    chosen: list[Question] = []
    for place, question in enumerate(left):
        keys = {one.key for one in chosen}
        if chosen and (question.page or spec.layout == "one_by_one" or asks_about(question) & keys):
            later = left[place:]
            break
        if holds(question, told):
            chosen.append(question)
    else:
        later = []
    coming = [one for one in later if _may_come(one, told, {one.key for one in (*chosen, *later)})]
    done = sum(one.key in seen for one in spec.questions)
    return Screen(tuple(chosen), done, done + len(chosen) + len(coming))


def _may_come(question: Question, told: Mapping[str, Value], open_keys: Collection[str]) -> bool:
    return bool(asks_about(question) & set(open_keys)) or holds(question, told)
