"""What stands around every request: its id, how long it took, its span, and a line in the log where that is wanted."""

from __future__ import annotations

import logging
import re
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from foretell import telemetry

HEADER = b"x-request-id"
_DOORS = {
    "v1": "v1", "hooks": "hooks", "api": "api", "s": "public",
    "healthz": "probe", "readyz": "probe", "metrics": "probe",
}  # fmt: skip
_QUIET = {"v1", "hooks", "probe"}
"""Doors that are asked too often for a line each; refusals are told."""
_UNDECLARED = {"v1": "/v1", "hooks": "/hooks", "api": "/api", "public": "/s"}
_CONVERTER = re.compile(r":[a-z]+\}")
_LOG = logging.getLogger("foretell.request")


class Observed:
    """Answers with ``X-Request-Id``: the caller's, where it is well formed, else a new one.

    The address itself is neither logged nor traced: it can hold the name of a person or a token. What stands there is
    the route (``/api/people/{profile_id}``).
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        door, given, caller = door_of(scope["path"]), "", None
        headers: list[tuple[bytes, bytes]] = []
        for one in scope["headers"]:
            name, value = one
            if name == HEADER:
                given = value.decode("latin-1")
                continue
            if name == b"traceparent":
                caller = value.decode("latin-1")
            headers.append(one)
        began = perf_counter()
        with telemetry.asking(door, given) as now:
            sent_id = (HEADER, now.request_id.encode())
            headers.append(sent_id)
            scope = {**scope, "headers": headers}  # who answers elsewhere has the same id
            answer = _Answer(send, sent_id)
            try:
                if telemetry.is_tracing():
                    await self._traced(scope, receive, answer, caller, now.request_id)
                else:
                    await self._inner(scope, receive, answer)
            finally:
                seconds = perf_counter() - began
                telemetry.HTTP_SECONDS.observe(seconds, door, str(answer.status))
                if (door not in _QUIET or answer.status >= 400) and _LOG.isEnabledFor(logging.INFO):
                    _tell(scope, answer.status, seconds)

    async def _traced(
        self, scope: Scope, receive: Receive, answer: _Answer, caller: str | None, request_id: str
    ) -> None:
        name = f"{scope['method']} {door_of(scope['path'])}"
        with telemetry.span(name, "server", parent=caller, request_id=request_id):
            try:
                await self._inner(scope, receive, answer)
            finally:
                told = {"http_request_method": scope["method"], "http_route": route_of(scope)}
                telemetry.note(**told, http_response_status_code=answer.status)


class _Answer:
    """Sends an answer with the id of its request, and keeps its status."""

    __slots__ = ("_send", "_sent_id", "status")

    def __init__(self, send: Send, sent_id: tuple[bytes, bytes]) -> None:
        self._send = send
        self._sent_id = sent_id
        self.status = 500

    async def __call__(self, message: Message) -> None:
        """Pass on a part of it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kept = [one for one in message["headers"] if one[0].lower() != HEADER]
            kept.append(self._sent_id)
            message = {**message, "headers": kept}
        await self._send(message)


def door_of(path: str) -> str:
    """The part of the server that answers an address."""
    return _DOORS.get(path[1:].partition("/")[0], "app")


def route_of(scope: Scope) -> str:
    """The route of a request as it is declared, without what somebody put into it."""
    declared = getattr(scope.get("route"), "path", None)
    door = door_of(scope["path"])
    if declared is None:
        return _UNDECLARED.get(door, "/")
    route = _CONVERTER.sub("}", str(declared))
    # Routers that are included under a prefix declare what follows it.
    return route if door != "api" or route.startswith("/api/") else f"/api{route}"


def _tell(scope: Scope, status: int, seconds: float) -> None:
    method, route = scope["method"], route_of(scope)
    fields = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1_000, 1)}
    _LOG.info("%s %s %d", method, route, status, extra={"fields": fields})
