"""A shop whose journey is set off over HTTP, behind a real ``foretell serve`` that may die at a counted point."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.support.journey_shop import CHANNELS, at, ids_of, opened, with_people
from tests.support.served_workspace import NotServing, Process, serving
from tests.support.small_events import event

COMMAND = ("-W", "error", "-m", "tests.support.killed_command")
SERVED_AT = 75.0
"""Hours: a case is due since the 72nd, a text since the 74th."""
NEWCOMERS = ("ann", "ben")
"""At risk and may be written to, but enter only with an order; it is posted."""
_ORDERS = [
    {
        "type": "track", "messageId": f"order-{name}", "userId": name, "event": "Order Completed",
        "timestamp": at(SERVED_AT - 0.5).isoformat(),
        "properties": {"order_id": name, "revenue": 30, "currency": "EUR"},
    }
    for name in NEWCOMERS
]  # fmt: skip
DUE = "doing what is due"


def prepare(root: Path) -> None:
    """``called`` has neither opened the mail nor followed the text, ``texted`` has not opened the mail."""
    with opened(root) as shop:
        with_people(shop, "called")
        shop.tick(0)
        shop.tick(24)
        with_people(shop, "called", "texted")
        shop.tick(50)
        shop.happened(
            *(
                event("Consent Updated", f"{name}-{channel}", -190, ids=ids_of(name),
                      properties={"channel": channel, "purpose": "marketing", "state": "granted"})
                for name in NEWCOMERS
                for channel in CHANNELS
            )
        )  # fmt: skip
        shop.scored()


class Sender:
    """Posts the orders one after the other, each again until it was acknowledged, as a tracking library does."""

    def __init__(self) -> None:
        self.waiting = list(_ORDERS)

    def post_all(self, server: Process) -> None:
        """Post what was never acknowledged, and wait until each is taken in."""
        server.eventually("/readyz", lambda told: _done_at(told) is not None)
        while self.waiting:
            assert server.post("/v1/track", self.waiting[0]).json() == {"success": True}
            del self.waiting[0]
            server.eventually("/readyz", lambda told: told["spool_waiting_bytes"] == 0)


def lived(
    root: Path, sender: Sender, *, kill_at: str = "0", later_minutes: float = 0, points: Path | None = None
) -> int:
    """Serve, post, and go on until all that is due is done; the exit code, -9 where the server was killed.

    The clock begins at :data:`SERVED_AT`, a restart's some minutes later.
    """
    begin = at(SERVED_AT) + timedelta(minutes=later_minutes)
    env = {"FORETELL_KILL_AT": kill_at} | ({"FORETELL_CRASH_POINTS": str(points)} if points else {})
    try:
        with serving(COMMAND, root, "--now", begin.isoformat(), env=env) as server:
            with suppress(httpx.TransportError):  # the server died: who waits for an answer gets none
                sender.post_all(server)
                posted = server.get("/readyz")
                server.eventually("/readyz", lambda told: _done_at(told) != _done_at(posted))
                server.running.terminate()
            return server.running.wait(timeout=60)
    except NotServing as told:
        if str(told):
            raise
        return -9  # it died in silence, before it was ready


def _done_at(told: dict[str, Any]) -> str | None:
    """When the worker last went through all that was due."""
    found: str | None = next(job["done_at"] for job in told["jobs"] if job["name"] == DUE)
    return found
