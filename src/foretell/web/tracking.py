"""``/v1``: events come in, in Segment's wire format.

A request is answered with 200 when its events are durable in the spool, never before. What the events say is
read later, by the worker; here only their envelope is looked at. Where nothing can be kept, the sender is told
to come again (429 while too much waits, 503 while the disk is full), never that all is well.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import msgspec
from starlette.types import Receive, Scope, Send

from foretell import telemetry
from foretell.collect import Request, with_consent
from foretell.errors import ForetellError, UsageError
from foretell.web.access import basic_user
from foretell.web.backlog import Backlog
from foretell.web.errors import body_of, failed, status_of
from foretell.web.keeping import Keeper
from foretell.web.messages import EVENT_BYTES, batch_messages, single_message
from foretell.web.senders import allows_somewhere, sender_of, settings_of
from foretell.web.site import Site
from foretell.web.wire import headers_of, read_body, respond, unpacked

BATCH_BYTES = 500 * 1024
CALLS = {
    "track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
    "screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias",
}  # fmt: skip
BATCHES = {"batch", "b", "import"}
METRICS = "m"
"""What a library says of itself; taken and let go."""
AGAIN_AFTER_SECONDS = 5
LOGGED_EVERY_SECONDS = 10.0
_STATUS = {"DISK_FULL": 503, "SPOOL_FULL": 429}
_CALLS = "Calls: batch, track, identify, page, screen, group, alias, import; GET projects/WRITE_KEY/settings."
_DONE = b'{"success":true}'
_LOG = logging.getLogger("foretell.web")
_Kept = tuple["asyncio.Future[None]", int, int]
"""Done when it is durable; how many events it is, and how many bytes."""
_ALLOWED = {
    b"access-control-allow-methods": b"GET, POST, OPTIONS",
    b"access-control-allow-headers": b"authorization, content-type, content-encoding, x-retry-count",
    b"access-control-max-age": b"86400",
}


class Tracking:
    """The raw ASGI application under ``/v1/``."""

    def __init__(self, site: Site, backlog: Backlog) -> None:
        self._site = site
        self._backlog = backlog
        self._keeper = Keeper(site.workspace.engine, site.worker.wake)
        self._logged_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        cors = _cors(headers)
        try:
            status, body, more = await self._answer(scope, receive, headers)
        except ForetellError as error:
            status, body, more = self._refusal(scope, error)
            if error.code == "ORIGIN_NOT_ALLOWED":
                cors = {b"vary": b"origin"}
        except Exception as error:  # noqa: BLE001 - a sender is told so, in the form of all errors
            _LOG.error("%s failed", _route(scope["path"]), exc_info=error)
            status, body, more = 500, msgspec.json.encode(body_of(failed())), {}
        if scope["method"] == "POST":
            telemetry.INGEST_REQUESTS.add("v1", "accepted" if status < 400 else "refused")
        await respond(send, status, body, more={**cors, **more} if more else cors)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Mapping[str, str]
    ) -> tuple[int, bytes, Mapping[bytes, bytes]]:
        method, call = scope["method"], scope["path"].removeprefix("/v1/").rstrip("/")
        takes = call in BATCHES or call in CALLS
        if takes and method == "POST":
            kept = await self._take(call, await self._body(call, receive, headers), headers)
            if kept is not None:
                answered, count, size = kept
                await answered
                telemetry.INGEST_EVENTS.add("v1", amount=count)
                telemetry.INGEST_BYTES.add("v1", amount=size)
            return 200, _DONE, {}
        project = None if takes else _project(call)
        if not takes and project is None and call != METRICS:
            raise UsageError("UNKNOWN_CALL", f"there is no call /v1/{call}", next_step=_CALLS)
        if method == "OPTIONS":
            if not allows_somewhere(self._site, headers.get("origin", "")):
                raise _foreign(headers["origin"])
            return 204, b"", _ALLOWED
        if project is not None:
            return self._settings(method, project, headers.get("host", ""), scope.get("scheme", "http"))
        if method != "POST":
            return 405, msgspec.json.encode(body_of(_only_post())), {b"allow": b"POST"}
        await read_body(receive, BATCH_BYTES)  # METRICS
        return 200, _DONE, {}

    def _settings(
        self, method: str, write_key: str, host: str, scheme: str
    ) -> tuple[int, bytes, Mapping[bytes, bytes]]:
        """What a browser's library asks for first: which integrations it has, and their settings."""
        if method not in ("GET", "HEAD"):
            return 405, msgspec.json.encode(body_of(_only_get())), {b"allow": b"GET"}
        found = settings_of(self._site, write_key, host=host, scheme=scheme)
        if found is None:
            raise UsageError("UNKNOWN_WRITE_KEY", "there is no such write key", next_step="Send a known key.")
        return 200, b"" if method == "HEAD" else msgspec.json.encode(found), {b"cache-control": b"max-age=60"}

    async def _body(self, call: str, receive: Receive, headers: Mapping[str, str]) -> bytes:
        most = BATCH_BYTES if call in BATCHES else EVENT_BYTES
        packed = await read_body(receive, most)
        encoding = headers.get("content-encoding")
        return packed if encoding is None else unpacked(packed, encoding, most)

    async def _take(self, call: str, body: bytes, headers: Mapping[str, str]) -> _Kept | None:
        """Hand over what came; None where it holds no event.

        Whoever waits for it holds nothing of the request but its body: thousands may wait.
        """
        messages = batch_messages(body) if call in BATCHES else single_message(body, CALLS[call])
        sender = sender_of(self._site, basic_user(headers.get("authorization", "")) or messages.write_key)
        if sender is None:
            raise ForetellError("NOT_SIGNED_IN", "the write key is missing or unknown", next_step="Send a known key.")
        origin = headers.get("origin")
        if origin is not None and not sender.allows(origin):
            raise _foreign(origin)
        if not messages.count:
            return None
        told: bytes | Sequence[msgspec.Raw] = messages.texts
        size = messages.size
        if sender.consent_required:
            told = with_consent(messages.lines, sender.consent_categories)
            size = len(told)
        arrived = (self._site.now, messages.sent_at, call == "import", telemetry.traceparent())
        await self._backlog.admit(size)
        return self._keeper.keep(Request(sender.source, told, messages.count, *arrived)), messages.count, size

    def _refusal(self, scope: Scope, error: ForetellError) -> tuple[int, bytes, Mapping[bytes, bytes]]:
        status = _STATUS.get(error.code) or status_of(error)
        if status >= 500 or status == 429:
            self._log(_route(scope["path"]), error)
        more = {b"retry-after": b"%d" % AGAIN_AFTER_SECONDS} if error.transient else {}
        return status, msgspec.json.encode(body_of(error)), more

    def _log(self, path: str, error: ForetellError) -> None:
        """Not for each of thousands of requests."""
        if time.monotonic() >= self._logged_at + LOGGED_EVERY_SECONDS:
            self._logged_at = time.monotonic()
            _LOG.error("%s: %s", path, error)


def _route(path: str) -> str:
    """The address for the log: which call it is, without a write key."""
    call = path.removeprefix("/v1/").partition("/")[0]
    return f"/v1/{call}" if call in BATCHES or call in CALLS or call in (METRICS, "projects") else "/v1"


def _project(call: str) -> str | None:
    """The write key in ``projects/KEY/settings``; None for other calls."""
    parts = call.split("/")
    return parts[1] if len(parts) == 3 and (parts[0], parts[2]) == ("projects", "settings") else None


def _cors(headers: Mapping[str, str]) -> Mapping[bytes, bytes]:
    """Let a page read the answer. Who may send is decided by the write key; there are no cookies to protect."""
    origin = headers.get("origin")
    if origin is None:
        return {}
    return {b"access-control-allow-origin": origin.encode("latin-1"), b"vary": b"origin"}


def _foreign(origin: str) -> ForetellError:
    return ForetellError(
        "ORIGIN_NOT_ALLOWED",
        f"pages of {origin[:100]!r} may not send with this write key",
        next_step="Add the address to the origins of the write key.",
    )


def _only_post() -> UsageError:
    return UsageError("METHOD_NOT_ALLOWED", "events come by POST", next_step="Send a POST request.")


def _only_get() -> UsageError:
    return UsageError("METHOD_NOT_ALLOWED", "settings are read by GET", next_step="Send a GET request.")
