"""What stands before every route: host, token, foreign sites, and the headers that protect whoever reads."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretell.errors import ForetellError
from foretell.web.access import Access, is_foreign
from foretell.web.errors import body_of, status_of
from foretell.web.wire import headers_of, respond

OPEN = ("/v1/", "/hooks/", "/s/", "/healthz", "/readyz", "/login", "/api/command")
"""Addresses without the token of the app: they have their own keys, or nothing to hide."""
METRICS = "/metrics"
PROCESS_HEADER = "x-foretell-process"
"""Holds the token of the process to which another one hands a request on."""
BODY_BYTES = 1024 * 1024
"""Most that a request brings, but for events; nobody can fill the memory, whoever they are."""
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}

POLICY = "; ".join(
    (
        "default-src 'self'",
        # The charts (SVG) and the components of the app set style attributes; scripts stay strict.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "SAMEORIGIN",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_SENT = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]


class Guard:
    """Lets through what the rules of :class:`~foretell.web.access.Access` allow, and what another process of the
    workspace has let through already.

    Args:
        token: by which this process knows such requests; empty where there are none.
    """

    def __init__(self, inner: ASGIApp, access: Access, token: Callable[[], str] = lambda: "") -> None:
        self._inner = inner
        self._access = access
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path, headers = scope["path"], headers_of(scope)
        refusal = self._refusal(path, scope["method"], headers)
        if refusal is None:
            if path.startswith(("/v1/", "/hooks/")):  # they measure what they read, and are read by programs alone
                await self._inner(scope, receive, send)
            else:
                await self._inner(scope, _measured(receive), _protected(send))
        elif refusal.code == "NOT_SIGNED_IN" and not path.startswith(("/api/", METRICS)):
            asked = quote(path, safe="/")
            await respond(send, 303, b"", b"text/plain", {b"location": f"/login?next={asked}".encode()})
        else:
            await respond(_protected(send), status_of(refusal), json.dumps(body_of(refusal)).encode())

    def _refusal(self, path: str, method: str, headers: dict[str, str]) -> ForetellError | None:
        token, given = self._token(), headers.get(PROCESS_HEADER, "")
        if token and given and hmac.compare_digest(given.encode(), token.encode()):
            return None
        if not self._access.serves(headers):
            return ForetellError(
                "NOT_ALLOWED",
                f"this server is not called {headers.get('host', '')!r}",
                next_step="Open it by its own address, or name the host with --allow-host.",
            )
        if path.startswith(OPEN):
            return None
        if method in _WRITES and is_foreign(headers):
            return ForetellError("NOT_ALLOWED", "another site may not change things here")
        admits = self._access.admits_scrape if path == METRICS else self._access.admits
        if not admits(headers):
            return ForetellError("NOT_SIGNED_IN", "the token is missing or wrong", next_step="Send it as Bearer token.")
        return None


def _measured(receive: Receive) -> Receive:
    """Reads a request, and refuses it as soon as it is longer than anything we ask for."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY_BYTES:
            raise HTTPException(413, f"the request has more than {BODY_BYTES // 1024} KB")
        return message

    return receiving


def _protected(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"]]
            there = {name for name, _ in headers}
            headers += [header for header in _SENT if header[0] not in there]
            message = {**message, "headers": headers}
        await send(message)

    return sending
