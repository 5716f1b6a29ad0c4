"""``/v1``: events come in, in Segment's wire format.

A request is answered with 200 when its events are durable in the spool, never before. What the events say is
read later, by the worker; here only their envelope is looked at, so that a sender learns at once what it can
mend: JSON that is none, a body or an event that is too large, an unknown write key. In a batch an event that
is too large goes to the quarantine, so that the others are not lost with it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import msgspec
from starlette.types import Receive, Scope, Send

from foretell.collect import Origin, lines_frame
from foretell.errors import ForetellError, UsageError
from foretell.web.access import basic_user
from foretell.web.errors import body_of, failed, status_of, uncapped
from foretell.web.site import Site
from foretell.web.wire import headers_of, read_body, respond, too_large, unpacked

BATCH_BYTES = 500 * 1024
EVENT_BYTES = 32 * 1024
CALLS = {
    "track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
    "screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias",
}  # fmt: skip
BATCHES = {"batch", "b", "import"}
CORS = {
    b"access-control-allow-origin": b"*",
    b"access-control-allow-methods": b"POST, OPTIONS",
    b"access-control-allow-headers": b"authorization, content-type, content-encoding",
    b"access-control-max-age": b"86400",
}
_CALLS = "Calls: batch, track, identify, page, screen, group, alias, import."
_DONE = b'{"success":true}'
_LOG = logging.getLogger("foretell.web")


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name
    context: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    writeKey: str = ""  # noqa: N815 - the wire's name


class _Message(msgspec.Struct):
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    sentAt: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name
    context: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    writeKey: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError: values within values within values, thousands deep."""
_read_batch = msgspec.json.Decoder(_Batch).decode
_read_message = msgspec.json.Decoder(_Message).decode
_read_text = msgspec.json.Decoder(str).decode


class Tracking:
    """The raw ASGI application under ``/v1/``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._take(scope, receive, send)
        except ForetellError as error:
            if status_of(error) >= 500:
                _LOG.error("%s: %s", scope["path"], error)
            await respond(send, status_of(error), msgspec.json.encode(body_of(error)), more=CORS)
        except Exception as error:  # noqa: BLE001 - a sender is told so, in the form of all errors
            _LOG.error("%s failed", scope["path"], exc_info=error)
            await respond(send, 500, msgspec.json.encode(body_of(failed())), more=CORS)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = scope["path"].removeprefix("/v1/").rstrip("/")
        if call not in CALLS and call not in BATCHES:
            raise UsageError("UNKNOWN_CALL", f"there is no call /v1/{call}", next_step=_CALLS)
        if scope["method"] == "OPTIONS":
            await respond(send, 204, b"", more=CORS)
            return
        if scope["method"] != "POST":
            await respond(send, 405, msgspec.json.encode(body_of(_only_post())), more={**CORS, b"allow": b"POST"})
            return
        headers = headers_of(scope)
        most = BATCH_BYTES if call in BATCHES else EVENT_BYTES
        packed = await read_body(receive, most)
        body = unpacked(packed, headers.get("content-encoding", ""), most)
        lines, key = batch_lines(body) if call in BATCHES else message_lines(body, CALLS[call])
        source = self._site.access.source_of(basic_user(headers.get("authorization", "")) or key)
        if source is None:
            raise ForetellError("NOT_SIGNED_IN", "the write key is missing or unknown", next_step="Send a known key.")
        if lines:
            await self._keep(lines, source, history=call == "import")
        await respond(send, 200, _DONE, more=CORS)

    async def _keep(self, lines: bytes, source: str, *, history: bool) -> None:
        origin = Origin(source, "", self._site.now)
        lag = timedelta(0) if history else None
        frame = lines_frame(lines, origin, arrival="api", first_line=None, lag=lag)
        await asyncio.wrap_future(self._site.workspace.engine.spool_submit([frame]))
        self._site.worker.wake()


def batch_lines(body: bytes) -> tuple[bytes, str]:
    """The messages of a batch, one a line, and the write key in it (empty without one).

    ``sentAt`` and ``context`` of the batch hold for messages without their own.

    Raises:
        UsageError: ``BAD_JSON``, with the place.
    """
    try:
        batch = _read_batch(body)
        lines = [_line(raw, None, batch.sentAt, batch.context) for raw in batch.batch]
    except _UNREADABLE as error:
        raise _bad_json(error) from error
    return b"".join(lines), batch.writeKey


def message_lines(body: bytes, call: str) -> tuple[bytes, str]:
    """A single message as a line, and the write key in it; the address says its ``type``.

    Raises:
        UsageError: ``BAD_JSON``; ``REQUEST_TOO_LARGE``.
    """
    try:
        key = _read_message(body).writeKey
        line = _line(msgspec.Raw(body), call, msgspec.UNSET, msgspec.UNSET)
        told = "" if key is msgspec.UNSET else _read_text(key)
    except _UNREADABLE as error:
        raise _bad_json(error) from error
    if len(line) > EVENT_BYTES:
        raise too_large("the event", EVENT_BYTES)
    return line, told


def _line(
    raw: msgspec.Raw,
    call: str | None,
    sent_at: msgspec.Raw | msgspec.UnsetType,
    context: msgspec.Raw | msgspec.UnsetType,
) -> bytes:
    """One message as a line; what it lacks and the request tells is put in front."""
    own = _read_message(raw)
    text = bytes(raw).strip()
    if b"\n" in text or b"\r" in text:
        text = msgspec.json.format(text, indent=-1)
    more = []
    if call is not None and (own.type is msgspec.UNSET or _read_text(own.type) != call):
        if own.type is not msgspec.UNSET:
            raise msgspec.ValidationError(f"`type` is not {call!r}, as the address says - at `$.type`")
        more.append(b'"type":"%s"' % call.encode())
    if sent_at is not msgspec.UNSET and own.sentAt is msgspec.UNSET:
        more.append(b'"sentAt":%s' % bytes(sent_at))
    if context is not msgspec.UNSET and own.context is msgspec.UNSET:
        more.append(b'"context":%s' % msgspec.json.format(bytes(context), indent=-1))
    if more:
        rest = text[1:].lstrip()
        text = b"{" + b",".join(more) + (b"" if rest.startswith(b"}") else b",") + rest
    return text + b"\n"


def _bad_json(error: Exception) -> UsageError:
    message, _, place = str(error).partition(" - at ")
    what = f"the body cannot be read: {uncapped(message)}"
    return UsageError("BAD_JSON", what, where=place.strip("`"), next_step="See docs/rooms/web.md for its form.")


def _only_post() -> UsageError:
    return UsageError("METHOD_NOT_ALLOWED", "events come by POST", next_step="Send a POST request.")
