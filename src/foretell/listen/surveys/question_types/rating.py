"""What the types share that are answered by one number of a scale; itself no type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from foretell.listen.surveys.question_types.base import (
    Choice,
    Form,
    Question,
    QuestionType,
    Reply,
    Scale,
    Slot,
    given,
    shown_again,
)
from foretell.listen.surveys.words import Words


class RatingQuestion(Question):
    """A question that is answered by a number."""

    low: Words | None = Field(None, description="What the lowest number means.")
    high: Words | None = Field(None, description="What the highest number means.")


class RatingType(QuestionType):
    """A number of a fixed scale.

    Args:
        measure: the name of the scale.
        values: its numbers, the lowest first.
        low, high: what its ends mean where the question does not say.
    """

    measure: str
    values: tuple[int, ...]
    low: dict[str, str]
    high: dict[str, str]
    template = "rating.html"

    def scale(self, question: Any) -> Scale:
        """Its numbers."""
        return Scale(self.measure, self.values, question.low or self.low, question.high or self.high)

    def slots(self, question: Any) -> tuple[Slot, ...]:
        """One number."""
        return (Slot(question.key, "number", None, tuple(Choice(str(value), str(value)) for value in self.values)),)

    def words(self, question: Any) -> Iterator[str | dict[str, str] | None]:
        """What the document says; our own words for the ends have their own languages."""
        yield from (question.ask, question.hint, question.low, question.high)

    def read(self, question: Any, form: Form) -> Reply:
        """One of the numbers, or nothing."""
        again, values = shown_again(question, form), given(question, form)
        if not values:
            return Reply(fault="required" if question.required else "", given=again)
        value = number_in(values[-1], self.values)
        if value is None:
            return Reply(fault="choose_one", given=again)
        return Reply({question.key: value}, given=again)


def number_in(text: str, values: tuple[int, ...]) -> int | None:
    """The number of a scale that a text is; None where it is none of them."""
    return {str(value): value for value in values}.get(text.strip())
