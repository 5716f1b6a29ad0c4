"""``/api/command``: commands of the terminal that find their workspace taken by this server are run by it.

The caller is another process of the same user: it has read the token that lies beside the stores. What the
command writes comes back as it is written: pieces of one byte (which output), four bytes (length, big-endian)
and the data; the last piece holds the exit status.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from foretell.app import Workspace, reload_definitions
from foretell.definitions import mark
from foretell.errors import ForetellError
from foretell.web.protocol import COMMAND_ADDRESS, HEAD, STATUS, Asked
from foretell.web.site import Here, Site

MEDIA_TYPE = "application/vnd.foretell.command"

router = APIRouter()


class Commands(Protocol):
    """Runs a command of the terminal on a workspace that is open already; returns its exit status."""

    def __call__(self, workspace: Workspace, asked: Asked, write: Callable[[int, bytes], None]) -> int:
        """Run it; ``write`` takes what it writes to :data:`OUT` and :data:`LOG`."""
        ...


@router.post(COMMAND_ADDRESS, include_in_schema=False)
async def command(site: Here, asked: Asked, authorization: Annotated[str, Header()] = "") -> StreamingResponse:
    """Run a command for another process of the same user."""
    expected = f"Bearer {site.command_token}"
    if site.commands is None or not site.command_token or not hmac.compare_digest(
        authorization.encode(), expected.encode()
    ):  # fmt: skip
        raise ForetellError("NOT_SIGNED_IN", "the token of this server is another one")
    return StreamingResponse(_pieces(site, site.commands, asked), media_type=MEDIA_TYPE)


async def _pieces(site: Site, commands: Commands, asked: Asked) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()

    def write(output: int, data: bytes) -> None:
        loop.call_soon_threadsafe(pieces.put_nowait, (output, data))

    def run() -> None:
        write(STATUS, bytes([_run(site, commands, asked, write)]))

    threading.Thread(target=run, name="command", daemon=True).start()
    while True:
        output, data = await pieces.get()
        yield HEAD.pack(output, len(data)) + data
        if output == STATUS:
            return


def _run(site: Site, commands: Commands, asked: Asked, write: Callable[[int, bytes], None]) -> int:
    before = mark(site.workspace.engine.ops)
    status = commands(site.workspace, asked, write)
    if mark(site.workspace.engine.ops) != before:
        reload_definitions(site.workspace)
        site.cache.forget()
    if asked.arguments[:1] == ["privacy"]:  # nothing of somebody who was erased is shown any more
        site.cache.forget()
    site.senders.forget()
    site.worker.wake()
    return status
