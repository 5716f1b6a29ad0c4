"""What a form says: each question read by its type, what is wrong with it beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from foretell.definitions import suggestion
from foretell.errors import UsageError
from foretell.listen.surveys.document import SurveySpec
from foretell.listen.surveys.question_types import Form, Question, Reply, Value, type_of

_OPTIONAL_FAULTS = frozenset({"required", "every_row"})


@dataclass(frozen=True)
class Read:
    """What somebody answered to some questions.

    Args:
        told: path behind ``answers.`` → value.
        replies: question key → its reply.
    """

    told: Mapping[str, Value] = field(default_factory=dict)
    replies: Mapping[str, Reply] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, str]:
        """Question key → the name of what is wrong."""
        return {key: reply.fault for key, reply in self.replies.items() if reply.fault}


def read_form(questions: Iterable[Question], form: Form) -> Read:
    """Read what a form says of ``questions``; fields of others are passed over."""
    replies = {one.key: type_of(one).read(one, form) for one in questions}
    told = {path: value for reply in replies.values() if not reply.fault for path, value in reply.told.items()}
    return Read(told, replies)


def form_of(answers: Mapping[str, object]) -> dict[str, list[str]]:
    """Answers by path (``{"recommend": 9, "liked": ["price"]}``) as a form would send them."""
    return {
        f"q.{path}": [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
        for path, value in answers.items()
        if value is not None
    }


def read_answers(spec: SurveySpec, answers: Mapping[str, object]) -> dict[str, Value]:
    """Answers by path, looked at as those of a form are; what is not answered may be answered later.

    Raises:
        UsageError: ``UNKNOWN_QUESTION``, ``BAD_ANSWER``.
    """
    owners = {slot.path: one for one in spec.questions for slot in type_of(one).slots(one)}
    owners |= {one.key: one for one in spec.questions}
    strange = next((path for path in answers if path not in owners), None)
    if strange is not None:
        raise UsageError(
            "UNKNOWN_QUESTION",
            f"there is no question {strange!r}",
            next_step=suggestion(strange, sorted(owners), what="questions"),
        )
    asked = {owners[path].key: owners[path] for path in answers}
    read = read_form(asked.values(), form_of(answers))
    for key, fault in read.faults.items():
        if fault not in _OPTIONAL_FAULTS:
            raise UsageError(
                "BAD_ANSWER",
                f"{_shown(answers, key)} is no answer to the question {key!r}",
                next_step=_choices(asked[key]),
            )
    partial = {path: value for key in read.faults for path, value in read.replies[key].told.items()}
    return {**read.told, **partial}


def _shown(answers: Mapping[str, object], key: str) -> str:
    found = next((value for path, value in answers.items() if path == key or path.startswith(f"{key}.")), "")
    text = repr(found)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _choices(question: Question) -> str:
    values = [choice.value for choice in type_of(question).slots(question)[0].choices]
    return f"Answers: {', '.join(values[:12])}." if values else "Write a shorter text."
