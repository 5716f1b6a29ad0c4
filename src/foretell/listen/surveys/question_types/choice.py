"""``choice``: one or several of a list, with a word of one's own where the document lets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell.definitions import KeyText
from foretell.listen.surveys.question_types.base import (
    Choice,
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
from foretell.listen.surveys.words import Words, counted

OTHER = "other"


class Option(BaseModel):
    """Something that can be chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: KeyText = Field(description="What is told when it is chosen.")
    label: Words = Field(description="What people read.")


class ChoiceQuestion(Question):
    """One or several of a list."""

    type: Literal["choice"] = Field(description="Type of question.")
    options: Annotated[tuple[Option, ...], counted(2, 100)] = Field(description="What can be chosen.")
    several: bool = Field(False, description="More than one may be chosen.")
    most: int | None = Field(None, ge=1, description="How many at most, with several.")
    other: Words | None = Field(None, description="Label of one more option, for a word of one's own.")

    @model_validator(mode="after")
    def _is_clear(self) -> ChoiceQuestion:
        keys = [one.key for one in self.options]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ValueError(f"the option {twice!r} stands here twice")
        if self.other is not None and OTHER in keys:
            raise ValueError("the option 'other' is there already; leave one of the two out")
        if self.most is not None and not self.several:
            raise ValueError("'most' needs several: true")
        return self


class ChoiceType(QuestionType):
    """Keys of options; several make an array."""

    name = "choice"
    title = "Choice"
    description = "One or several of a list, such as reasons."
    model = ChoiceQuestion
    template = "choice.html"

    def slots(self, question: Any) -> tuple[Slot, ...]:
        """What was chosen, and the word of one's own."""
        choices = tuple(Choice(one.key, one.label) for one in question.options)
        if question.other is not None:
            choices = (*choices, Choice(OTHER, question.other))
        own = Slot(question.key, "choices" if question.several else "choice", None, choices)
        return (own,) if question.other is None else (own, Slot(f"{question.key}_{OTHER}", "text", question.other))

    def read(self, question: Any, form: Form) -> Reply:
        """Keys of its options."""
        again = {**shown_again(question, form), **_other_of(question, form)}
        chosen = list(dict.fromkeys(given(question, form)))
        known = {choice.value for choice in self.slots(question)[0].choices}
        if any(value not in known for value in chosen) or (len(chosen) > 1 and not question.several):
            return Reply(fault="choose_one", given=again)
        if question.most is not None and len(chosen) > question.most:
            return Reply(fault="too_many", given=again)
        if not chosen:
            return Reply(fault="required" if question.required else "", given=again)
        told: dict[str, Value] = {question.key: chosen if question.several else chosen[0]}
        word = long_text(" ".join(_other_of(question, form).get(f"q.{question.key}_{OTHER}", ())))
        if OTHER in chosen and word:
            told[f"{question.key}_{OTHER}"] = word
        return Reply(told, given=again)

    def text(self, question: Any, told: Mapping[str, Value]) -> str:
        """The word of one's own."""
        return str(told.get(f"{question.key}_{OTHER}", ""))

    def sample(self, question: Any) -> Form:
        """The first option."""
        return {f"q.{question.key}": [question.options[0].key]}


def _other_of(question: ChoiceQuestion, form: Form) -> dict[str, list[str]]:
    name = f"q.{question.key}_{OTHER}"
    return {name: list(form[name])} if question.other is not None and name in form else {}


TYPE = ChoiceType()
