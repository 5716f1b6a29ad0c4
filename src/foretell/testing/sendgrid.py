"""A fake of Twilio SendGrid: Mail Send v3 and the signed Event Webhook, as twilio.com/docs/sendgrid documents them.

It checks the key and what the real one checks of a mail (addresses, subject, content, reserved headers, custom
arguments), remembers every mail, and tells what became of it in signed batches. Needs ``cryptography``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from foretell.testing.vendor_server import Answered, Asked, Moods, VendorServer, answered, post, vendor_server

KEY = "SG.fake.key"
REFUSES, LATER, SILENT = (f"{name}@vendor.example" for name in ("refuse", "later", "silent"))
NO_ADDRESS = "nobody.at.home"
"""What the vendor answers so: too large, an error of its own, and no answer at all; and an address that is none."""
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+\Z")
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_MOST_ARGUMENT_BYTES = 10_000


@dataclass(frozen=True)
class Mail:
    """A mail that was taken: the request's body, and SendGrid's id."""

    body: Mapping[str, Any]
    message_id: str

    @property
    def to(self) -> str:
        """Its addressee."""
        return str(self.body["personalizations"][0]["to"][0]["email"])

    @property
    def arguments(self) -> Mapping[str, str]:
        """Its custom arguments."""
        return {**self.body.get("custom_args", {}), **self.body["personalizations"][0].get("custom_args", {})}

    def content(self, kind: str) -> str:
        """Its part of a type, e.g. ``text/plain``; empty where it has none."""
        return next((str(one["value"]) for one in self.body["content"] if one["type"] == kind), "")


@dataclass
class FakeSendGrid:
    """What it took; ``server.url`` is its address, ``verification_key`` that of its webhook."""

    mails: list[Mail] = field(default_factory=list)
    moods: Moods = field(default_factory=Moods)
    server: VendorServer = field(init=False)
    _private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()), repr=False)
    _told: int = 0

    @property
    def verification_key(self) -> str:
        """Public key as the settings of the webhook show it."""
        der = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def answer(self, asked: Asked) -> Answered:
        """Answer a request to the API."""
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return _errors(401, "The provided authorization grant is invalid, expired, or revoked")
        if (asked.method, asked.path) == ("GET", "/v3/scopes"):
            return answered(200, {"scopes": ["mail.send", "user.account.read"]})
        if (asked.method, asked.path) != ("POST", "/v3/mail/send"):
            return _errors(404, "not found")
        if not asked.headers.get("content-type", "").startswith("application/json"):
            return _errors(415, "Content-Type should be application/json.")
        body = asked.json()
        if not isinstance(body, dict):
            return _errors(400, "Bad Request")
        fault = _fault(body)
        if fault is not None:
            return _errors(400, *fault)
        return self._take(body)

    def _take(self, body: Mapping[str, Any]) -> Answered:
        mail = Mail(body, f"fake{len(self.mails) + 1:018d}")
        if mail.to == REFUSES:
            return _errors(413, "the content is too large")
        if mail.to == LATER:
            return _errors(500, "an error occurred")
        self.mails.append(mail)
        return Answered(202, headers={"X-Message-Id": mail.message_id}, took=True, cut=mail.to == SILENT)

    def event(self, mail: Mail, name: str, at: datetime, **more: Any) -> dict[str, Any]:
        """An event of a mail, with an ``sg_event_id`` of its own."""
        self._told += 1
        return {
            "email": mail.to,
            "timestamp": int(at.timestamp()),
            "smtp-id": f"<{mail.message_id}@geopod-ismtpd-1>",
            "event": name,
            "sg_event_id": f"event-{self._told}",
            "sg_message_id": f"{mail.message_id}.recvd-1234-0",
            **mail.arguments,
            **more,
        }

    def tell(self, url: str, events: Sequence[Mapping[str, Any]], at: datetime, *, signature: str = "") -> int:
        """Post a batch of events to a webhook; the status of its answer.

        Args:
            signature: instead of the right one.
        """
        body, headers = self.signed(events, at)
        if signature:
            headers = {**headers, "X-Twilio-Email-Event-Webhook-Signature": signature}
        return post(url, body, headers)

    def signed(self, events: Sequence[Mapping[str, Any]], at: datetime) -> tuple[bytes, dict[str, str]]:
        """A batch of events as it is posted: body and headers."""
        stamp = str(int(at.timestamp()))
        body = json.dumps(list(events)).encode() + b"\r\n"
        signed = self._private.sign(stamp.encode() + body, ECDSA(SHA256()))
        return body, {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }


def _fault(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a mail: message and field; None where nothing is."""
    people, content = body.get("personalizations"), body.get("content")
    if not isinstance(people, list) or not people:
        return "The personalizations field is required and must have at least one personalization.", "personalizations"
    for one in people[0].get("to") or [{}]:
        if not _ADDRESS.match(str(one.get("email", ""))):
            return "Does not contain a valid address.", "personalizations.0.to.0.email"
    if not _ADDRESS.match(str((body.get("from") or {}).get("email", ""))):
        return "The from object must be provided for every email send.", "from.email"
    if not body.get("subject") and not people[0].get("subject"):
        return "The subject is required.", "subject"
    if not isinstance(content, list) or not content or not all(one.get("value") for one in content):
        return "The content value must be a string at least one character in length.", "content.0.value"
    kinds = [one.get("type") for one in content]
    if kinds != sorted(set(kinds), key=lambda kind: kind != "text/plain"):
        return "If present, text/plain and text/html may only be provided once, in that order.", "content"
    if any(name.lower() in _RESERVED for name in body.get("headers") or {}):
        return "The headers must not be reserved.", "headers"
    arguments = people[0].get("custom_args") or {}
    if len(json.dumps(arguments)) > _MOST_ARGUMENT_BYTES or not all(isinstance(one, str) for one in arguments.values()):
        return "The custom_args must be strings, 10,000 bytes at most.", "personalizations.0.custom_args"
    return None


def _errors(status: int, message: str, where: str | None = None) -> Answered:
    return answered(status, {"errors": [{"message": message, "field": where, "help": None}]})


@contextmanager
def sendgrid() -> Iterator[FakeSendGrid]:
    """A fake while the block runs."""
    fake = FakeSendGrid()
    with vendor_server(fake.answer, fake.moods) as server:
        fake.server = server
        yield fake
