"""What the fakes of vendors have in common: a real HTTP server in a thread, and moods in which vendors are met.

A fake says what its vendor would answer; the server cuts connections, waits, or refuses as :class:`Moods` ask for. Its
counts are of requests to the API, in the order of their coming.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TIMEOUT_SECONDS = 10.0


@dataclass
class Moods:
    """How a vendor misbehaves; nothing of it without being asked.

    Args:
        fails_every: every so many requests one is answered 503, and not looked at; 2 is half of them.
        busy: so many requests from now on are answered 429, with ``Retry-After``.
        loses_every: of every so many requests that were taken, the answer to one is lost: the connection is cut.
        slow_seconds: so long every answer takes.
        malformed: answers are no JSON.
    """

    fails_every: int = 0
    busy: int = 0
    loses_every: int = 0
    slow_seconds: float = 0.0
    malformed: bool = False
    retry_after_seconds: int = 7


@dataclass(frozen=True)
class Asked:
    """A request; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answered:
    """An answer.

    Args:
        took: the vendor did what was asked; its answer may be lost.
        cut: the answer is lost whatever the mood.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    took: bool = False
    cut: bool = False


def answered(status: int, told: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Answered:
    """An answer in JSON."""
    return Answered(status, json.dumps(told).encode(), {"Content-Type": "application/json", **(headers or {})}, **more)


@dataclass
class VendorServer:
    """A running server; ``url`` is its address, ``requests`` how many came."""

    answer: Callable[[Asked], Answered]
    moods: Moods = field(default_factory=Moods)
    url: str = ""
    requests: int = 0
    _taken: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def meet(self, asked: Asked) -> Answered:
        """The vendor's answer in its present mood."""
        moods = self.moods
        if moods.slow_seconds:
            time.sleep(moods.slow_seconds)
        with self._counting:
            self.requests += 1
            if moods.busy:
                moods.busy -= 1
                return Answered(429, b"{}", {"Retry-After": str(moods.retry_after_seconds)})
            if moods.fails_every and self.requests % moods.fails_every == 0:
                return Answered(503, b"{}")
            found = self.answer(asked)
            if found.took:
                self._taken += 1
                if moods.loses_every and self._taken % moods.loses_every == 0:
                    return Answered(found.status, cut=True)
        return Answered(found.status, b"<html>oops", found.headers, cut=found.cut) if moods.malformed else found


@contextmanager
def vendor_server(answer: Callable[[Asked], Answered], moods: Moods | None = None) -> Iterator[VendorServer]:
    """A server on a free port of the loopback interface while the block runs."""
    vendor = VendorServer(answer, moods or Moods())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _meet(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            found = vendor.meet(Asked(self.command, path, query, headers, body))
            if found.cut:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(found.status)
            for name, value in {**found.headers, "Content-Length": str(len(found.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _meet  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        vendor.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield vendor
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is none."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post ``body`` as a vendor's webhook; the status of the answer."""
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
