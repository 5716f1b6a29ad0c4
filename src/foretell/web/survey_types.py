"""Types of questions as the builder needs them: their settings as fields of a form, read from their models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from foretell.listen import surveys
from foretell.web.api.survey_bodies import QuestionTypeBody, TypeField

_COMMON = frozenset(surveys.Question.model_fields) - {"hint", "page"}
"""Fields that every question has and that the builder has places of its own for."""
_WORDS = {"page": "Begins a new page", "low": "Lowest end", "high": "Highest end", "most": "At most"}
_LEAST_OPTIONS = 2
_SCORED_FIRST = ("nps", "csat", "ces", "stars")


def question_types() -> list[QuestionTypeBody]:
    """All types, those with a score first."""
    order = {name: place for place, name in enumerate(_SCORED_FIRST)}
    every = sorted(surveys.QUESTION_TYPES.values(), key=lambda one: (order.get(one.name, len(order)), one.title))
    return [_body(one) for one in every]


def _body(kind: surveys.QuestionType) -> QuestionTypeBody:
    fields = list(_fields(kind))
    example: dict[str, Any] = {"ask": f"New question: {kind.title.lower()}"}
    for field in fields:
        if field.required and field.kind == "options":
            name = field.name.removesuffix("s")
            example[field.name] = [
                {"key": f"{name}_{number}", "label": f"{name.capitalize()} {number}"}
                for number in range(1, _LEAST_OPTIONS + 1)
            ]
    scored = kind.scale(kind.model.model_validate({**example, "type": kind.name, "key": "example"})) is not None
    return QuestionTypeBody(
        name=kind.name, title=kind.title, description=kind.description, scored=scored, fields=fields, example=example
    )


def _fields(kind: surveys.QuestionType) -> Iterator[TypeField]:
    schema = kind.model.model_json_schema()
    required = set(schema.get("required", ()))
    for name, told in schema["properties"].items():
        if name not in _COMMON:
            yield TypeField(
                name=name,
                title=_WORDS.get(name, name.replace("_", " ").capitalize()),
                kind=_kind(told),  # type: ignore[arg-type]
                description=told.get("description", ""),
                choices=[str(one) for one in told.get("enum", ())],
                fixed=told.get("default"),
                required=name in required,
            )


def _kind(told: Mapping[str, Any]) -> str:
    """What a field of the form is for a part of a JSON schema."""
    kinds = set(_kinds(told))
    if "enum" in told:
        return "choice"
    if {"string", "object"} <= kinds:
        return "text"
    for name, kind in (("boolean", "flag"), ("integer", "whole"), ("array", "options")):
        if name in kinds:
            return kind
    return "words"


def _kinds(told: Mapping[str, Any]) -> Iterator[str | None]:
    """Every type that a part of a schema may be."""
    if "anyOf" not in told:
        yield told.get("type")
    for one in told.get("anyOf", ()):
        yield from _kinds(one)
