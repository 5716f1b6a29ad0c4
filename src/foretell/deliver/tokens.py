"""Signed tokens in the addresses that messages carry.

A token holds what it is for, the message and, for a click, its target: nobody can make the server lead
elsewhere. HMAC-SHA256 (RFC 2104), URL-safe base 64 without padding.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foretell.clock import micros
from foretell.definitions import WorkspaceSettings
from foretell.engine import Engine, workspace_key
from foretell.errors import UsageError

TokenKind = Literal["open", "click", "unsubscribe", "preferences", "confirm", "trap", "survey", "answer"]
_MARKS: dict[str, TokenKind] = {
    "o": "open", "c": "click", "t": "click", "u": "unsubscribe", "p": "preferences", "d": "confirm", "h": "trap",
    "s": "survey", "a": "answer",
}  # fmt: skip
_PATHS = {
    "o": "/s/o/{}.gif", "c": "/s/c/{}", "t": "/s/c/{}", "u": "/s/u/{}", "p": "/s/p/{}", "d": "/s/d/{}", "h": "/s/h/{}",
    "s": "/s/q/{}", "a": "/s/a/{}",
}  # fmt: skip
SURVEY_PATHS = ("/s/q/", "/s/a/")
"""How the addresses of surveys begin, behind the server's."""
_WITH_TOPIC = "t"
"""The mark of a click that says what its link is about."""
_FIELDS = {"s": ("survey", "until", "channel"), "a": ("survey", "until", "question", "value")}
"""What the marks of surveys say behind the message."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TAG_BYTES = 16
_PURPOSE = b"foretell link 1\n"
"""The key signs nothing else under this heading."""


@dataclass(frozen=True)
class Token:
    """What a token says.

    Args:
        message_id: the message; of a confirmation the request.
        url: target of a click, else empty.
        topic: what the link is about, where it says so; empty: what the message is about.
        survey: key of the survey that it opens; its message is empty where the link is shared with many.
        until: since when the link is over, in seconds since 1970; None: never.
        channel: of a shared survey link: how it is spread (``link``, ``qr``, ``sms`` …).
        question, value: of an answer: the question's key and what was chosen.
    """

    kind: TokenKind
    message_id: str
    url: str = ""
    topic: str = ""
    survey: str = ""
    until: int | None = None
    channel: str = ""
    question: str = ""
    value: str = ""


@dataclass(frozen=True)
class Signer:
    """The workspace's signature.

    Args:
        base_url: address at which people reach the server, without a slash at its end.
    """

    key: bytes
    base_url: str


def signer_of(engine: Engine, settings: WorkspaceSettings) -> Signer:
    """The signature of a workspace: the secret ``signing``, else a key of its own, which is made on first use."""
    secret = settings.secrets.get("signing")
    key = workspace_key(engine.settings, "signing", None if secret is None else secret.get_secret_value())
    return Signer(key, settings.sending.base_url)


def open_url(signer: Signer, message_id: str) -> str:
    """Address of the picture that tells an opening."""
    return _url(signer, "o", message_id)


def click_url(signer: Signer, message_id: str, url: str, topic: str | None = None) -> str:
    """Address that tells a click and leads to ``url``.

    Args:
        topic: what the link is about, where it is not what the message is about.
    """
    if topic:
        return _url(signer, _WITH_TOPIC, message_id, " ".join(topic.split()), url)
    return _url(signer, "c", message_id, url)


def trap_url(signer: Signer, message_id: str) -> str:
    """Address of the link that no person sees."""
    return _url(signer, "h", message_id)


def unsubscribe_url(signer: Signer, message_id: str) -> str:
    """Address of the one-click unsubscription (RFC 8058)."""
    return _url(signer, "u", message_id)


def preferences_url(signer: Signer, message_id: str) -> str:
    """Address of the person's preference page."""
    return _url(signer, "p", message_id)


def confirm_url(signer: Signer, request: str) -> str:
    """Address of the page that asks whether somebody meant it (double opt-in)."""
    return _url(signer, "d", request)


def survey_url(
    signer: Signer, message_id: str, survey: str, *, until: datetime | None = None, channel: str = ""
) -> str:
    """Address of a survey's page, for the person of a message.

    Args:
        message_id: empty for a link that is shared with many.
        until: since when it is over, to the second; None: never.
        channel: of a shared link: how it is spread.
    """
    return _url(signer, "s", message_id, survey, _short(until), channel)


def answer_url(
    signer: Signer, message_id: str, survey: str, question: str, value: str, *, until: datetime | None = None
) -> str:
    """Address of a survey's page with ``value`` chosen as the answer to ``question``."""
    return _url(signer, "a", message_id, survey, _short(until), question, value)


def verify_token(signer: Signer, token: str, kind: TokenKind | None = None) -> Token:
    """What ``token`` says, where the workspace signed it.

    Args:
        kind: what it must be for; a token for unsubscribing opens no preference page.

    Raises:
        UsageError: ``BAD_TOKEN``.
    """
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        content, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
        if not hmac.compare_digest(tag, _tag(signer, content)) or _text(raw) != token:
            raise _bad()
        mark, message_id, *rest = content.decode().split("\n", 2)
    except (Base64Error, ValueError) as error:
        raise _bad() from error
    found = _MARKS[mark]
    if kind is not None and found != kind:
        raise _bad()
    if mark == _WITH_TOPIC:
        topic, _, url = rest[0].partition("\n")
        return Token(found, message_id, url, topic)
    if mark in _FIELDS:
        told = dict(zip(_FIELDS[mark], rest[0].split("\n"), strict=True))
        until = told.pop("until")
        return Token(found, message_id, until=int(until, 36) if until else None, **told)
    return Token(found, message_id, rest[0] if rest else "")


def _bad() -> UsageError:
    return UsageError("BAD_TOKEN", "this link is not valid", next_step="Open the link of the message once more.")


def _short(until: datetime | None) -> str:
    """Seconds since 1970 in base 36: six characters."""
    if until is None:
        return ""
    left, digits = micros(until) // 1_000_000, ""
    while left > 0:
        left, place = divmod(left, 36)
        digits = _DIGITS[place] + digits
    return digits or "0"


def _url(signer: Signer, mark: str, *parts: str) -> str:
    content = "\n".join([mark, *parts]).encode()
    return signer.base_url + _PATHS[mark].format(_text(content + _tag(signer, content)))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _tag(signer: Signer, content: bytes) -> bytes:
    return hmac.new(signer.key, _PURPOSE + content, hashlib.sha256).digest()[:_TAG_BYTES]
