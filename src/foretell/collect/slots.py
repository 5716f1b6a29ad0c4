"""The places of a source document in which expressions stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from foretell.collect.source_model import RowMapping, SourceSpec

Wanted = Literal["value", "condition"]


@dataclass(frozen=True)
class Slot:
    """One expression.

    Args:
        path: where it stands below ``spec``.
        text: what stands there.
        wanted: a value, or a condition.
        grouped: whether it speaks of a whole group.
    """

    path: tuple[str | int, ...]
    text: Any
    wanted: Wanted
    grouped: bool


def slots(spec: SourceSpec) -> Iterator[Slot]:
    """Every expression of a source document."""
    for number, skip in enumerate(spec.skip):
        yield Slot(("skip", number, "when"), skip.when, "condition", grouped=False)
    for number, mapping in enumerate(spec.mappings):
        for slot in _of_mapping(mapping, grouped=bool(spec.group_by)):
            yield Slot(("mappings", number, *slot.path), slot.text, slot.wanted, slot.grouped)


def _of_mapping(mapping: RowMapping, *, grouped: bool) -> Iterator[Slot]:
    if mapping.when is not None:
        yield Slot(("when",), mapping.when, "condition", grouped)
    for name in ("timestamp", "message_id"):
        text = getattr(mapping, name)
        if text is not None:
            yield Slot((name,), text, "value", grouped)
    for kind, text in mapping.identifiers.items():
        yield Slot(("identifiers", kind), text, "value", grouped)
    for consent, text in mapping.consents.items():
        yield Slot(("consents", consent), text, "value", grouped)
    for part in ("traits", "properties"):
        yield from _of_object((part,), getattr(mapping, part), grouped=grouped)
    if mapping.items is not None:
        yield from _of_object(("items", "properties"), mapping.items.properties, grouped=False)


def _of_object(path: tuple[str | int, ...], fields: Mapping[str, Any], *, grouped: bool) -> Iterator[Slot]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _of_object((*path, name), value, grouped=grouped)
        else:
            yield Slot((*path, name), value, "value", grouped)
