"""The oracle: Segment-spec messages decoded one by one with ``json.loads``, from the words of the
brief alone. It shares no code with the decoder but the rounding of money."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from foretell.money import to_micro

NAMES = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": "Identify", "group": "Group", "alias": "Alias"}
RANKS = {"user_id": 0, "email": 1, "phone": 2, "anonymous_id": 9}
Value = tuple[str | None, int | None]


def value(item: Any) -> Value:
    """The value rule for a scalar."""
    if isinstance(item, bool):
        return str(item).lower(), None
    if isinstance(item, str):
        plain = re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", item)
        return item, to_micro(item) if plain else None
    return None, to_micro(item)


def leaves(item: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Scalars and arrays by dotted path; of equal paths the shallower one was there first, the deeper one stays."""
    found: dict[str, Any] = {}
    later: list[tuple[str, dict[str, Any]]] = []
    queue = [(prefix, item)]
    while queue:
        for above, mapping in queue:
            for key, inner in mapping.items():
                path = f"{above}{key}"
                if isinstance(inner, dict):
                    later.append((f"{path}.", inner))
                else:
                    found.setdefault(path, []).append(inner)
        queue, later = later, []
    return found


def spread(properties: dict[str, Any]) -> tuple[dict[str, Value], list[tuple[str, int, dict[str, Value]]]]:
    """Values by path, and elements of arrays."""
    values: dict[str, Value] = {}
    elements = []
    for path, items in leaves(properties).items():
        for item in items:
            if isinstance(item, list):
                elements += [(path, place, element(inner)) for place, inner in enumerate(item)]
            elif item is not None:
                values[path] = value(item)
    return {path: found for path, found in values.items() if found != (None, None)}, elements


def element(item: Any) -> dict[str, Value]:
    """Values of an array's element by path below the array."""
    if isinstance(item, dict):
        found = {path: value(inner[-1]) for path, inner in leaves(item).items()
                 if inner[-1] is not None and not isinstance(inner[-1], list)}  # fmt: skip
    elif item is None or isinstance(item, list):
        found = {}
    else:
        found = {"": value(item)}
    return {path: one for path, one in found.items() if one != (None, None)}


def identifier(item: Any) -> str | None:
    """An identifier as text."""
    if isinstance(item, bool) or item is None or isinstance(item, dict | list):
        return None
    text = json.dumps(item) if not isinstance(item, str) else item
    text = text.strip(" ")
    return re.sub(r"^(-?[0-9]+)\.0$", r"\1", text) or None


def who(message: dict[str, Any]) -> set[tuple[str, str, int]]:
    """Identifiers with their priorities."""
    context = message.get("context") or {}
    traits = (message.get("traits") or context.get("traits") or {}) if message["type"] == "identify" else {}
    found = [("user_id", message.get("userId")), ("anonymous_id", message.get("anonymousId"))]
    for source in (traits, context.get("traits") or {}):
        found += [("email", source.get("email")), ("phone", source.get("phone"))]
    found += [(entry["type"], entry["id"]) for entry in context.get("externalIds") or []]
    plain = [(kind, identifier(item)) for kind, item in found]
    return {(kind, text.lower() if kind == "email" else text, RANKS.get(kind, 3)) for kind, text in plain if text}


def decode(line: str, received: datetime) -> dict[str, Any] | str:
    """One message: what it tells, or the code of what is wrong."""
    message = json.loads(line)
    if message["type"] == "track" and not (message.get("event") or "").strip(" "):
        return "EVENT_MISSING"
    people = who(message)
    if not people:
        return "NO_IDENTIFIER"
    ts = datetime.fromisoformat(message["timestamp"]) if message.get("timestamp") else received
    ts = ts if ts.tzinfo else ts.replace(tzinfo=UTC)
    ts = received if ts > received + timedelta(minutes=5) else ts
    context = message.get("context") or {}
    traits: dict[str, Value] = {}
    if message["type"] == "identify":
        for path, items in leaves(message.get("traits") or context.get("traits") or {}).items():
            item = items[-1]
            traits[path] = (None, None) if item is None else value(item)
    values, elements = spread(message.get("properties") or {})
    return {
        "event": message["event"].strip(" ") if message["type"] == "track" else NAMES[message["type"]],
        "ts": ts.astimezone(UTC).replace(tzinfo=None),
        "who": people,
        "values": values,
        "elements": elements,
        "traits": traits,
    }
