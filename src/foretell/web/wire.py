"""Reading and answering raw ASGI requests, for the routes where every microsecond counts."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from foretell.errors import ForetellError, UsageError


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by lower-case name; of repeated ones the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def read_body(receive: Receive, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        UsageError: ``REQUEST_TOO_LARGE`` as soon as it has more than ``most_bytes``.
        ForetellError: ``CLIENT_GONE``.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ForetellError("CLIENT_GONE", "the sender went away", transient=True)
        part = message.get("body", b"")
        size += len(part)
        if size > most_bytes:
            raise too_large("the request", most_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if len(parts) != 1 else part


def unpacked(body: bytes, encoding: str, most_bytes: int) -> bytes:
    """``body`` without its content encoding (``gzip``, ``deflate`` or none), never more than ``most_bytes``.

    Raises:
        UsageError: ``BAD_ENCODING``, ``REQUEST_TOO_LARGE``.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UsageError("BAD_ENCODING", f"{encoding!r} is no known content encoding", next_step="Send gzip, or none.")
    reader = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        text = reader.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise UsageError("BAD_ENCODING", f"the body is not {encoding}", next_step="Compress it, or say so.") from error
    if len(text) > most_bytes:
        raise too_large("the unpacked request", most_bytes)
    if not reader.eof:
        raise UsageError("BAD_ENCODING", "the compressed body ends too early", next_step="Send it again.")
    return text


def too_large(what: str, most_bytes: int) -> UsageError:
    """The error for something longer than is taken in."""
    return UsageError(
        "REQUEST_TOO_LARGE",
        f"{what} has more than {most_bytes // 1024} KB",
        next_step="Send it in smaller parts.",
    )


async def respond(
    send: Send, status: int, body: bytes, content_type: bytes = b"application/json", more: Mapping[bytes, bytes] = {}
) -> None:
    """Send a whole answer."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *more.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
