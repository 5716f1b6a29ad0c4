"""A served workspace for the libraries of Segment and RudderStack: over a socket, and with errors when a test asks."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretell import collect
from foretell.web import create_app
from tests.browser.living_shop import answering
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write, write_documents

SOURCE = "website"
CALLS = {"Identify", "Order Completed", "Page Viewed", "Screen Viewed", "Group", "Alias"}
"""What :func:`SdkShop.events` holds of a library that made all six calls."""


@dataclass(frozen=True)
class Failure:
    """An answer that a request gets in place of the right one.

    Args:
        taken: the events are kept all the same, as when the answer was lost on its way.
    """

    status: int
    taken: bool = False
    retry_after: int | None = None


class Failing:
    """Lets the first requests with events fail as :attr:`failures` says, then passes on all."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self.failures: list[Failure] = []
        self.asked: list[int] = []
        """Status of each request; 0 while it waits for its answer."""
        self.sent: list[frozenset[str]] = []
        """Message ids of each request."""
        self.packed: list[bool] = []
        """Whether each request was packed with gzip."""
        self.preflights = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            self.preflights += 1
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/v1/"):
            await self._inner(scope, receive, send)
            return
        failure = self.failures.pop(0) if self.failures else None
        body = await _whole(receive)
        place = self._note(dict(scope["headers"]), body)
        parts: list[Message] = [{"type": "http.request", "body": body}]

        async def again() -> Message:
            return parts.pop() if parts else await receive()

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                if failure is not None:
                    message = {**message, "status": failure.status}
                    if failure.retry_after is not None:
                        more = (b"retry-after", b"%d" % failure.retry_after)
                        message["headers"] = [*message["headers"], more]
                self.asked[place] = message["status"]
            await send(message)

        if failure is None or failure.taken:
            await self._inner(scope, again, changed)
            return
        origin = dict(scope["headers"]).get(b"origin", b"*")
        headers = [(b"content-length", b"0"), (b"access-control-allow-origin", origin)]
        await changed({"type": "http.response.start", "status": failure.status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _note(self, headers: dict[bytes, bytes], body: bytes) -> int:
        """Enter a request; returns its place. Several are on their way at once, and answers overtake each other."""
        packed = headers.get(b"content-encoding") == b"gzip"
        told = json.loads(gzip.decompress(body) if packed else body)
        messages = told.get("batch", [told])
        self.packed.append(packed)
        self.sent.append(frozenset(message["messageId"] for message in messages if "messageId" in message))
        self.asked.append(0)
        return len(self.asked) - 1


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    return body


@dataclass
class SdkShop:
    """What a library sends to, and what became of it."""

    served: Served
    address: str
    write_key: str
    failing: Failing
    environment: dict[str, str] = field(default_factory=dict)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query, after what arrived was taken in."""
        self.served.apply()
        found: list[dict[str, Any]] = self.served.site.workspace.engine.analytics.query(sql).to_pylist()
        return found

    def events(self) -> dict[str, dict[str, Any]]:
        """The events by name; each is there once, and so is each message id."""
        rows = self.rows("SELECT *, CAST(epoch_ms(timestamp) AS BIGINT) AS ms FROM events")
        assert max(Counter(row["event"] for row in rows).values(), default=0) == 1, [row["event"] for row in rows]
        assert len({row["message_id"] for row in rows}) == len(rows)
        for row in rows:
            row["properties"] = json.loads(row["properties"] or "{}")
            row["context"] = json.loads(row["context"] or "{}")
        return {row["event"]: row for row in rows}

    def identifiers(self) -> set[tuple[str, str]]:
        """Kinds and values of all that is known."""
        return {(row["kind"], row["value"]) for row in self.rows("SELECT kind, value FROM identifiers")}

    def traits(self) -> dict[str, Any]:
        """Traits that were told: text, or the number in millionths."""
        return {row["trait"]: row["s"] or row["n"] for row in self.rows("SELECT trait, s, n FROM log_traits")}

    def quarantined(self) -> list[tuple[Any, ...]]:
        """What was not taken in."""
        self.served.apply()
        return self.served.site.workspace.engine.ops.query("SELECT code, body FROM quarantine WHERE severity = 'error'")


@contextmanager
def sdk_shop(folder: Path, spec: str = "format: api") -> Iterator[SdkShop]:
    """The small workspace with a source ``website`` and a write key of it, served over a socket."""
    write_documents(folder)
    write(folder, {f"sources/{SOURCE}.yaml": f"kind: source\nkey: {SOURCE}\nspec: {{{spec}}}\n"})
    with served(folder) as found:
        place = found.site.workspace
        made = collect.new_key(place.engine.ops, place.catalog, SOURCE, now=found.site.now)
        failing = Failing(create_app(found.site))
        with answering(failing) as address:
            environment = {"ADDRESS": address, "WRITE_KEY": made.write_key}
            yield SdkShop(found, address, made.write_key, failing, environment)
