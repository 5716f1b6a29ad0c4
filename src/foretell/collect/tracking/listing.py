"""The fields of a plan, for people: what each must be like, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from foretell.collect.tracking.compiling import Rule, fields_of, spec_of
from foretell.collect.tracking.document import Action
from foretell.definitions import Document


@dataclass(frozen=True)
class PlannedField:
    """A property or trait.

    Args:
        event: empty for a trait.
        field: property with its dotted path, or ``traits.NAME``.
        rules: further rules in words.
        standard: name of the normal form.
        pii: class of personal data.
    """

    event: str
    field: str
    types: tuple[str, ...]
    required: bool
    rules: tuple[str, ...]
    standard: str | None
    description: str | None
    pii: str | None
    owner: str | None
    owner_type: Literal["team", "person"] | None
    on_violation: Action


def planned_fields(document: Document) -> Iterator[PlannedField]:
    """Every field of a tracking document in its order, traits last."""
    for rule in fields_of(document.key, spec_of(document)):
        told, owner = rule.field, rule.owner
        yield PlannedField(
            rule.event or "",
            rule.label,
            tuple(told.type),
            told.required,
            tuple(_rules(rule)),
            rule.standard.standard.name if rule.standard else None,
            told.description,
            told.pii,
            owner.name if owner else None,
            None if owner is None else "team" if owner.team is not None else "person",
            rule.action,
        )


def _rules(rule: Rule) -> Iterator[str]:
    told = rule.field
    if told.enum:
        yield "one of " + ", ".join(str(value) for value in told.enum)
    if told.pattern is not None:
        yield f"matches {told.pattern}"
    if told.minimum is not None:
        yield f"at least {told.minimum:g}"
    if told.maximum is not None:
        yield f"at most {told.maximum:g}"
    if told.format is not None:
        yield f"format {told.format}"
