"""What every type of question is made of: its model in the document, how it is shown, read, told and summed up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from foretell.definitions import KeyText
from foretell.listen.surveys.words import Words

Value = str | int | float | bool | list[str]
Form = Mapping[str, Sequence[str]]
"""The fields of a form as they came, each with all its values."""
LONGEST_TEXT = 200_000
"""Characters that are kept of one text; nobody types more, and what is pasted is cut there."""


class Question(BaseModel):
    """What all questions share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: KeyText = Field(description="Name of the question within the survey; answers are told under it.")
    type: str = Field(description="Type of question.")
    ask: Words = Field(description="The question: a text, or one for each language.")
    hint: Words | None = Field(None, description="A line below it: what is meant, what the answer is for.")
    required: bool = Field(False, description="Without an answer nobody goes on.")
    when: dict[str, Any] | None = Field(
        None,
        description="Tests of earlier answers, all of which must hold: {recommend: {lte: 6}}; of a matrix "
        "{service.price: bad}.",
    )
    page: bool = Field(False, description="A new page begins here.")


@dataclass(frozen=True)
class Scale:
    """The numbers that a question can be answered by.

    Args:
        measure: nps, csat, ces or stars.
        values: from the lowest to the highest.
        low, high: what the ends mean.
    """

    measure: str
    values: tuple[int, ...]
    low: str | dict[str, str] | None = None
    high: str | dict[str, str] | None = None


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen: what is told, and what people read."""

    value: str
    label: str | dict[str, str]


@dataclass(frozen=True)
class Slot:
    """Where a part of an answer lies.

    Args:
        path: behind ``answers.``: the question's key, for a part of it ``key.part``.
        holds: ``number``, ``choice``, ``choices`` (an array) or ``text``.
        label: what it is called beside the question; None where it is the question itself.
        choices: what it can be, in order; empty for texts.
    """

    path: str
    holds: str
    label: str | dict[str, str] | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What somebody answered to one question.

    Args:
        told: path behind ``answers.`` → value; empty where nothing was said.
        fault: name of what is wrong with it (a phrase ``survey_FAULT``); empty where nothing is.
        given: the form's fields as they came, to be shown again.
    """

    told: Mapping[str, Value] = field(default_factory=dict)
    fault: str = ""
    given: Form = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """How many gave an answer."""

    value: str
    label: str | dict[str, str]
    count: int
    share: float


@dataclass(frozen=True)
class SlotSummary:
    """A part of a question summed up.

    Args:
        answered: how many said something.
        bars: by what can be chosen, in its order, what else was said behind it; empty for texts.
        mean: of numbers; None where nobody answered or there are none.
    """

    slot: Slot
    answered: int
    bars: tuple[Bar, ...]
    mean: float | None


class QuestionType(ABC):
    """A type of question: one file of this folder, found by being there.

    Args:
        name: what documents call it.
        title: what people call it; description: when to take it.
        model: its content in the document.
        template: of the pages' questions the one that shows it.
    """

    name: str
    title: str
    description: str
    model: type[Question]
    template: str

    @abstractmethod
    def slots(self, question: Any) -> tuple[Slot, ...]:
        """Where its answer lies, part by part."""

    @abstractmethod
    def read(self, question: Any, form: Form) -> Reply:
        """What a form says of it. Whatever was sent, this raises nothing: what does not fit is a fault."""

    def scale(self, question: Any) -> Scale | None:
        """The numbers it is answered by; None where it has no score."""
        return None

    def score(self, question: Any, told: Mapping[str, Value]) -> float | None:
        """The score within an answer, in the scale's numbers."""
        value = told.get(question.key) if self.scale(question) is not None else None
        return float(value) if isinstance(value, int | float) else None

    def text(self, question: Any, told: Mapping[str, Value]) -> str:
        """The words within an answer; empty where it has none."""
        return ""

    def words(self, question: Any) -> Iterator[str | dict[str, str] | None]:
        """Everything it says to people, for its languages."""
        yield question.ask
        yield question.hint
        for slot in self.slots(question):
            yield slot.label
            yield from (choice.label for choice in slot.choices)

    def sample(self, question: Any) -> Form:
        """A form that answers it, for previews and tests."""
        found: dict[str, list[str]] = {}
        for slot in self.slots(question):
            found[f"q.{slot.path}"] = [slot.choices[-1].value if slot.choices else "It was fine."]
        return found

    def summarise(
        self, question: Any, counts: Mapping[str, Mapping[str, int]], said: Mapping[str, int] | None = None
    ) -> tuple[SlotSummary, ...]:
        """Sum up its answers.

        Args:
            counts: path → value (as text) → how many gave it.
            said: path → how many said something there, where one may choose several; default: the sum of the counts.
        """
        return tuple(
            _summary(slot, counts.get(slot.path, {}), (said or {}).get(slot.path)) for slot in self.slots(question)
        )


def _summary(slot: Slot, counts: Mapping[str, int], said: int | None) -> SlotSummary:
    total = sum(counts.values()) if said is None else said
    known = {choice.value: choice.label for choice in slot.choices}
    strange = {} if slot.holds == "text" else {value: value for value in sorted(counts) if value not in known}
    bars = tuple(
        Bar(value, label, counts.get(value, 0), counts.get(value, 0) / total if total else 0.0)
        for value, label in {**known, **strange}.items()
    )
    return SlotSummary(slot, total, bars, _mean(counts, known) if slot.holds == "number" else None)


def _mean(counts: Mapping[str, int], known: Collection[str]) -> float | None:
    """Mean of the numbers of the scale; what else was told, by a scale of another time, is left out."""
    fitting = {value: count for value, count in counts.items() if value in known}
    total = sum(fitting.values())
    return sum(float(value) * count for value, count in fitting.items()) / total if total else None


def given(question: Question, form: Form, part: str = "") -> list[str]:
    """What a form says of a question or of a part of it, without blank values."""
    name = f"q.{question.key}.{part}" if part else f"q.{question.key}"
    return [value for value in form.get(name, ()) if value.strip()]


def shown_again(question: Question, form: Form) -> Form:
    """The fields of the form that belong to a question."""
    own = f"q.{question.key}"
    return {name: list(values) for name, values in form.items() if name == own or name.startswith(f"{own}.")}


def long_text(text: str) -> str:
    """A text as it is kept: line ends as ``\\n``, without NUL and lone surrogates, at most so long."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return plain.encode("utf-8", "replace").decode("utf-8").strip()[:LONGEST_TEXT]
