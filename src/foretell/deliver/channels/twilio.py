"""Text messages by Twilio: the resource Messages (API 2010-04-01), its status callbacks and replies.

Twilio takes no idempotency key for messages. A request whose answer was lost leaves its message ``uncertain``; the
address of the status callback holds our id, so that the first callback settles the doubt. Error codes are those of
Twilio's dictionary; somebody who wrote STOP to the sender is told as 21610.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, Field, model_validator

from foretell.deliver.channels.base import (
    Capabilities,
    ChannelKind,
    ChannelPlace,
    HookRequest,
    Outgoing,
    Receipt,
    Told,
    ToldKind,
)
from foretell.deliver.reaching import secret_of
from foretell.deliver.signatures import bad_signature, is_hmac_sha1
from foretell.deliver.vendors import BATCH_SIZE, Vendor, VendorAnswer, VendorSettings, hand_over, receipt_for, refused

_E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
_STOPPED = 21610
_BAD_ADDRESS = {21211, 21214, 21217, 21407, 21421, 21614, 30005, 30006}
"""The number is none, no mobile one, or unknown to its network."""
_MENDABLE = {20003, 21212, 21603, 21606, 21607, 21609, 21705, 30002, 30034}
"""Account, sender or callback are set up wrongly: somebody can mend it, and nothing was sent."""
_FULL = {20429, 21611, 30001, 30022}
"""Too many at once; Twilio takes it later."""
_UNSENT = {30004, 30007, 30032}
"""Blocked or filtered on the way: for good, but not for want of an address."""
_STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_GOING: Mapping[str, ToldKind] = {
    "accepted": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "open",
}
_OUR_ID = "message"


class TwilioSettings(VendorSettings):
    """Which account, and who sends."""

    base_url: str = Field("https://api.twilio.com", description="Address of the API; one of a region, or for tests.")
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="Account SID, AC…")
    auth_token_secret: str = Field(
        min_length=1, description="Name under `secrets` in foretell.yaml of the auth token; it also signs callbacks."
    )
    messaging_service_sid: str | None = Field(
        None, pattern=r"^MG[0-9a-fA-F]{32}$", description="Messaging Service that chooses the sender, MG…"
    )
    from_number: str | None = Field(
        None, min_length=1, max_length=16, description="Number in E.164, short code or sender name; or the service."
    )
    callbacks: bool = Field(True, description="Let Twilio tell what became of each message; base_url must be public.")

    @model_validator(mode="after")
    def _one_sender(self) -> Self:
        if (self.messaging_service_sid is None) == (self.from_number is None):
            raise ValueError("give either messaging_service_sid or from_number")
        return self


class TwilioChannel:
    """Hands over one text message a request, several at a time."""

    def __init__(self, settings: TwilioSettings, place: ChannelPlace) -> None:
        self._settings, self._place = settings, place
        token = secret_of(place.settings, settings.auth_token_secret)
        login = base64.b64encode(f"{settings.account_sid}:{token}".encode()).decode()
        self._vendor = Vendor(settings, {"Authorization": f"Basic {login}"})

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        path = f"/2010-04-01/Accounts/{self._settings.account_sid}/Messages.json"

        def one(message: Outgoing) -> Receipt:
            if not _E164.match(message.address):
                why = "the number is not in E.164 (+4917012345678)"
                return Receipt(message.message_id, "refused", error=why, bad_address=True)
            return _receipt(message.message_id, self._vendor.ask("POST", path, form=self._form(message)), now)

        return hand_over(messages, one, self._settings.connections)

    def probe(self) -> str:
        """Whether the account is active; raises OSError, UsageError."""
        answer = self._vendor.ask("GET", f"/2010-04-01/Accounts/{self._settings.account_sid}.json")
        body = answer.json()
        status = body.get("status") if isinstance(body, dict) else None
        if not answer.ok or status != "active":
            raise refused("Twilio", f"the account is {status}" if answer.ok else answer.said())
        return f"Twilio knows the account {body.get('friendly_name') or self._settings.account_sid}."

    def close(self) -> None:
        """End the connections."""
        self._vendor.close()

    def _form(self, message: Outgoing) -> dict[str, str]:
        told = {"To": message.address, "Body": message.text}
        if self._settings.messaging_service_sid is not None:
            told["MessagingServiceSid"] = self._settings.messaging_service_sid
        else:
            told["From"] = self._settings.from_number or ""
        if self._settings.callbacks:
            query = urlencode({_OUR_ID: message.message_id})
            told["StatusCallback"] = f"{self._place.settings.sending.base_url}/hooks/channels/{message.channel}?{query}"
        return told


def _receipt(message_id: str, answer: VendorAnswer, now: datetime) -> Receipt:
    body = answer.json()
    told = body if isinstance(body, dict) else {}
    if answer.ok:
        return Receipt(message_id, "accepted", accepted_id=str(told.get("sid") or ""))
    code = told.get("code") if isinstance(told.get("code"), int) else 0
    said = f"{code} {told.get('message', '')}".strip() if code else ""
    if code in _MENDABLE or answer.status in (401, 403):
        return Receipt(message_id, "later", error=answer.said(said), retry_after=timedelta(minutes=5))
    if code in _FULL:
        wait = answer.retry_after(now)
        return Receipt(message_id, "later", error=answer.said(said), retry_after=wait)
    bad, stopped = code in _BAD_ADDRESS, code == _STOPPED
    return receipt_for(message_id, answer, now, detail=said, bad_address=bad, stopped=stopped)


def _receive(settings: BaseModel, place: ChannelPlace, request: HookRequest) -> list[Told]:
    """A status callback, or what somebody wrote back; both are signed with the auth token, over the address as Twilio
    called it and the fields in order of their names."""
    assert isinstance(settings, TwilioSettings)
    token = secret_of(place.settings, settings.auth_token_secret)
    fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    signed = request.url + "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    if not is_hmac_sha1(token, signed.encode(), request.headers.get("x-twilio-signature", "")):
        raise bad_signature(
            "X-Twilio-Signature",
            "Twilio calls the address in sending.base_url, and the auth token is the account's",
        )
    told = {name: values[0] for name, values in fields.items()}
    our_id = dict(parse_qsl(urlsplit(request.url).query)).get(_OUR_ID, "")
    status = told.get("MessageStatus") or told.get("SmsStatus") or ""
    if status == "received":
        return _answers(told, request.now)
    return _status(told, status.lower(), our_id, request.now)


def _answers(told: Mapping[str, str], now: datetime) -> list[Told]:
    """What somebody wrote back. ``OptOutType`` comes from accounts that let Twilio read the words."""
    who, words, key = told.get("From", ""), told.get("Body", "").strip(), told.get("MessageSid", "")
    kind = told.get("OptOutType", "").upper() or ("STOP" if words.upper() in _STOP_WORDS else "")
    answers = [Told("reply", now, address=who, key=key)]
    return [*answers, Told("stop", now, address=who, key=key)] if kind == "STOP" else answers


def _status(told: Mapping[str, str], status: str, our_id: str, now: datetime) -> list[Told]:
    if not our_id:
        return []
    key = told.get("MessageSid", "")
    if status in _GOING:
        return [Told(_GOING[status], now, our_id, key=key)]
    if status not in ("failed", "undelivered", "canceled"):
        return []
    text = told.get("ErrorCode", "")
    code = int(text) if text.isascii() and text.isdigit() else 0
    error = " ".join(part for part in (text, told.get("ErrorMessage", ""), status) if part)
    if code == _STOPPED:
        return [Told("failed", now, our_id, key=key, error=error), Told("stop", now, our_id, key=key)]
    kind: ToldKind = "failed" if code in _UNSENT | _MENDABLE or status == "canceled" else "soft_bounce"
    return [Told("bounce" if code in _BAD_ADDRESS else kind, now, our_id, key=key, error=error)]


def _open(settings: BaseModel, place: ChannelPlace) -> TwilioChannel:
    assert isinstance(settings, TwilioSettings)
    return TwilioChannel(settings, place)


CHANNEL = ChannelKind(
    "twilio", Capabilities("sms", idempotent=False, batch_size=BATCH_SIZE), TwilioSettings, _open, receive=_receive
)
