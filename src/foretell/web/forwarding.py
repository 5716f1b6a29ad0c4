"""Handing requests on: what needs the analytics store is answered by the process that leads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import h11
from starlette.types import ASGIApp, Receive, Scope, Send

from foretell.engine import Process
from foretell.errors import ForetellError
from foretell.web.errors import body_of
from foretell.web.guarding import METRICS, PROCESS_HEADER
from foretell.web.site import Site
from foretell.web.wire import respond

OWN = ("/s/", "/healthz", "/readyz", METRICS)
"""What every process answers by itself, beside events and receipts."""
CONNECT_SECONDS = 3.0
AGAIN_SECONDS = 1
"""So soon somebody else leads."""
_READ_BYTES = 64 * 1024
# They speak of one connection, or would let a caller pass for another process.
_LEFT_OUT = {b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"te", b"trailer", b"expect",
             b"proxy-connection", PROCESS_HEADER.encode()}  # fmt: skip


class Forwarding:
    """Answers what every process can, and hands the rest on as it comes, to and fro.

    Args:
        own: answers what is answered here.
    """

    def __init__(self, site: Site, own: ASGIApp) -> None:
        self._site = site
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(OWN):
            await self._own(scope, receive, send)
            return
        leader = self._site.leader
        begun = False
        try:
            if leader is None:
                raise _nobody()
            async with _reached(leader) as (reader, writer):
                connection = h11.Connection(h11.CLIENT)
                asking = asyncio.create_task(_ask(connection, scope, receive, writer, leader))
                try:
                    async for message in _answers(connection, reader):
                        begun = True
                        await send(message)
                finally:
                    asking.cancel()
                    with suppress(asyncio.CancelledError, OSError, h11.LocalProtocolError):
                        await asking
        except (OSError, TimeoutError, h11.ProtocolError, ForetellError):
            if begun:  # the caller sees that the answer ends too early
                raise
            body = json.dumps(body_of(_nobody())).encode()
            await respond(send, 503, body, more={b"retry-after": b"%d" % AGAIN_SECONDS})


@asynccontextmanager
async def _reached(leader: Process) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = urlsplit(leader.address)
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _ask(
    connection: h11.Connection, scope: Scope, receive: Receive, writer: asyncio.StreamWriter, leader: Process
) -> None:
    """Hand on the request, its body piece by piece."""
    query = scope.get("query_string", b"")
    target = scope.get("raw_path") or scope["path"].encode()
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _LEFT_OUT]
    names = {name.lower() for name, _ in headers}
    headers += [(PROCESS_HEADER.encode(), leader.token.encode()), (b"connection", b"close")]
    if b"content-length" not in names and scope["method"] not in ("GET", "HEAD"):
        headers.append((b"transfer-encoding", b"chunked"))
    await _write(connection, writer, h11.Request(
        method=scope["method"], target=target + (b"?" + query if query else b""), headers=headers
    ))  # fmt: skip
    has_body = b"content-length" in names or scope["method"] not in ("GET", "HEAD")
    while has_body:
        message = await receive()
        if message["type"] == "http.disconnect":
            writer.close()
            return
        if message.get("body"):
            await _write(connection, writer, h11.Data(data=message["body"]))
        has_body = message.get("more_body", False)
    await _write(connection, writer, h11.EndOfMessage())


async def _write(connection: h11.Connection, writer: asyncio.StreamWriter, event: h11.Event) -> None:
    data = connection.send(event)
    if data:
        writer.write(data)
        await writer.drain()


async def _answers(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[dict[str, object]]:
    """What comes back, as ASGI messages.

    Raises:
        h11.RemoteProtocolError: where it ends too early.
    """
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Response):
            headers = [(name, value) for name, value in event.headers if name.lower() not in _LEFT_OUT]
            yield {"type": "http.response.start", "status": event.status_code, "headers": headers}
        elif isinstance(event, h11.Data):
            yield {"type": "http.response.body", "body": bytes(event.data), "more_body": True}
        elif isinstance(event, h11.EndOfMessage):
            yield {"type": "http.response.body", "body": b""}
            return
        elif isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("the connection was closed before the answer")


def _nobody() -> ForetellError:
    return ForetellError(
        "NO_LEADER",
        "no process leads this workspace now, or it does not answer",
        next_step="Try again in a second: another one takes its place where one may.",
        transient=True,
    )
