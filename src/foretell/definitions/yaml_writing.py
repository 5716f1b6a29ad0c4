"""Plain values → YAML 1.2 text that reads back as the same values.

What fits on a line stands in braces, the rest in blocks; a text is quoted only where it would be read
as something else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from foretell.definitions.positions import Plain
from foretell.definitions.scalars import bare_value

WIDTH = 100
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@` \t")
_RISKY = re.compile(r"[,\[\]{}\x00-\x1f]|:(?=[\s,\[\]{}]|\Z)|\s#|\A---|\A\.\.\.|\s\Z")
_NUMBER_ELSEWHERE = re.compile(
    r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z"
)
"""Texts here, as ``01234``, that other readers of YAML 1.2 take for numbers."""
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def yaml_of(value: Plain, *, indent: int = 0, width: int = WIDTH) -> str:
    """The text of a value without a line break at its end.

    Args:
        indent: spaces before every line but the first.
        width: columns that a value in braces may take.
    """
    flow = flow_of(value)
    if not isinstance(value, Mapping | list | tuple) or not value:
        return flow
    return _block(value, indent, width)


def _block(value: Plain, indent: int, width: int) -> str:
    lines = _entries(value, indent, width) if isinstance(value, Mapping) else _items(value, indent, width)
    return f"\n{' ' * indent}".join(lines)


def _entries(value: Mapping[str, Plain], indent: int, width: int) -> list[str]:
    lines = []
    for key, item in value.items():
        name = scalar(str(key))
        if _fits(item, indent + len(name) + 2, width):
            lines.append(f"{name}: {flow_of(item)}")
        else:
            inner = indent + 2
            lines.append(f"{name}:\n{' ' * inner}{_block(item, inner, width)}")
    return lines


def _items(value: Sequence[Plain], indent: int, width: int) -> list[str]:
    inner = indent + 2
    return [f"- {flow_of(item) if _fits(item, inner, width) else _block(item, inner, width)}" for item in value]


def _fits(value: Plain, before: int, width: int) -> bool:
    return not isinstance(value, Mapping | list | tuple) or not value or before + len(flow_of(value)) <= width


def flow_of(value: Plain) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow_of(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow_of(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Plain) -> str:
    """A text, number or truth value as one word or in quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _is_plain(text):
        return text
    if "'" not in text and not re.search(r"[\x00-\x1f]", text) and not _UNPRINTED.search(text):
        return f"'{text}'"
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _is_plain(text: str) -> bool:
    if _NUMBER_ELSEWHERE.match(text):
        return False
    if not text or _RISKY.search(text) or _UNPRINTED.search(text) or not isinstance(bare_value(text), str):
        return False
    if text[0] not in _INDICATORS:
        return True
    return text[0] == "-" and len(text) > 1 and not text[1].isspace()
