"""A fake of Amazon SES (API v2: SendEmail, GetAccount) and of the SNS topic that its events are posted by.

As docs.aws.amazon.com has them: requests are checked by Signature Version 4, the sender has to be verified, raw mail
has to be one. The topic signs with a certificate that it serves, asks for confirmation of subscriptions, and repeats
what it is told to. Needs ``cryptography``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from foretell.testing.vendor_server import Answered, Asked, Moods, VendorServer, answered, post, vendor_server

ACCESS_KEY, SECRET_KEY, REGION = "AKIAFAKEFAKEFAKEFAKE", "fake-secret-key", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:mail-events"
CONFIGURATION = "foretell"
REFUSES, LATER, SILENT = (f"{name}@vendor.example" for name in ("refuse", "later", "silent"))
NO_ADDRESS = "nobody.at.home"
"""What the service answers so: a rejection, an error of its own, no answer at all; and an address that is none."""
_PEM = "/SimpleNotificationService-fake.pem"
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass(frozen=True)
class SesMail:
    """A mail that was taken: the request's body, the mail in it where it came raw, and the id that SES gave it."""

    body: Mapping[str, Any]
    mail: EmailMessage | None
    message_id: str

    @property
    def to(self) -> str:
        """Its addressee."""
        return str(self.body["Destination"]["ToAddresses"][0])

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {one["Name"]: one["Value"] for one in self.body.get("EmailTags", [])}


@dataclass
class FakeSes:
    """What it took; ``server.url`` is the address of SES and of SNS.

    Args:
        verified: domains that may be sent from.
        confirmed: tokens of subscriptions that were confirmed.
    """

    mails: list[SesMail] = field(default_factory=list)
    moods: Moods = field(default_factory=Moods)
    verified: set[str] = field(default_factory=lambda: {"company.example"})
    confirmed: list[str] = field(default_factory=list)
    server: VendorServer = field(init=False)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request."""
        if asked.path == _PEM:
            return Answered(200, _certificate()[1], {"Content-Type": "application/x-pem-file"})
        if asked.query.startswith("Action=ConfirmSubscription"):
            self.confirmed += parse_qs(asked.query)["Token"]
            return Answered(200, b"<ConfirmSubscriptionResponse/>", {"Content-Type": "text/xml"})
        if not is_signed(asked):
            return _error(403, "InvalidSignatureException", "The request signature we calculated does not match.")
        if (asked.method, asked.path) == ("GET", "/v2/email/account"):
            return answered(
                200, {"SendingEnabled": True, "ProductionAccessEnabled": True, "EnforcementStatus": "HEALTHY"}
            )
        if (asked.method, asked.path) != ("POST", "/v2/email/outbound-emails"):
            return _error(404, "NotFoundException", "There is no such operation.")
        body = asked.json()
        return self._send(body) if isinstance(body, dict) else _error(400, "SerializationException", "no JSON")

    def _send(self, body: Mapping[str, Any]) -> Answered:
        to = body.get("Destination", {}).get("ToAddresses") or [""]
        domain = parseaddr(str(body.get("FromEmailAddress", "")))[1].rpartition("@")[2]
        if "@" not in to[0]:
            return _error(400, "BadRequestException", "Missing final '@domain'")
        if body.get("ConfigurationSetName", CONFIGURATION) != CONFIGURATION:
            return _error(404, "NotFoundException", "Configuration set does not exist.")
        if domain not in self.verified or to[0] == REFUSES:
            return _error(400, "MessageRejected", "Email address is not verified.")
        if to[0] == LATER:
            return _error(500, "InternalServiceErrorException", "An internal error occurred.")
        mail, content = None, body.get("Content", {})
        if "Raw" in content:
            raw = base64.b64decode(content["Raw"]["Data"])
            mail = message_from_bytes(raw, policy=policy.default)
        taken = SesMail(body, mail, f"0102018fake{len(self.mails) + 1:09d}-000000")
        self.mails.append(taken)
        return answered(200, {"MessageId": taken.message_id}, took=True, cut=to[0] == SILENT)

    def event(self, mail: SesMail, kind: str, at: datetime, **more: Any) -> dict[str, Any]:
        """What SES says of a mail: ``kind`` as ``eventType``, ``more`` the fields of its part."""
        part = {"timestamp": _stamp(at), **more}
        headers = {} if mail.mail is None else {"messageId": str(mail.mail["Message-ID"])}
        told = {
            "timestamp": _stamp(at), "messageId": mail.message_id, "source": mail.body["FromEmailAddress"],
            "destination": [mail.to], "headersTruncated": False, "commonHeaders": headers,
            "tags": {name: [value] for name, value in mail.tags.items()},
        }  # fmt: skip
        return {"eventType": kind, "mail": told, kind.lower().partition(" ")[0]: part}

    def publish(self, url: str, event: Mapping[str, Any], at: datetime, **more: Any) -> int:
        """Post an event by the topic; the status of the answer.

        Args:
            more: see :meth:`message`.
        """
        return self._post(url, self.message("Notification", json.dumps(event), at, **more))

    def subscribe(self, url: str, at: datetime, **more: Any) -> int:
        """Ask ``url`` to confirm a subscription; the status of its answer."""
        return self._post(url, self.message("SubscriptionConfirmation", "You have chosen to subscribe.", at, **more))

    def message(self, kind: str, message: str, at: datetime, *, version: str = "2", **changed: str) -> dict[str, str]:
        """A signed message of the topic.

        Args:
            version: of the signature: 1 (SHA-1) or 2 (SHA-256).
            changed: fields that are changed after signing, but ``TopicArn`` and addresses before.
        """
        told = {
            "Type": kind, "MessageId": str(uuid.uuid5(uuid.NAMESPACE_URL, kind + message)), "TopicArn": TOPIC,
            "Message": message, "Timestamp": _stamp(at), "SignatureVersion": version,
            "SigningCertURL": f"{self.server.url}{_PEM}",
        }  # fmt: skip
        if kind != "Notification":
            told["Token"] = "token-" + told["MessageId"]
            query = urlencode({"Action": "ConfirmSubscription", "TopicArn": TOPIC, "Token": told["Token"]})
            told["SubscribeURL"] = f"{self.server.url}/?{query}"
        before = {"TopicArn", "SubscribeURL", "SigningCertURL"}
        told |= {name: value for name, value in changed.items() if name in before}
        names = _NOTIFICATION if kind == "Notification" else _CONFIRMATION
        text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
        signature = _certificate()[0].sign(text.encode(), PKCS1v15(), SHA256() if version == "2" else SHA1())
        told["Signature"] = base64.b64encode(signature).decode()
        return told | {name: value for name, value in changed.items() if name not in before}

    def _post(self, url: str, told: Mapping[str, str]) -> int:
        headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": told["Type"]}
        return post(url, json.dumps(told).encode(), headers)


@cache
def _certificate() -> tuple[RSAPrivateKey, bytes]:
    """The topic's key and certificate, once a process; valid for any clock of a test."""
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=36_500)).sign(key, SHA256())
    )  # fmt: skip
    return key, made.public_bytes(Encoding.PEM)


def is_signed(asked: Asked) -> bool:
    """True where the request is signed by Signature Version 4 with the account's key."""
    given = asked.headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return False
    parts = dict(part.strip().split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256 ").split(","))
    key, _, scope = parts.get("Credential", "").partition("/")
    day, region, service, end = (*scope.split("/"), "", "", "", "")[:4]
    if (key, region, service, end) != (ACCESS_KEY, REGION, "ses", "aws4_request"):
        return False
    names = parts["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{' '.join(asked.headers.get(name, '').split())}\n" for name in names)
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parse_qsl(asked.query))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    digest = hashlib.sha256(asked.body).hexdigest()
    request = "\n".join([asked.method, quote(asked.path), query, headers, ";".join(names), digest])
    stamp = asked.headers.get("x-amz-date", "")
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    secret = f"AWS4{SECRET_KEY}".encode()
    for word in (day, region, service, end):
        secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), parts.get("Signature", ""))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _error(status: int, kind: str, message: str) -> Answered:
    return answered(status, {"message": message}, {"x-amzn-ErrorType": kind})


@contextmanager
def ses() -> Iterator[FakeSes]:
    """A fake while the block runs."""
    fake = FakeSes()
    with vendor_server(fake.answer, fake.moods) as server:
        fake.server = server
        yield fake
