"""A shop on PostgreSQL that several processes serve, and somebody who kills them at random: one seed, one history.

Senders post every event until it was acknowledged, to whichever process answers. A journey writes a mail to everybody
who has bought. What becomes of the shop is compared with what becomes of one that nobody disturbed.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from foretell import app, journey
from foretell.testing.postgres import PostgresServer, postgres_server
from tests.support import warm_start
from tests.support.small_workspace import write

WORKERS, APIS = 2, 3
"""Every worker applies events and sends messages; one of them leads."""
SETTINGS = "name: Shop\ncurrency: EUR\nzone: UTC\nsending: {base_url: https://shop.example}\n"
DOCUMENTS = {
    "templates/thanks.yaml": "kind: template\nkey: thanks\nspec:\n  subject: Thank you\n  html: '<p>Thank you.</p>'\n",
    "journeys/thanks.yaml": """\
kind: journey
key: thanks
spec:
  title: Thanks
  enter: {did: Order Completed}
  goal: {did: Order Completed}
  goal_within: 30d
  holdout: 0%
  steps:
    - {key: thanks, send: thanks, channel: email}
    - {key: finish, end: done}
""",
}
EVENTS_A_PERSON = 4
_BATCH = 6
_PATIENCE_SECONDS = 120.0


def events_of(person: int) -> list[dict[str, Any]]:
    """What a person does; the second half becomes known by a second identifier of theirs."""
    name = f"p{person}"
    known = {"userId": name}
    consent = {"channel": "email", "purpose": "marketing", "state": "granted"}
    order = {"order_id": name, "revenue": 10 + person, "currency": "EUR"}
    return [
        {"type": "track", "messageId": f"{name}-seen", "anonymousId": f"a-{name}", "event": "Seen"},
        {"type": "identify", "messageId": f"{name}-who", **known, "anonymousId": f"a-{name}",
         "traits": {"email": f"{name}@shop.example"}},
        {"type": "track", "messageId": f"{name}-yes", **known, "event": "Consent Updated", "properties": consent},
        {"type": "track", "messageId": f"{name}-order", **known, "event": "Order Completed", "properties": order},
    ]  # fmt: skip


@dataclass
class Senders:
    """Libraries that send events one batch after the other, each until it was acknowledged.

    Args:
        ports: of the processes that take events in.
        people: how many there are; with ``until`` they go on coming until then (monotonic seconds).
        pause_seconds: between two people.
    """

    ports: list[int]
    people: int
    until: float = 0.0
    pause_seconds: float = 0.0
    acknowledged: set[str] = field(default_factory=set)
    _next: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def send_all(self) -> None:
        """Send everything; returns when all of it was acknowledged."""
        threads = [threading.Thread(target=self._send, args=(number,)) for number in range(len(self.ports))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _person(self) -> int | None:
        with self._turn:
            if self._next >= self.people and time.monotonic() >= self.until:
                return None
            self._next += 1
            self.people = max(self.people, self._next)
            return self._next - 1

    def _send(self, number: int) -> None:
        waiting: list[dict[str, Any]] = []
        with httpx.Client(timeout=30) as client:
            while (person := self._person()) is not None:
                waiting += events_of(person)
                time.sleep(self.pause_seconds)
                while len(waiting) >= _BATCH:
                    self._post(client, number, waiting[:_BATCH])
                    del waiting[:_BATCH]
            if waiting:
                self._post(client, number, waiting)

    def _post(self, client: httpx.Client, number: int, batch: list[dict[str, Any]]) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            port = self.ports[number % len(self.ports)]
            try:
                answer = client.post(f"http://127.0.0.1:{port}/v1/batch", json={"batch": batch})
            except httpx.TransportError:
                number += 1
                time.sleep(0.05)
                continue
            if answer.status_code == 200:
                with self._turn:
                    self.acknowledged |= {str(one["messageId"]) for one in batch}
                return
            assert answer.status_code == 503, answer.text
            assert "retry-after" in answer.headers
            number += 1
            time.sleep(0.1)
        raise AssertionError("nobody acknowledged for too long")


@dataclass
class Cluster:
    """Processes that serve one workspace.

    Args:
        ports: slot → port, the workers first.
        workers: how many of them.
    """

    root: Path
    server: PostgresServer
    ports: list[int]
    workers: int = WORKERS
    running: list[warm_start.Started] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def apis(self) -> list[int]:
        """Ports of the processes that take events in."""
        return self.ports[self.workers :]

    def start(self) -> None:
        """Start every process."""
        self.running = [self._begin(slot) for slot in range(len(self.ports))]

    def kill(self, slot: int) -> None:
        """Kill a process and start it again."""
        self.killed["worker" if slot < self.workers else "api"] += 1
        self.running[slot].kill()
        self.running[slot].communicate()
        self.running[slot] = self._begin(slot)

    def kill_server(self, seconds: float) -> None:
        """Kill PostgreSQL and start it again a while later."""
        self.killed["postgres"] += 1
        self.server.kill()
        time.sleep(seconds)
        self.server.start()

    def disturb(self, seed: int, kills: int, every_seconds: float, done: threading.Event) -> None:
        """Kill something again and again; the server once in eight times, and once at least."""
        chance = random.Random(seed)
        for number in range(kills):
            if done.wait(every_seconds * chance.uniform(0.5, 1.5)):
                return
            if number % 8 == 2:
                self.kill_server(chance.uniform(0.1, 1.0))
            else:
                workers = number % 2 == 0
                self.kill(chance.randrange(*((0, self.workers) if workers else (self.workers, len(self.ports)))))

    def settle(self, people: int) -> None:
        """Wait until everything that was acknowledged has had its consequences."""
        until = time.monotonic() + _PATIENCE_SECONDS
        told: Mapping[str, int] = {}
        while time.monotonic() < until:
            told = self._standing()
            if told == {"waiting": 0, "records": 0, "unsent": 0, "sent": people}:
                return
            time.sleep(0.2)
        raise AssertionError(f"it does not settle: {told} of {people} people")

    def stop(self) -> None:
        """Ask every process to end, once it has begun to answer; each has to, in order."""
        for port in self.ports:
            _await_answer(port)
        for one in self.running:
            one.terminate()
        for one in self.running:
            _, rest = one.communicate(timeout=60)
            assert one.returncode == 0, rest

    def _standing(self) -> dict[str, int]:
        asked = (
            "SELECT (SELECT count(*) FROM spool_waiting), (SELECT count(*) FROM batch_records), "
            "(SELECT count(*) FROM messages WHERE state IN ('queued', 'claimed')), "
            "(SELECT count(*) FROM messages WHERE state IN ('sent', 'delivered'))"
        )
        with psycopg.connect(self.server.url, options="-c search_path=foretell") as connection:
            found = connection.execute(asked).fetchone()
        assert found is not None
        return dict(zip(("waiting", "records", "unsent", "sent"), found, strict=True))

    def _begin(self, slot: int) -> warm_start.Started:
        role = "worker" if slot < self.workers else "api"
        return serve(self.root, "--role", role, "--port", str(self.ports[slot]))


def _await_answer(port: int) -> None:
    """A process that was killed last may still be starting, and whoever ends one then does so without its help."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)
        except httpx.TransportError:
            assert time.monotonic() < until, f"nobody answers on {port}"
            time.sleep(0.1)
        else:
            return


def serve(root: Path, *more: str) -> warm_start.Started:
    """``foretell serve`` as a process of its own."""
    words = ["-W", "error", "-m", "foretell", "serve", "--workspace", str(root), "--no-open", "--log-level", "error"]
    return warm_start.start([*words, *more], cwd=warm_start.REPOSITORY, env=dict(os.environ))


@contextmanager
def cluster(root: Path, workers: int = WORKERS) -> Iterator[Cluster]:
    """A shop on a PostgreSQL of its own, opened by nobody yet; all of it ends with the block."""
    with postgres_server() as server, ExitStack() as ending:
        make_shop(root, f"stores: {{operational: postgresql, url: '{server.url}'}}\n")
        found = Cluster(root, server, free_ports(workers + APIS), workers)

        def end() -> None:
            for one in found.running:
                if one.returncode is None:
                    one.kill()

        ending.callback(end)
        yield found


def make_shop(root: Path, stores: str = "") -> None:
    """Write the shop and put it in force; its journey runs."""
    write(root, {"foretell.yaml": SETTINGS + stores, **DOCUMENTS})
    with app.open_workspace(root) as workspace:
        app.apply(workspace)
        journey.start(workspace.engine, workspace.catalog, "thanks", now=workspace.clock.now())


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def state(root: Path) -> dict[str, Any]:
    """Everything that a death could have lost or doubled, but for when it was and how it is numbered."""
    with app.open_workspace(root) as workspace:
        app.advance(workspace, workspace.clock.now())
        ops, analytics = workspace.engine.ops.query, workspace.engine.analytics.query
        inbox = ops("SELECT address, message_id FROM inbox")
        names = dict(ops("SELECT node_key, value FROM identifiers WHERE kind = 'user_id'"))
        people = dict(ops("SELECT node_key, profile_key FROM merged"))
        owners = {people.get(node, node): name for node, name in names.items()}
        events = analytics("SELECT e.message_id, e.event, e.profile_key FROM log_events e").to_pylist()
        runs = ops("SELECT profile_key, journey, arm, state, step FROM journey_runs")
        return {
            "events": Counter((one["message_id"], owners.get(one["profile_key"])) for one in events
                              if one["message_id"].startswith("p")),
            "own": Counter((one["event"], owners.get(one["profile_key"])) for one in events
                           if not one["message_id"].startswith("p")),
            "inbox": Counter(address for address, _ in inbox),
            "keys": Counter(message_id for _, message_id in inbox).most_common(1)[0][1],
            "messages": Counter((address, step, how) for address, step, how in
                                ops("SELECT address, step, state FROM messages")),
            "runs": Counter((owners.get(key), *rest) for key, *rest in runs),
            "traits": Counter((owners.get(people.get(node, node)), trait, s) for node, trait, s in
                              ops("SELECT node_key, trait, s FROM node_traits")),
        }  # fmt: skip
