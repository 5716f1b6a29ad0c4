"""A fake of Twilio's resource Messages (API 2010-04-01), its status callbacks and replies, as twilio.com/docs has them.

It checks account, token, sender and number with the error codes of the real one, remembers every message and who wrote
STOP, and calls back with its signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from foretell.testing.vendor_server import Answered, Asked, Moods, VendorServer, answered, post, vendor_server

ACCOUNT, TOKEN, SERVICE = "AC" + "a1" * 16, "fake-token", "MG" + "b2" * 16
FROM = "+15005550006"
NOBODY, LANDLINE, REFUSES, LATER, SILENT = (f"+1500555{number}" for number in ("0001", "0009", "0004", "0007", "0008"))
"""Numbers that the vendor answers so: not valid, no mobile, not routable, an error of its own, no answer at all."""
_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
_ERRORS = {
    NOBODY: (400, 21211, "The 'To' number is not a valid phone number."),
    LANDLINE: (400, 21614, "'To' number is not a valid mobile number"),
    REFUSES: (400, 21612, "The 'To' phone number is not currently reachable via SMS"),
    LATER: (500, 20500, "Internal Server Error"),
}
_STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
_MOST_LETTERS = 1_600


@dataclass(frozen=True)
class Text:
    """A text message that was taken: the request's fields, and Twilio's id."""

    fields: Mapping[str, str]
    sid: str

    @property
    def to(self) -> str:
        """Its addressee."""
        return self.fields["To"]

    @property
    def body(self) -> str:
        """What it says."""
        return self.fields["Body"]


@dataclass
class FakeTwilio:
    """What it took; ``server.url`` is its address."""

    texts: list[Text] = field(default_factory=list)
    moods: Moods = field(default_factory=Moods)
    stopped: set[str] = field(default_factory=set)
    server: VendorServer = field(init=False)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request to the API."""
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return _error(401, 20003, "Authenticate")
        if (asked.method, asked.path) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json"):
            return answered(200, {"sid": ACCOUNT, "friendly_name": "Fake", "status": "active", "type": "Full"})
        if (asked.method, asked.path) != ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"):
            return _error(404, 20404, f"The requested resource {asked.path} was not found")
        fields = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        fault = self._fault(fields)
        return _error(*fault) if fault is not None else self._take(fields)

    def _fault(self, fields: Mapping[str, str]) -> tuple[int, int, str] | None:
        to, body = fields.get("To", ""), fields.get("Body", "")
        if not to:
            return 400, 21604, "A 'To' phone number is required."
        if to in _ERRORS:
            return _ERRORS[to]
        if not _E164.match(to):
            return _ERRORS[NOBODY]
        if fields.get("MessagingServiceSid", SERVICE) != SERVICE:
            return 404, 21705, "The Messaging Service Sid is invalid."
        if "MessagingServiceSid" not in fields and fields.get("From") != FROM:
            return 400, 21606, "The 'From' phone number provided is not a valid, message-capable number."
        if not body:
            return 400, 21602, "Message body is required."
        if len(body) > _MOST_LETTERS:
            return 400, 21617, "The concatenated message body exceeds the 1600 character limit"
        return (400, 21610, "Attempt to send to unsubscribed recipient") if to in self.stopped else None

    def _take(self, fields: Mapping[str, str]) -> Answered:
        text = Text(fields, f"SM{len(self.texts) + 1:032x}")
        self.texts.append(text)
        told = _resource(text)
        return answered(201, told, took=True, cut=text.to == SILENT)

    def tell(self, text: Text, status: str, error: int | None = None, *, url: str = "", token: str = TOKEN) -> int:
        """Call the status callback of a message; the status of its answer."""
        fields = {
            "MessageSid": text.sid, "SmsSid": text.sid, "MessageStatus": status, "SmsStatus": status, "To": text.to,
            "From": FROM, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01",
            **({"ErrorCode": str(error)} if error else {}),
        }  # fmt: skip
        return self._post(url or text.fields["StatusCallback"], fields, token)

    def reply(self, url: str, number: str, words: str, *, token: str = TOKEN) -> int:
        """Let somebody write to the sender; STOP is heeded from now on."""
        fields = {
            "MessageSid": "SM" + hashlib.sha256(f"{number}{words}".encode()).hexdigest()[:32], "SmsStatus": "received",
            "From": number, "To": FROM, "Body": words, "AccountSid": ACCOUNT, "NumMedia": "0",
        }  # fmt: skip
        if words.strip().upper() in _STOP_WORDS:
            self.stopped.add(number)
            fields["OptOutType"] = "STOP"
        return self._post(url, fields, token)

    def _post(self, url: str, fields: Mapping[str, str], token: str) -> int:
        return post(url, *signed(url, fields, token))


def signed(url: str, fields: Mapping[str, str], token: str = TOKEN) -> tuple[bytes, dict[str, str]]:
    """A call as it is posted: body and headers."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    digest = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": digest}
    return urlencode(fields).encode(), headers


def _resource(text: Text) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "sid": text.sid, "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": text.body, "to": text.to,
        "from": text.fields.get("From"), "messaging_service_sid": text.fields.get("MessagingServiceSid"),
        "status": "accepted" if "MessagingServiceSid" in text.fields else "queued", "direction": "outbound-api",
        "error_code": None, "error_message": None, "num_media": "0", "num_segments": "1", "price": None,
        "price_unit": "USD", "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": None,
        "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000", "subresource_uris": {},
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text.sid}.json",
    }  # fmt: skip


def _error(status: int, code: int, message: str) -> Answered:
    told = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return answered(status, told)


@contextmanager
def twilio() -> Iterator[FakeTwilio]:
    """A fake while the block runs."""
    fake = FakeTwilio()
    with vendor_server(fake.answer, fake.moods) as server:
        fake.server = server
        yield fake
