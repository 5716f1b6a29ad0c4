"""The instants for which a turn's messages are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from foretell.deliver.outbox import Queued

_MOST = 24
"""Up to so many different instants each is asked for by itself; more are taken together by the hour."""


def by_instant(messages: Sequence[Queued]) -> list[tuple[datetime, list[Queued]]]:
    """Messages by the instant for which they are due, never later than that of any of them."""
    exact = len({message.at for message in messages}) <= _MOST
    parts: dict[datetime, list[Queued]] = {}
    for message in messages:
        at = message.at if exact else message.at.replace(minute=0, second=0, microsecond=0)
        parts.setdefault(at, []).append(message)
    return sorted(parts.items(), key=lambda part: part[0])
