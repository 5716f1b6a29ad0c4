"""``text``: words of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from foretell.listen.surveys.question_types.base import (
    LONGEST_TEXT,
    Form,
    Question,
    QuestionType,
    Reply,
    Slot,
    Value,
    given,
    long_text,
    shown_again,
)


class TextQuestion(Question):
    """Words of one's own."""

    type: Literal["text"] = Field(description="Type of question.")
    lines: int = Field(4, ge=1, le=30, description="Height of the field in lines; 1 is a single line.")
    most: int = Field(LONGEST_TEXT, ge=1, le=LONGEST_TEXT, description="How many characters at most.")


class TextType(QuestionType):
    """A text, kept as it was written."""

    name = "text"
    title = "Text"
    description = "Why, in their own words."
    model = TextQuestion
    template = "text.html"

    def slots(self, question: Any) -> tuple[Slot, ...]:
        """The text."""
        return (Slot(question.key, "text"),)

    def read(self, question: Any, form: Form) -> Reply:
        """The text, whatever it is."""
        again = shown_again(question, form)
        text = long_text("\n".join(given(question, form)))
        if not text:
            return Reply(fault="required" if question.required else "", given=again)
        if len(text) > question.most:
            return Reply(fault="too_long", given=again)
        return Reply({question.key: text}, given=again)

    def text(self, question: Any, told: Mapping[str, Value]) -> str:
        """The text."""
        return str(told.get(question.key, ""))


TYPE = TextType()
