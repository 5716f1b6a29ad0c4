"""The types of questions: one file each in this folder, found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from foretell.listen.surveys.question_types.base import (
    LONGEST_TEXT,
    Bar,
    Choice,
    Form,
    Question,
    QuestionType,
    Reply,
    Scale,
    Slot,
    SlotSummary,
    Value,
)

_FRAMES = ("base", "rating")


def _scanned() -> Mapping[str, QuestionType]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _FRAMES)
    types: list[QuestionType] = [importlib.import_module(f"{__name__}.{name}").TYPE for name in names]
    return {one.name: one for one in types}


QUESTION_TYPES: Mapping[str, QuestionType] = _scanned()
"""Every type of question by its name."""


def type_of(question: Question) -> QuestionType:
    """The type of a question."""
    return next(one for one in QUESTION_TYPES.values() if type(question) is one.model)


__all__ = [
    "LONGEST_TEXT",
    "QUESTION_TYPES",
    "Bar",
    "Choice",
    "Form",
    "Question",
    "QuestionType",
    "Reply",
    "Scale",
    "Slot",
    "SlotSummary",
    "Value",
    "type_of",
]
