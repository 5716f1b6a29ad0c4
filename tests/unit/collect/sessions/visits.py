"""Messages of a browser, and the sessions they make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from foretell import collect
from foretell.collect import SessionsReport
from tests.unit.collect.workspace import Shop, shop

BEGIN = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def page(number: int, minute: float, url: str = "https://shop.example/", **changes: Any) -> dict[str, Any]:
    """A page call; ``context`` and ``properties`` are added to those it has."""
    context = {"userAgent": FIREFOX, "page": {"url": url}, **changes.pop("context", {})}
    return {
        "type": "page",
        "messageId": f"m{number:03}",
        "anonymousId": "a",
        "timestamp": (BEGIN + timedelta(minutes=minute)).isoformat(),
        "context": {name: value for name, value in context.items() if value is not None},
        **changes,
    }


def did(number: int, minute: float, event: str, properties: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A track call of the same browser."""
    return {**page(number, minute, **changes), "type": "track", "event": event, "properties": properties}


class Site:
    """Takes messages in and puts sessions together."""

    def __init__(self, it: Shop) -> None:
        self.it = it
        self._files = 0

    def load(self, *messages: dict[str, Any]) -> None:
        self._files += 1
        self.it.load(f"{self._files}.jsonl", "\n".join(map(json.dumps, messages)) + "\n", source="web")

    def refresh(self, minute: float = 10_000) -> SessionsReport:
        return collect.refresh_sessions(self.it.engine, self.it.catalog, now=BEGIN + timedelta(minutes=minute))

    def sessions(self, columns: str = "*", view: str = "sessions") -> list[dict[str, Any]]:
        return self.it.query(f"SELECT {columns} FROM {view} ORDER BY started_at")

    def ended(self) -> list[dict[str, Any]]:
        rows = self.it.query("SELECT * FROM events WHERE event = 'Session Ended' ORDER BY timestamp")
        return [{**row, "properties": json.loads(row["properties"])} for row in rows]


@contextmanager
def site(root: Path) -> Iterator[Site]:
    """A workspace whose source tells history that is known when it happened."""
    with shop(root, web="format: jsonl\nhistory: true\nlag: 0s") as it:
        yield Site(it)
