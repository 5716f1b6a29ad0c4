"""A client that sends bodies over kept-alive connections and waits for each answer; a process of its own.

``python -m foretell.bench.load ADDRESS FILE CONNECTIONS ROUND REQUESTS RATE OUT`` writes one JSON object to OUT.
RATE is requests a second, 0 as many as go; at a rate, what comes late counts from when it was due.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from foretell.bench import batches_file
from foretell.clock import SystemClock

_ANSWER_BYTES = 65_536


@dataclass
class _Connection:
    socket: socket.socket
    due: float = 0.0
    rest: memoryview = field(default_factory=lambda: memoryview(b""))
    answer: bytes = b""


class Load:
    """Sends requests, each on a connection that is free.

    Args:
        rate: requests a second; 0 for as many as go.
    """

    def __init__(self, address: str, connections: int, rate: float) -> None:
        place = urlsplit(address)
        self._host, self._port = place.hostname or "", place.port or 80
        self._rate, self.at_a_rate = rate, rate > 0
        self._choosing = selectors.DefaultSelector()
        self._free = deque(self._connected() for _ in range(connections))
        self._busy = 0
        self.seconds: list[float] = []
        self.acknowledged: list[float] = []
        self.refused = 0

    def _connected(self) -> _Connection:
        opened = socket.create_connection((self._host, self._port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setblocking(False)
        connection = _Connection(opened)
        self._choosing.register(opened, selectors.EVENT_READ, connection)
        return connection

    def run(self, requests: Iterator[bytes]) -> None:
        """Send them all, and wait for the last answer."""
        start = time.monotonic()
        for number, request in enumerate(requests):
            due = start + number / self._rate if self._rate else 0.0
            while not self._free or time.monotonic() < due:
                self._turn(max(due - time.monotonic(), 0.0) if self._free else None)
            self._send(self._free.popleft(), request, due or time.monotonic())
            if self.at_a_rate:
                self._turn(0.0)
        while self._busy:
            self._turn(None)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._free:
            connection.socket.close()
        self._choosing.close()

    def request(self, body: bytes) -> bytes:
        """The request that carries ``body``."""
        head = (
            f"POST /v1/batch HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: Basic YmVuY2g6\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _send(self, connection: _Connection, request: bytes, due: float) -> None:
        connection.due, connection.answer = due, b""
        connection.rest = memoryview(request)
        self._busy += 1
        self._go_on(connection)

    def _go_on(self, connection: _Connection) -> None:
        """Send what the socket takes; wait for more room where something is left."""
        try:
            while connection.rest:
                connection.rest = connection.rest[connection.socket.send(connection.rest) :]
        except BlockingIOError:
            pass
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.rest else 0)
        if self._choosing.get_key(connection.socket).events != wanted:
            self._choosing.modify(connection.socket, wanted, connection)

    def _turn(self, seconds: float | None) -> None:
        for key, ready in self._choosing.select(seconds):
            connection: _Connection = key.data
            if ready & selectors.EVENT_WRITE:
                self._go_on(connection)
            if ready & selectors.EVENT_READ:
                self._read(connection)

    def _read(self, connection: _Connection) -> None:
        data = connection.socket.recv(_ANSWER_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection")
        connection.answer += data
        head, found, body = connection.answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        now = time.monotonic()
        self.seconds.append(now - connection.due)
        if head.startswith(b"HTTP/1.1 200 "):
            self.acknowledged.append(now)
        else:
            self.refused += 1
        self._busy -= 1
        self._free.append(connection)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def marked(bodies: list[bytes], first_round: int, requests: int) -> Iterator[bytes]:
    """As many bodies as wanted; each time around they have other message ids."""
    clock = SystemClock()
    for number in range(requests):
        around, place = divmod(number, len(bodies))
        sent = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = bodies[place].replace(batches_file.ROUND, b"%06d" % (first_round + around))
        yield body.replace(batches_file.SENT, sent.encode())


def main(arguments: list[str]) -> None:
    """Send, and write down what came of it."""
    address, file, connections, first_round, requests, rate, out = arguments
    load, wanted = Load(address, int(connections), float(rate)), int(requests)
    bodies = list(itertools.islice(batches_file.read(Path(file)), wanted))
    sending: Iterator[bytes] = map(load.request, marked(bodies, int(first_round), wanted))
    if not load.at_a_rate:  # made before, so that making them takes no time
        sending = iter(list(sending))
    start = time.monotonic()
    load.run(sending)
    told = {
        "requests": wanted,
        "acknowledged": len(load.acknowledged),
        "refused": load.refused,
        "wall_seconds": time.monotonic() - start,
        "seconds": load.seconds,
        "acknowledged_at": sorted(load.acknowledged),
    }
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
