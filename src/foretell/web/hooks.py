"""``/hooks/SOURCE``: signed bodies of other systems come in, and mean what the source document says;
``/hooks/channels/KEY``: what vendors tell of messages that they were handed.

A body is on the disk before it is answered with 200. What it says is read later: one that nothing matches or that
is broken lies in quarantine then, and waits for a better mapping.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from abc import ABC, abstractmethod
from datetime import datetime

import msgspec
from starlette.types import Receive, Scope, Send

from foretell import collect, deliver, telemetry
from foretell.collect import Signature, SourceSpec
from foretell.errors import ForetellError, UsageError
from foretell.web.asked import do_asked
from foretell.web.backlog import Backlog
from foretell.web.errors import body_of, failed, status_of
from foretell.web.site import Site
from foretell.web.wire import headers_of, read_body, respond, unpacked

PREFIX = "/hooks/"
HOOK_BYTES = 1024 * 1024
"""Largest body, before and after unpacking."""
AGAIN_AFTER_SECONDS = 5
_DONE = b'{"success":true}'
_STATUS = {
    "DISK_FULL": 503,
    "SPOOL_FULL": 429,
    "UNKNOWN_DEFINITION": 404,
    "BROKEN_DEFINITION": 503,
    "METHOD_NOT_ALLOWED": 405,
    "BAD_SIGNATURE": 401,
    "SECRET_MISSING": 503,
    "BAD_KEY": 503,
    "EXTRA_MISSING": 503,
    "VENDOR_UNREACHABLE": 503,
}
"""What is set up wrongly here is answered as something that passes: vendors come again, for hours."""
_CHANNELS = "channels/"
_DIGESTS = {"hmac-sha256": hashlib.sha256, "hmac-sha1": hashlib.sha1}
_MOST_SIGNATURES, _MOST_DIGITS = 10, 12
_LOG = logging.getLogger("foretell.web")


class Answering(ABC):
    """A raw ASGI application that takes bodies in, and says what is wrong with them in the form of all errors."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @abstractmethod
    async def _taken(self, scope: Scope, receive: Receive) -> int:
        """Take one in; returns its bytes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        more: dict[bytes, bytes] = {}
        try:
            size = await self._taken(scope, receive)
            status, body = 200, _DONE
            telemetry.INGEST_EVENTS.add("hooks")
            telemetry.INGEST_BYTES.add("hooks", amount=size)
        except ForetellError as error:
            status = _STATUS.get(error.code) or status_of(error)
            body = msgspec.json.encode(body_of(error))
            if status in (429, 503):
                more[b"retry-after"] = b"%d" % AGAIN_AFTER_SECONDS
            if status == 405:
                more[b"allow"] = b"POST"
        except Exception as error:  # noqa: BLE001 - a sender is told so, in the form of all errors
            _LOG.error("%s failed", scope["path"], exc_info=error)
            status, body = 500, msgspec.json.encode(body_of(failed()))
        if scope["method"] == "POST":
            telemetry.INGEST_REQUESTS.add("hooks", "accepted" if status < 400 else "refused")
        await respond(send, status, body, more=more)


class Hooks(Answering):
    """The raw ASGI application under ``/hooks/``."""

    def __init__(self, site: Site, backlog: Backlog) -> None:
        super().__init__(site)
        self._backlog = backlog

    async def _taken(self, scope: Scope, receive: Receive) -> int:
        path = scope["path"].removeprefix(PREFIX).rstrip("/")
        told = path.startswith(_CHANNELS)
        return await (self._told if told else self._take)(path.removeprefix(_CHANNELS), scope, receive)

    async def _told(self, key: str, scope: Scope, receive: Receive) -> int:
        """Take in what a vendor tells of messages; returns the bytes of the body."""
        require_post(scope)
        body = await read_body(receive, HOOK_BYTES)
        place, query = self._site.workspace, scope["query_string"].decode("latin-1")
        url = place.settings.sending.base_url + scope["path"] + (f"?{query}" if query else "")
        request = deliver.HookRequest(url, headers_of(scope), body, self._site.now)
        await asyncio.to_thread(deliver.receive, place.engine, place.catalog, key, request, now=request.now)
        for one in await asyncio.to_thread(deliver.asked, place.engine, place.catalog, key, request):
            await asyncio.to_thread(do_asked, place, key, one, request.now)
        return len(body)

    async def _take(self, key: str, scope: Scope, receive: Receive) -> int:
        """Keep the body; returns its bytes when it is durable."""
        spec, source = self._source(key)
        require_post(scope)
        headers = headers_of(scope)
        sent = await read_body(receive, HOOK_BYTES)
        assert spec.signature is not None
        secret = self._site.workspace.settings.secrets.get(spec.signature.secret)
        given = headers.get(spec.signature.header.lower(), "")
        if secret is None or not is_signed(sent, given, spec.signature, secret.get_secret_value(), self._site.now):
            raise ForetellError(
                "NOT_SIGNED_IN",
                f"the signature in {spec.signature.header} is {_fault(spec.signature)}",
                thing=f"source {source}",
                next_step=f"Look whether both sides have the same {_shared(spec.signature)}.",
            )
        body = unpacked(sent, headers.get("content-encoding", ""), HOOK_BYTES)
        await self._backlog.admit(len(body))
        engine, received = self._site.workspace.engine, self._site.now
        frame = collect.webhook_frame(source, spec, body, received, trace=telemetry.traceparent())
        await asyncio.wrap_future(engine.spool_submit([frame]))
        self._site.worker.wake()
        return len(body)

    def _source(self, key: str) -> tuple[SourceSpec, str]:
        spec = self._site.workspace.catalog.get("source", key).spec
        assert isinstance(spec, SourceSpec)
        if spec.format != "webhook":
            raise UsageError("UNKNOWN_DEFINITION", f"the source {key} takes no webhooks", thing=f"source {key}")
        return spec, key


def require_post(scope: Scope) -> None:
    """Raise ``METHOD_NOT_ALLOWED`` for every other method."""
    if scope["method"] != "POST":
        raise UsageError("METHOD_NOT_ALLOWED", "webhooks come by POST", next_step="Send a POST request.")


def is_signed(body: bytes, given: str, how: Signature, secret: str, now: datetime) -> bool:
    """True where ``given`` (the header) is the signature of ``body`` (as it was sent) with ``secret``."""
    if how.scheme == "timestamped":
        return bool(secret) and _is_stamped(body, given, how.tolerance_seconds, secret, now)
    expected = how.prefix + (secret if how.scheme == "token" else _digest(body, how, secret))
    return bool(secret) and hmac.compare_digest(_cased(given, how).encode(), _cased(expected, how).encode())


def _is_stamped(body: bytes, given: str, tolerance_seconds: int, secret: str, now: datetime) -> bool:
    """``t=SECONDS,v1=HEX``, as Stripe documents it: while a secret is changed there are several ``v1``; what goes by
    other names does not count."""
    parts = [part.strip().partition("=") for part in given.split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()) or len(stamps[0]) > _MOST_DIGITS:
        return False
    if abs(now.timestamp() - int(stamps[0])) > tolerance_seconds:
        return False
    expected = hmac.new(secret.encode(), stamps[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    told = [value.lower().encode() for name, _, value in parts if name == "v1"][:_MOST_SIGNATURES]
    return any(hmac.compare_digest(value, expected) for value in told)


def _fault(how: Signature) -> str:
    return "missing, wrong or too old" if how.scheme == "timestamped" else "missing or wrong"


def _shared(how: Signature) -> str:
    return "secret, scheme and time" if how.scheme == "timestamped" else "secret, scheme, encoding and prefix"


def _digest(body: bytes, how: Signature, secret: str) -> str:
    digest = hmac.new(secret.encode(), body, _DIGESTS[how.scheme]).digest()
    return digest.hex() if how.encoding == "hex" else base64.b64encode(digest).decode()


def _cased(text: str, how: Signature) -> str:
    """Hexadecimal digits are the same in capitals."""
    return text.strip().lower() if how.scheme != "token" and how.encoding == "hex" else text.strip()
