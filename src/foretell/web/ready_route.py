"""``GET /api/profiles/TYPE:VALUE`` where the card lies ready: one look-up and the answer, before all routes."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from foretell.web.ready_cards import ReadyCards
from foretell.web.wire import respond

PREFIX = "/api/profiles/"


class ReadyRoute:
    """Answers with ready cards; everything else is for the routes, which answer the same, and more."""

    def __init__(self, cards: ReadyCards, rest: ASGIApp) -> None:
        self._cards = cards
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(PREFIX):
            card = self._cards.ready(scope["path"].removeprefix(PREFIX))
            if card is not None:
                await respond(send, 200, card.encode())
                return
        await self._rest(scope, receive, send)
