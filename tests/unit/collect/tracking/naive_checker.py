"""The plan by hand: one event after the other, a value after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Breach = tuple[str, str]
"""Field and rule."""


def breaches(properties: Any, fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Breach]:
    """What is wrong with an event's properties, or with an element of an array."""
    for name, field in fields.items():
        value = _at(properties, name)
        rule = _first(value, field)
        if rule is not None:
            yield name, rule
        for element in value if isinstance(value, list) else ():
            for inner, rule in breaches(element, field.get("items", {})):
                yield f"{name}.{inner}", rule


def without(properties: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The properties without the values that are to be left out (no dotted names)."""
    kept: dict[str, Any] = {}
    for name, value in properties.items():
        field = fields.get(name, {})
        if _drops(value, field):
            continue
        if isinstance(value, list) and field.get("items"):
            value = [_element_without(element, field["items"]) for element in value]
        kept[name] = value
    return kept


def _element_without(element: Any, fields: Mapping[str, Mapping[str, Any]]) -> Any:
    if not isinstance(element, dict):
        return element
    return {name: value for name, value in element.items() if not _drops(value, fields.get(name, {}))}


def _drops(value: Any, field: Mapping[str, Any]) -> bool:
    return field.get("on_violation") == "drop_field" and _first(value, field) not in (None, "required")


def _at(properties: Any, name: str) -> Any:
    for step in name.split("."):
        properties = properties.get(step) if isinstance(properties, dict) else None
    return properties


def _first(value: Any, field: Mapping[str, Any]) -> str | None:
    if value is None:
        return "required" if field.get("required") else None
    types = field.get("type", [])
    if types and not any(_is(value, name) for name in types):
        return "type"
    if field.get("enum") and not any(_same(value, one) for one in field["enum"]):
        return "enum"
    if _is(value, "number"):
        if "minimum" in field and value < field["minimum"]:
            return "minimum"
        if "maximum" in field and value > field["maximum"]:
            return "maximum"
    if isinstance(value, str) and "pattern" in field and not re.search(field["pattern"], value):
        return "pattern"
    return None


def _is(value: Any, name: str) -> bool:
    if name == "boolean":
        return isinstance(value, bool)
    if name == "string":
        return isinstance(value, str)
    if name == "array":
        return isinstance(value, list)
    if name == "object":
        return isinstance(value, dict)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return name == "number" or float(value).is_integer()


def _same(value: Any, other: Any) -> bool:
    if _is(value, "number") and _is(other, "number"):
        return bool(value == other)
    return type(value) is type(other) and bool(value == other)
