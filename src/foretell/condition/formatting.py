"""The one way to write a condition: the head first, its qualifiers in a fixed order, as short as it means the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.clock import Duration
from foretell.condition import checks, qualifiers
from foretell.condition.parse import HEADS
from foretell.definitions import flow_of, yaml_of
from foretell.errors import UsageError

_TESTS = frozenset((*checks.VALUE_TESTS, *qualifiers.FUNCTIONS))
_BEFORE = ("where", "per", "as", "times", "horizon", "is")
_AFTER = (
    "within", "since", "in_any", "local_hour", "weekday", "change", "top", "without", "same", "open",
)  # fmt: skip
_LENGTHS = ("within", "in_any", "anniversary_in")
WIDTH = 110
_GROUPS = ("all", "any")
_PART = ("not", "account")


def format_condition(raw: Mapping[str, Any], *, indent: int = 0) -> str:
    """The YAML of a condition without a line break at its end; parsed, it means exactly what ``raw`` does.

    A part stands on a line of its own, in braces where it fits.

    Args:
        indent: spaces before every line but the first.
    """
    return _written(canonical(raw), indent)


def _written(raw: Mapping[str, Any], indent: int) -> str:
    head, only = next(iter(raw), ""), len(raw) == 1
    if only and head in _GROUPS and isinstance(raw[head], list) and raw[head]:
        parts = [f"{' ' * (indent + 2)}- {_part(part, indent + 4)}" for part in raw[head]]
        return "\n".join([f"{head}:", *parts])
    if only and head in _PART and isinstance(raw[head], Mapping) and set(raw[head]) & {*_GROUPS, *_PART}:
        return f"{head}:\n{' ' * (indent + 2)}{_written(raw[head], indent + 2)}"
    flow = flow_of(raw)
    return flow if len(flow) + indent <= WIDTH else yaml_of(raw, indent=indent)


def _part(part: Any, indent: int) -> str:
    return _written(part, indent) if isinstance(part, Mapping) else flow_of(part)


def canonical(raw: Any) -> Any:
    """A condition with its keys in order and the shortest form of each test; what cannot be read stays as it is."""
    if not isinstance(raw, Mapping):
        return raw
    head = next((key for key in raw if key in HEADS), None)
    if head is None:
        return dict(raw)
    ordered = sorted(raw, key=lambda key: _place(str(key), head))
    return {key: _value(key, raw[key], head) for key in ordered}


def _place(key: str, head: str) -> int:
    if key == head:
        return -1
    if key in _BEFORE and not (key == "is" and head not in ("last", "first")):
        return _BEFORE.index(key)
    if key in _AFTER:
        return 100 + _AFTER.index(key)
    return 50  # tests and sums: their order among each other is kept, it is part of the tree


def _value(key: str, value: Any, head: str) -> Any:
    if key in _GROUPS and key == head and isinstance(value, list):
        return [canonical(part) for part in value]
    if key in _PART and key == head:
        return canonical(value)
    if (key == "sequence" and isinstance(value, list)) or (key == "ratio" and isinstance(value, list)):
        return [canonical(step) for step in value]
    if key == "without":
        return canonical(value)
    if key in ("where", "is") and isinstance(value, Mapping):
        return {name: _bare(_test(test)) for name, test in value.items()}
    if key in ("did", "did_not", "last", "first", "times", "local_hour", "weekday"):
        return _bare(_test(value))
    if key == "since" and isinstance(value, Mapping):
        return canonical(value)
    return _length(value) if key in _LENGTHS else _test(value)


def _test(value: Any) -> Any:
    """Lengths of time within a test as they are printed."""
    if not isinstance(value, Mapping):
        return value
    return {name: _length(one) if name in _LENGTHS else one for name, one in value.items()}


def _bare(value: Any) -> Any:
    """``{is: x}`` says what ``x`` does."""
    if isinstance(value, Mapping) and list(value) == ["is"] and isinstance(value["is"], str | int | float | bool):
        return value["is"]
    return value


def _length(value: Any) -> Any:
    try:
        return str(Duration.parse(value))
    except UsageError:
        return value
