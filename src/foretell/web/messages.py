"""The bodies of ``/v1``: a request's JSON as lines, one message each, read no further than an answer needs.

What a message says is read by the worker. Here the outer form is looked at, so that a sender learns at once what
it can mend. One odd message of a hundred is a line like the others; the worker puts it into quarantine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from foretell.errors import UsageError
from foretell.web.errors import uncapped
from foretell.web.wire import too_large

EVENT_BYTES = 32 * 1024
BATCH_EVENTS = 2_500
_DOCS = "See docs/reference/tracking-api.md for its form."


@dataclass(frozen=True)
class Messages:
    """What a request holds.

    Args:
        texts: each message as it stands in the body, without a newline in it; they are copied by whoever needs lines.
        size: bytes of the lines, or of the body that they are views of, which is a little more.
        write_key: the one in the body; empty without one.
        sent_at: ``sentAt`` of the batch, for messages without their own.
    """

    texts: Sequence[msgspec.Raw]
    size: int
    write_key: str = ""
    sent_at: str | None = None

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.texts)

    @property
    def lines(self) -> bytes:
        """One message a line, each with its newline."""
        return b"\n".join([*self.texts, b""])


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name
    context: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    writeKey: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name


class _Message(msgspec.Struct):
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    context: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    writeKey: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the wire's name


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""RecursionError: values within values within values, thousands deep."""
_read_batch = msgspec.json.Decoder(_Batch).decode
_read_message = msgspec.json.Decoder(_Message).decode
_read_text = msgspec.json.Decoder(str).decode

_HALF = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Escapes in JSON text; the group is half of a pair that stands alone."""


def batch_messages(body: bytes) -> Messages:
    """The messages of a batch. ``context`` of the batch holds for messages without their own.

    Raises:
        UsageError: ``BAD_JSON``, with the place; ``TOO_MANY_EVENTS``.
    """
    text = _without_newlines(body)
    try:
        try:
            batch = _read_batch(text)
        except msgspec.DecodeError:
            batch = _read_batch(_without_halves(text))
        key, sent_at = _text_of(batch.writeKey), _text_of(batch.sentAt)
    except _UNREADABLE as error:
        raise _bad_json(error) from error
    if len(batch.batch) > BATCH_EVENTS:
        raise UsageError(
            "TOO_MANY_EVENTS",
            f"the batch has {len(batch.batch):,} events, and {BATCH_EVENTS:,} are the most",
            where="$.batch",
            next_step="Send them in smaller parts.",
        )
    texts, size = batch.batch, len(text)
    if batch.context is not msgspec.UNSET:
        texts = [msgspec.Raw(_with_context(raw, batch.context)) for raw in texts]
        size = sum(map(len, texts)) + len(texts)
    return Messages(texts, size, key, sent_at or None)


def single_message(body: bytes, call: str) -> Messages:
    """A request's one message; the address says its ``type``.

    Raises:
        UsageError: ``BAD_JSON``; ``REQUEST_TOO_LARGE``.
    """
    text = _without_newlines(body).strip()
    try:
        try:
            message = _read_message(text)
        except msgspec.DecodeError:
            text = _without_halves(text)
            message = _read_message(text)
        if message.type is msgspec.UNSET:
            text = _with(text, b'"type":"%s"' % call.encode())
        elif _text_of(message.type) != call:
            raise msgspec.ValidationError(f"`type` is not {call!r}, as the address says - at `$.type`")
        key = _text_of(message.writeKey)
    except _UNREADABLE as error:
        raise _bad_json(error) from error
    if len(text) >= EVENT_BYTES:
        raise too_large("the event", EVENT_BYTES)
    return Messages([msgspec.Raw(text)], len(text) + 1, key)


def _without_newlines(body: bytes) -> bytes:
    """In JSON they are blanks, and in a string they are none."""
    return body.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in body or b"\r" in body else body


def _without_halves(text: bytes) -> bytes:
    """With the character for what cannot be read in place of half surrogate pairs: JavaScript writes them where
    it cuts a text within an emoji."""
    return _HALF.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def _with_context(raw: msgspec.Raw, context: msgspec.Raw) -> bytes:
    text = bytes(raw)
    try:
        own = _read_message(text).context
    except msgspec.ValidationError:
        return text  # no object: it goes to quarantine as it is
    return text if own is not msgspec.UNSET else _with(text, b'"context":' + bytes(context))


def _with(text: bytes, member: bytes) -> bytes:
    """An object's text with one more member in front."""
    rest = text[1:].lstrip()
    return b"{" + member + (b"" if rest.startswith(b"}") else b",") + rest


def _text_of(raw: msgspec.Raw | msgspec.UnsetType) -> str:
    """A JSON string; empty for anything else."""
    text = b"" if raw is msgspec.UNSET else bytes(raw)
    return _read_text(text) if text.startswith(b'"') else ""


def _bad_json(error: Exception) -> UsageError:
    message, _, place = str(error).partition(" - at ")
    what = f"the body cannot be read: {uncapped(message)}"
    return UsageError("BAD_JSON", what, where=place.strip("`"), next_step=_DOCS)
