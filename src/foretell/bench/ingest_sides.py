"""The servers that ``bench ingest`` is held against, in the same HTTP server with the same settings.

``python -m foretell.bench.ingest_sides decode`` reads the body as our tracking API does and answers; ``fastapi``
is an endpoint as it is usually written, with a pydantic model as its body. Neither keeps anything. ``GET /events``
tells how many events they have read.
"""

from __future__ import annotations

import json
import socket
import sys
from datetime import datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from foretell.web import batch_messages, read_body, respond

_MOST_BYTES = 500 * 1024


class Decoding:
    """Reads batches and lets them go."""

    def __init__(self) -> None:
        self._events = self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/events":
            await respond(send, 200, json.dumps(self._events).encode())
            return
        messages = batch_messages(await read_body(receive, _MOST_BYTES))
        self._bytes += len(messages.lines)  # what is kept elsewhere is made here too
        self._events += messages.count
        await respond(send, 200, b'{"success":true}')


class Event(BaseModel):
    """An event in Segment's specification."""

    type: str
    messageId: str  # noqa: N815 - the wire's name
    timestamp: datetime
    event: str | None = None
    name: str | None = None
    userId: str | None = None  # noqa: N815 - the wire's name
    anonymousId: str | None = None  # noqa: N815 - the wire's name
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}


class Batch(BaseModel):
    """A request's body."""

    batch: list[Event]
    sentAt: datetime  # noqa: N815 - the wire's name
    writeKey: str = ""  # noqa: N815 - the wire's name


def with_pydantic() -> FastAPI:
    """The endpoint as it is usually written."""
    app = FastAPI()
    read = 0

    @app.post("/v1/batch")
    async def batch(body: Batch) -> dict[str, bool]:
        nonlocal read
        read += len(body.batch)
        return {"success": True}

    @app.get("/events")
    async def events() -> int:
        return read

    return app


def main(side: str) -> None:
    """Serve one side on a free port; its address is told on stderr."""
    app: ASGIApp = Decoding() if side == "decode" else with_pydantic()
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listening:
        sys.stderr.write(f"{side} at http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stderr.flush()
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none", backlog=2_048
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1])
