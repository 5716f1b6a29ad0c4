"""Handing requests on to the process that leads."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import anyio
import httpx
import pytest
from starlette.types import Receive, Scope, Send

from foretell.engine import Process
from foretell.web.forwarding import Forwarding
from foretell.web.wire import respond


class Leader(BaseHTTPRequestHandler):
    """Says what it was asked, and dies in the middle of an answer where it is asked to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self, body: bytes) -> None:
        if self.path == "/api/dies":
            self.close_connection = True
            return
        told = [self.command, self.path, self.headers["x-foretell-process"], self.headers["host"], body.decode()]
        self.send_response(201)
        self.send_header("transfer-encoding", "chunked")
        self.send_header("x-more", "yes")
        self.end_headers()
        for one in told:
            part = f"{one}\n".encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def leading() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Leader)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def _own(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, b"own")


def asked(address: str | None, method: str, path: str, **more: Any) -> httpx.Response:
    """What a process answers whose leader is at ``address``."""
    leader = None if address is None else Process("p", "worker", True, address, "secret")
    app = Forwarding(SimpleNamespace(leader=leader), _own)  # type: ignore[arg-type]

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
            return await client.request(method, path, **more)

    return anyio.run(ask)


def test_requests_and_answers_go_through_as_they_are() -> None:
    with leading() as address:
        found = asked(
            address, "POST", "/api/segments?all=1&q=%C3%A4", content=b"body", headers={"x-foretell-process": "x"}
        )
        assert (found.status_code, found.headers["x-more"]) == (201, "yes")
        assert found.text.split("\n")[:5] == ["POST", "/api/segments?all=1&q=%C3%A4", "secret", "shop.example", "body"]
        assert asked(address, "GET", "/people").text.split("\n")[:2] == ["GET", "/people"]


@pytest.mark.parametrize("path", ["/s/u/token", "/healthz", "/readyz", "/metrics"])
def test_some_are_answered_here(path: str) -> None:
    assert asked(None, "GET", path).text == "own"


def test_where_nobody_leads_it_is_said_at_once() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        for address in (None, gone):
            found = asked(address, "GET", "/api/people")
            assert (found.status_code, found.headers["retry-after"]) == (503, "1")
            assert found.json()["error"]["code"] == "NO_LEADER"


def test_a_leader_that_dies_before_it_answers() -> None:
    with leading() as address:
        assert asked(address, "GET", "/api/dies").status_code == 503
