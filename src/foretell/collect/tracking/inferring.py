"""A first plan from what sources really send; people read it, strike out and tighten."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from foretell.collect.tracking.observing import MOST_EVENTS, observed_events, observed_traits
from foretell.engine import Engine

REQUIRED_SHARE = 0.99
"""A field that at least so many of the events have is drafted as required."""
TYPE_SHARE = 0.01
"""Types that fewer of the values have are slips, not types."""
ROWS_PER_VALUE, LEAST_ROWS, LONGEST_VALUE = 20, 40, 40
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]*\Z")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_PII: Sequence[tuple[str, str]] = (
    (r"e-?mail", "contact"),
    (r"phone|mobile|(^|[_.])tel", "contact"),
    (r"(^|[_.])(first|last|full|middle|sur)_?name|firstName|lastName|fullName", "identity"),
    (r"birth|(^|[_.])age\Z|gender|(^|[_.])sex\Z", "demographic"),
    (r"street|address|(post|zip)_?code|(^|[_.])zip\Z|(^|[_.])(lat|lon|latitude|longitude)\Z", "location"),
    (r"iban|card_?number|(^|[_.])bic\Z", "financial"),
    (r"(^|[_.])ip\Z|ip_?address|user_?agent|device_?id", "technical"),
)


def infer_plan(
    engine: Engine,
    key: str,
    *,
    source: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    traits: pa.Table | None = None,
) -> str:
    """The text of a tracking document that describes what arrived.

    Args:
        key: of the document.
        source: events of this source alone.
        start, end: arrival, ``end`` not included.
        traits: what people were said to be: ``seq``, ``trait``, ``s``, ``n``.
    """
    counts, rows = observed_events(engine, source, start, end)
    lines = [f"kind: tracking\nkey: {key}\nspec:"]
    if source is not None:
        lines.append(f"  sources: [{_text(source)}]")
    lines += ["  # owner: {team: NAME}", "  on_violation: allow"]
    lines.append("  events:" if counts else "  events: {}")
    for event, number in counts.items():
        mine = [row for row in rows if row["event"] == event]
        note = f"  # {number:,} event{'s' if number != 1 else ''}" + (" looked at" if number == MOST_EVENTS else "")
        lines.append(f"    {_text(event)}:{note}")
        lines += _fields(mine, number, indent=6, heading="properties")
    told, trait_rows = (0, []) if traits is None or not traits.num_rows else observed_traits(traits)
    if trait_rows:
        lines += _fields(trait_rows, told, indent=2, heading="traits", with_items=False)
    return "\n".join(lines) + "\n"


def _fields(
    rows: Sequence[Mapping[str, Any]], events: int, *, indent: int, heading: str, with_items: bool = True
) -> list[str]:
    own = [row for row in rows if row["held_in"] == ""]
    if not own:
        return [f"{' ' * indent}{heading}: {{}}"]
    lines = [f"{' ' * indent}{heading}:"]
    pad = " " * (indent + 2)
    for row in own:
        inner = [one for one in rows if one["held_in"] == row["path"] and with_items]
        words, note = _words(row, events)
        if not inner or row["array_count"] == 0:
            lines.append(f"{pad}{_text(row['path'])}: {{{_joined(words)}}}{note}")
            continue
        lines.append(f"{pad}{_text(row['path'])}:{note}")
        lines += [f"{pad}  {name}: {value}" for name, value in words.items()]
        lines.append(f"{pad}  items:")
        items = max(row_["items"] or 1 for row_ in inner)
        for one in inner:
            told, note = _words(one, items)
            lines.append(f"{pad}    {_text(one['path'])}: {{{_joined(told)}}}{note}")
    return lines


def _words(row: Mapping[str, Any], whole: int) -> tuple[dict[str, str], str]:
    """The words of a field as YAML, and what was seen of it."""
    words: dict[str, str] = {}
    types = _types(row)
    if types:
        words["type"] = types[0] if len(types) == 1 else f"[{', '.join(types)}]"
    share = row["present"] / whole
    if share >= REQUIRED_SHARE:
        words["required"] = "true"
    pii = _pii(row)
    if types == ["string"]:
        if row["emails"] == row["string"]:
            words["format"] = "email"
        elif row["dates"] == row["string"]:
            words["format"] = "date"
        elif pii is None and _few(row):
            words["enum"] = f"[{', '.join(_text(value) for value in row['texts'])}]"
    if pii is not None:
        words["pii"] = pii
    note = f"  # in {_percent(share)}"
    if row["number"] and row["least"] is not None:
        note += f"; {row['least']:g} to {row['greatest']:g}"
    elif row["distinct_texts"] and "enum" not in words:
        note += f"; {row['distinct_texts']:,} value{'s' if row['distinct_texts'] != 1 else ''}"
    slips = row["told"] - sum(row[_COUNTED[name]] for name in types) if types else 0
    return words, note + (f"; {slips:,} of another type" if slips else "")


_COUNTED = {
    "string": "string", "boolean": "boolean", "array": "array_count", "object": "object", "integer": "number",
    "number": "number",
}  # fmt: skip


def _types(row: Mapping[str, Any]) -> list[str]:
    least = max(1, TYPE_SHARE * row["told"])
    found = [name for name in ("string", "boolean", "array", "object") if row[_COUNTED[name]] >= least]
    if row["number"] >= least:
        found.append("integer" if row["whole"] == row["number"] and row["number"] >= 100 else "number")
    return found


def _few(row: Mapping[str, Any]) -> bool:
    """Whether a text has few values, each of them often enough to be no accident."""
    values, number = row["texts"] or [], row["string"]
    if len(values) < 2 or row["distinct_texts"] > len(values) or number < LEAST_ROWS:
        return False
    is_short = all(0 < len(value) <= LONGEST_VALUE for value in values)
    return bool(is_short and number >= ROWS_PER_VALUE * len(values) and row["rarest"] >= 2)


def _pii(row: Mapping[str, Any]) -> str | None:
    """A guess, by the shape of the values and by the name."""
    if row["string"] and max(row["emails"], row["phones"]) >= 0.8 * row["string"]:
        return "contact"
    name = f"{row['held_in']}.{row['path']}".strip(".")
    return next((sort for pattern, sort in _PII if re.search(pattern, name, re.IGNORECASE)), None)


def _percent(share: float) -> str:
    return "all" if share >= 1 else f"{share:.1%}".replace("%", " %")


def _joined(words: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in words.items())


def _text(value: str) -> str:
    """A text as YAML."""
    if _PLAIN.match(value) and value.lower() not in _WORDS and not value.endswith(" "):
        return value
    return json.dumps(value, ensure_ascii=False)
