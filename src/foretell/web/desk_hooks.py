"""``/hooks/desks/NAME``: a help desk says that tickets changed. What changed is read from the desk itself, in the next
round; so what is kept of a body are the numbers of tickets, and nothing is lost where one comes twice or late."""

from __future__ import annotations

import asyncio
import logging

import msgspec
from starlette.types import Receive, Scope, Send

from foretell import care, telemetry
from foretell.deliver import HookRequest
from foretell.errors import ForetellError, UsageError
from foretell.web.errors import body_of, failed, status_of
from foretell.web.hooks import HOOK_BYTES
from foretell.web.site import Site
from foretell.web.wire import headers_of, read_body, respond

DESK_PREFIX = "/hooks/desks/"
_DONE = b'{"success":true}'
_STATUS = {"BAD_SIGNATURE": 401, "METHOD_NOT_ALLOWED": 405, "SECRET_MISSING": 503}
_LOG = logging.getLogger("foretell.web")


class DeskHooks:
    """The raw ASGI application under ``/hooks/desks/``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        more: dict[bytes, bytes] = {}
        try:
            await self._take(scope, receive)
            status, body = 200, _DONE
        except ForetellError as error:
            status = _STATUS.get(error.code) or status_of(error)
            body = msgspec.json.encode(body_of(error))
            if status == 405:
                more[b"allow"] = b"POST"
        except Exception as error:  # noqa: BLE001 - a sender is told so, in the form of all errors
            _LOG.error("%s failed", scope["path"], exc_info=error)
            status, body = 500, msgspec.json.encode(body_of(failed()))
        if scope["method"] == "POST":
            telemetry.INGEST_REQUESTS.add("hooks", "accepted" if status < 400 else "refused")
        await respond(send, status, body, more=more)

    async def _take(self, scope: Scope, receive: Receive) -> None:
        desk = scope["path"].removeprefix(DESK_PREFIX).rstrip("/")
        if scope["method"] != "POST":
            raise UsageError("METHOD_NOT_ALLOWED", "webhooks come by POST", next_step="Send a POST request.")
        body = await read_body(receive, HOOK_BYTES)
        request = HookRequest(scope["path"], headers_of(scope), body, self._site.now)
        place = self._site.workspace
        await asyncio.to_thread(care.note_news, place.engine, place.catalog, desk, request)
