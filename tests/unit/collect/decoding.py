"""Short ways to decode lines in tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from foretell.collect import decode_segment
from foretell.engine import Decoded

NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
TRACK: dict[str, Any] = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m1",
    "userId": "u1",
    "timestamp": "2024-05-01T10:00:00.000Z",
}


def track(**changes: Any) -> dict[str, Any]:
    """A good track call, changed; None takes a field away."""
    return {name: value for name, value in {**TRACK, **changes}.items() if value is not None}


def decoded(*messages: Any, **options: Any) -> Decoded:
    """Decode messages (objects, or lines as text)."""
    lines = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    chosen = {"source": "shop", "received_at": NOW, **options}
    return decode_segment(pa.array(lines, pa.large_string()), **chosen)


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows without what is null."""
    return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]


def identifiers(found: Decoded) -> list[tuple[int, str, str, int]]:
    """Identifiers as tuples: row, kind, value, priority."""
    rows = [(one["row"], one["kind"], one["value"], one["priority"]) for one in found.identifiers.to_pylist()]
    return sorted(rows, key=lambda one: (one[0], one[3], one[1], one[2]))


def traits(found: Decoded) -> dict[str, tuple[str | None, int | None]]:
    """Traits of a decoded frame: trait → (s, n)."""
    return {row["trait"]: (row["s"], row["n"]) for row in found.traits.to_pylist()}


def codes(found: Decoded) -> list[str]:
    """Codes of the problems, in order of line."""
    return [row["code"] for row in found.problems.sort_by("line").to_pylist()]
