"""What an explanation is made of: the parts of a condition, what became of them, the events that count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from foretell.money import from_micro


@dataclass(frozen=True)
class Evidence:
    """An event that counts."""

    message_id: str
    event: str
    at: datetime


@dataclass(frozen=True)
class Explanation:
    """One part of a condition and what became of it.

    Args:
        says: the part in words.
        holds: whether it holds.
        found: what was read: number of events, value, score; empty for groups.
        events: the latest events that were selected (for ``last`` and ``first``: that one; for ``sequence`` the chain,
            in order; for ``in_any`` those of one window; for ``per`` those of one value).
        parts: the explanation's own parts.
    """

    says: str
    holds: bool
    found: str = ""
    events: tuple[Evidence, ...] = ()
    parts: tuple[Explanation, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For programs (``--json``)."""
        return {
            "says": self.says,
            "holds": self.holds,
            "found": self.found,
            "events": [
                {"message_id": one.message_id, "event": one.event, "timestamp": one.at.isoformat()}
                for one in self.events
            ],
            "parts": [part.as_dict() for part in self.parts],
        }


def shown_pair(row: Mapping[str, Any]) -> str:
    """The value in the columns ``s`` and ``n``."""
    if row["s"] is not None:
        return str(row["s"])
    return "missing" if row["n"] is None else shown_number(row["n"])


def shown_number(micro: int) -> str:
    """A number of micro units in major ones."""
    exact: Decimal = from_micro(micro)
    return f"{exact.normalize():f}"


def shown_key(key: str) -> str:
    """The value that a key stands for (:func:`foretell.condition.values.key`)."""
    return key[1:] if key.startswith("s") else shown_number(int(key[1:]))
