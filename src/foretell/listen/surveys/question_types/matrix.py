"""``matrix``: several things judged on one scale of words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from foretell.listen.surveys.question_types.base import (
    Choice,
    Form,
    Question,
    QuestionType,
    Reply,
    Slot,
    Value,
    given,
    shown_again,
)
from foretell.listen.surveys.question_types.choice import Option
from foretell.listen.surveys.words import counted


class MatrixQuestion(Question):
    """Several things judged alike."""

    type: Literal["matrix"] = Field(description="Type of question.")
    rows: Annotated[tuple[Option, ...], counted(1, 30)] = Field(description="What is judged.")
    columns: Annotated[tuple[Option, ...], counted(2, 11)] = Field(description="How it may be judged, in order.")

    @model_validator(mode="after")
    def _is_clear(self) -> MatrixQuestion:
        for what, options in (("row", self.rows), ("column", self.columns)):
            keys = [one.key for one in options]
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise ValueError(f"the {what} {twice!r} stands here twice")
        return self


class MatrixType(QuestionType):
    """A column for each row, told as ``answers.KEY.ROW``."""

    name = "matrix"
    title = "Matrix"
    description = "Several things on one scale, such as price, service and delivery."
    model = MatrixQuestion
    template = "matrix.html"

    def slots(self, question: Any) -> tuple[Slot, ...]:
        """One choice a row."""
        choices = tuple(Choice(one.key, one.label) for one in question.columns)
        return tuple(Slot(f"{question.key}.{row.key}", "choice", row.label, choices) for row in question.rows)

    def read(self, question: Any, form: Form) -> Reply:
        """A column for each row; a required one asks for all of them."""
        again, known = shown_again(question, form), {one.key for one in question.columns}
        told: dict[str, Value] = {}
        for row in question.rows:
            values = given(question, form, row.key)
            if values and (values[-1] not in known or len(values) > 1):
                return Reply(fault="choose_one", given=again)
            if values:
                told[f"{question.key}.{row.key}"] = values[0]
        if question.required and len(told) < len(question.rows):
            return Reply(told, "every_row", again)
        return Reply(told, given=again)


TYPE = MatrixType()
