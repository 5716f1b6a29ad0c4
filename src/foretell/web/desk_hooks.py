"""``/hooks/desks/NAME``: a help desk says that tickets changed. What changed is read from the desk itself, in the next
round; so what is kept of a body are the numbers of tickets, and nothing is lost where one comes twice or late."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope

from foretell import care
from foretell.deliver import HookRequest
from foretell.web.hooks import HOOK_BYTES, Answering, require_post
from foretell.web.wire import headers_of, read_body

DESK_PREFIX = "/hooks/desks/"


class DeskHooks(Answering):
    """The raw ASGI application under ``/hooks/desks/``."""

    async def _taken(self, scope: Scope, receive: Receive) -> int:
        desk = scope["path"].removeprefix(DESK_PREFIX).rstrip("/")
        require_post(scope)
        body = await read_body(receive, HOOK_BYTES)
        request = HookRequest(scope["path"], headers_of(scope), body, self._site.now)
        place = self._site.workspace
        await asyncio.to_thread(care.note_news, place.engine, place.catalog, desk, request)
        return len(body)
