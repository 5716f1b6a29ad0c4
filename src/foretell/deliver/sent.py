"""Everything that was sent to one person, as it was sent."""

from __future__ import annotations

import json
from typing import Any

from foretell.clock import from_micros
from foretell.engine import Engine

_TIMES = ("at", "sent_at", "delivered_at", "opened_at", "clicked_at")
_COLUMNS = (
    "message_id", "channel", "medium", "template", "purpose", "journey", "topic", "address", "state", *_TIMES,
    "variables",
)  # fmt: skip


def sent_to(engine: Engine, profile_key: int) -> list[dict[str, Any]]:
    """The messages of a person, the oldest first: where to, for what, when, what filled it in, and the text as far as
    it is kept (by the development channels; real ones keep it at the provider)."""
    columns = ", ".join(f"m.{name}" for name in _COLUMNS)
    rows = engine.ops.query(
        f"SELECT {columns}, i.subject, i.text, i.html FROM messages m LEFT JOIN inbox i ON i.message_id = m.message_id "
        "WHERE m.profile_key = ? ORDER BY m.at, m.message_id",
        (profile_key,),
    )
    return [_told(dict(zip((*_COLUMNS, "subject", "text", "html"), row, strict=True))) for row in rows]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: None if row[name] is None else from_micros(row[name]) for name in _TIMES}
    return {**row, **times, "variables": json.loads(row["variables"])}
