"""When a question is asked, in words: ``when recommend is at most 6``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from foretell.listen.surveys.document import SurveySpec
from foretell.listen.surveys.question_types import Question, type_of
from foretell.listen.surveys.words import text_of

_WORDS = {
    "is": "is", "is_not": "is not", "in": "is one of", "not_in": "is none of", "gt": "is more than",
    "gte": "is at least", "lt": "is less than", "lte": "is at most", "between": "is between", "contains": "contains",
    "not_contains": "does not contain", "starts_with": "starts with", "ends_with": "ends with", "matches": "matches",
}  # fmt: skip


def when_words(spec: SurveySpec, question: Question, language: str | None = None) -> str | None:
    """When ``question`` is asked; None where it always is."""
    tests = [
        f"{name.replace('_', ' ')} {told}"
        for name, raw in (question.when or {}).items()
        for told in _told(raw, _labels(spec, name, language))
    ]
    return f"when {' and '.join(tests)}" if tests else None


def _told(raw: Any, labels: Mapping[str, str]) -> Iterator[str]:
    for name, operand in raw.items() if isinstance(raw, Mapping) else [("is", raw)]:
        if name == "exists":
            yield "is not answered" if operand is False else "is answered"
        elif name == "between" and isinstance(operand, list | tuple):
            yield f"is between {' and '.join(map(str, operand))}"
        else:
            values = operand if isinstance(operand, list | tuple) else [operand]
            yield f"{_WORDS.get(str(name), name)} {' or '.join(labels.get(str(one), str(one)) for one in values)}"


def _labels(spec: SurveySpec, path: str, language: str | None) -> Mapping[str, str]:
    """What people read of the answers to a part of a question, by what is told."""
    question = spec.question(path.partition(".")[0])
    slots = () if question is None else type_of(question).slots(question)
    chosen = next((slot for slot in slots if slot.path == path), slots[0] if slots else None)
    if chosen is None or chosen.holds == "number":
        return {}
    return {one.value: f"“{text_of(one.label, language, spec.language)}”" for one in chosen.choices}
