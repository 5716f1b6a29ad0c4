"""``kill -9`` of the tracking API under load: each acknowledged event is there once, however often it was sent.

One workspace lives through all kills: what one server leaves behind is what the next one starts from.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from foretell.app import open_workspace
from foretell.definitions import init
from tests.support import warm_start

KILLS = 25
SENDERS = 4
EVENTS_A_BATCH = 5
POINTS = {
    "spool.after_write": (1, 9, 4, 17, 30),
    "spool.after_sync": (1, 6, 2, 12, 25),
    "batch.before_commit": (1, 2, 4, 3),
    "batch.between_commits": (1, 3, 2, 5),
    "analytics.before_commit": (1, 2, 5, 3),
    "batch.after_commits": (2, 1, 4),
}
"""Where it dies, and the how-manieth time it comes there."""


@dataclass
class Sender:
    """A library: it sends one batch after the other, each until it was acknowledged."""

    name: str
    sent: int = 0
    acknowledged: set[str] = field(default_factory=set)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def post_until_it_dies(self, address: str) -> None:
        """Send as long as somebody answers."""
        with httpx.Client(base_url=address, timeout=60) as client:
            while True:
                self.waiting = self.waiting or [self._event() for _ in range(EVENTS_A_BATCH)]
                try:
                    answer = client.post("/v1/batch", json={"batch": self.waiting})
                except httpx.TransportError:
                    return
                assert answer.json() == {"success": True}
                self.acknowledged |= {event["messageId"] for event in self.waiting}
                self.waiting = []

    def _event(self) -> dict[str, Any]:
        self.sent += 1
        person = f"{self.name}-{self.sent % 7}"
        return {"type": "track", "event": "Seen", "messageId": f"{self.name}-{self.sent}", "userId": person,
                "anonymousId": f"a-{person}", "properties": {"n": self.sent}}  # fmt: skip


def serve_and_die(root: Path, senders: list[Sender], kill_at: str) -> None:
    """Serve and send until the server has died."""
    words = ["-W", "error", "-m", "tests.support.killed_ingest", str(root)]
    server = warm_start.start(words, cwd=warm_start.REPOSITORY, env=os.environ | {"FORETELL_KILL_AT": kill_at})
    told = server.stderr.readline()
    if told.startswith("at http"):  # else it has died at what the last one left behind
        address = told.removeprefix("at ").strip()
        threads = [threading.Thread(target=sender.post_until_it_dies, args=(address,)) for sender in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    _, rest = server.communicate()
    assert server.returncode == -9, told + rest


def test_killed_under_load(tmp_path: Path) -> None:
    init(tmp_path / "shop")
    root = tmp_path / "shop"
    senders = [Sender(name) for name in ("ann", "ben", "cem", "dua")[:SENDERS]]
    kills = [f"{name}:{number}" for name, numbers in POINTS.items() for number in numbers]
    assert len(kills) == KILLS
    for kill_at in kills:
        serve_and_die(root, senders, kill_at)
    with open_workspace(root) as workspace:
        workspace.engine.apply_pending()
        rows = workspace.engine.analytics.query("SELECT message_id, profile_id FROM events WHERE event = 'Seen'")
        people = workspace.engine.ops.query("SELECT count(*) FROM node_seen")[0][0]
    found = Counter(rows["message_id"].to_pylist())
    told = set().union(*(sender.acknowledged for sender in senders))
    sent = {f"{one.name}-{number}" for one in senders for number in range(1, one.sent + 1)}
    assert len(told) > KILLS * EVENTS_A_BATCH
    assert told - set(found) == set(), "an acknowledged event was lost"
    assert [name for name, times in found.items() if times > 1] == [], "an event was applied twice"
    assert set(found) <= sent
    assert people == len(set(rows["profile_id"].to_pylist())) == len(senders) * 7
