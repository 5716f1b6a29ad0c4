"""Reading what the development channels received: the message as people would see it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from foretell.clock import from_micros
from foretell.engine import Engine
from foretell.errors import UsageError

PAGE_SIZE = 50
_LINK = re.compile(r"<a\b[^>]*?\shref\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")
_COLUMNS = (
    "i.message_id, i.channel, i.medium, i.address, i.subject, i.text, i.at, i.received_at, i.attempts, n.profile_id, "
    "m.template, m.journey, m.run, m.step, m.state, m.opened_at, m.clicked_at"
)
_FROM = (
    "FROM inbox i LEFT JOIN messages m ON m.message_id = i.message_id LEFT JOIN nodes n ON n.node_key = m.profile_key"
)


@dataclass(frozen=True)
class Received:
    """A message in the inbox.

    Args:
        at: the instant at which it was due.
        attempts: how often the channel was handed it; it is in the inbox once.
        profile_id: the person, None where nobody is known any more.
    """

    message_id: str
    channel: str
    medium: str
    address: str
    subject: str
    text: str
    at: datetime
    received_at: datetime
    attempts: int
    profile_id: str | None
    template: str | None
    journey: str | None
    run: str | None
    step: str | None
    state: str | None
    opened_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True)
class ReceivedMessage:
    """One message of the inbox in full.

    Args:
        links: where its links lead, as they stand in it, each once.
    """

    head: Received
    html: str
    headers: dict[str, str]
    links: tuple[str, ...]


@dataclass(frozen=True)
class InboxPage:
    """A page of the inbox, the newest first; ``total`` counts all pages."""

    total: int
    rows: tuple[Received, ...]


def inbox(engine: Engine, channel: str | None = None, page: int = 1, *, size: int = PAGE_SIZE) -> InboxPage:
    """What the development channels received.

    Args:
        channel: a medium (``email``, ``sms``, ``ads``, ``alert``, ``push``) or None for all.
        page: from 1.
    """
    where, params = ("WHERE i.medium = ?", [channel]) if channel else ("", [])
    total = engine.ops.query(f"SELECT count(*) FROM inbox i {where}", params)[0][0]
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY i.at DESC, i.message_id DESC LIMIT ? OFFSET ?",
        [*params, size, max(page - 1, 0) * size],
    )
    return InboxPage(int(total), tuple(_received(row) for row in rows))


def inbox_message(engine: Engine, message_id: str) -> ReceivedMessage:
    """One message in full; raises ``MESSAGE_UNKNOWN``."""
    rows = engine.ops.query(f"SELECT {_COLUMNS}, i.html, i.headers {_FROM} WHERE i.message_id = ?", (message_id,))
    if not rows:
        raise UsageError(
            "MESSAGE_UNKNOWN",
            f"there is no message {message_id!r} in the inbox",
            next_step="See `foretell messages list` for what was sent.",
        )
    head, html, headers = _received(rows[0][:-2]), rows[0][-2], rows[0][-1]
    links = [unescape(found[1:-1]) for found in _LINK.findall(html)] if html else _URL.findall(head.text)
    return ReceivedMessage(head, html, json.loads(headers), tuple(dict.fromkeys(links)))


def _received(row: tuple[Any, ...]) -> Received:
    names = list(Received.__dataclass_fields__)
    times = {"at", "received_at", "opened_at", "clicked_at"}
    values: dict[str, Any] = {
        name: from_micros(value) if name in times and value is not None else value
        for name, value in zip(names, row, strict=True)
    }
    return Received(**values)
