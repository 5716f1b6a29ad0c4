"""E-mail by Twilio SendGrid: Mail Send v3, and its signed Event Webhook.

SendGrid takes no idempotency key. A request whose answer was lost leaves its message ``uncertain``; each mail carries
our id as the custom argument ``foretell_message``, which every event of it repeats, so that the first one
(``processed``) settles the doubt. SendGrid's own tracking stays off: links and openings are told by our own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

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
from foretell.deliver.machines import is_machine
from foretell.deliver.reaching import secret_of
from foretell.deliver.signatures import bad_signature, ecdsa_key, is_ecdsa_signed
from foretell.deliver.vendors import (
    BATCH_SIZE,
    MOST_WAIT,
    Vendor,
    VendorAnswer,
    VendorSettings,
    hand_over,
    receipt_for,
    refused,
)
from foretell.errors import UsageError

OUR_ID = "foretell_message"
SIGNATURE, TIMESTAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"
_OFF: Mapping[str, Any] = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}
_MENDABLE = {401, 403}
"""A key that is wrong or may not send: somebody can mend it, and nothing was sent."""
_DROPPED: Mapping[str, ToldKind] = {
    "bounced address": "bounce",
    "invalid": "bounce",
    "unsubscribed address": "stop",
    "spam reporting address": "spam",
}
"""Why SendGrid drops what it knows to be in vain; what the address did earlier holds for us too."""
_KINDS: Mapping[str, ToldKind] = {
    "processed": "accepted",
    "delivered": "delivered",
    "open": "open",
    "click": "click",
    "spamreport": "spam",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
}


class SendGridSettings(VendorSettings):
    """Which account, and how its events are verified."""

    base_url: str = Field(
        "https://api.sendgrid.com", description="Address of the API; https://api.eu.sendgrid.com for data in the EU."
    )
    api_key_secret: str = Field(min_length=1, description="Name under `secrets` in foretell.yaml of the API key.")
    verification_key: str | None = Field(
        None, description="Public key of the signed Event Webhook, as SendGrid shows it; without it no event is taken."
    )
    ip_pool: str | None = Field(None, min_length=2, max_length=64, description="Pool of addresses to send from.")


class SendGridChannel:
    """Hands over one mail a request, several at a time."""

    def __init__(self, settings: SendGridSettings, place: ChannelPlace) -> None:
        self._settings, self._place = settings, place
        key = secret_of(place.settings, settings.api_key_secret)
        self._vendor = Vendor(settings, {"Authorization": f"Bearer {key}"})

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""

        def one(message: Outgoing) -> Receipt:
            answer = self._vendor.ask("POST", "/v3/mail/send", json_body=self._mail(message))
            return _receipt(message.message_id, answer, now)

        return hand_over(messages, one, self._settings.connections)

    def probe(self) -> str:
        """Whether the key may send; raises OSError, UsageError."""
        answer = self._vendor.ask("GET", "/v3/scopes")
        body = answer.json()
        scopes = body.get("scopes", []) if isinstance(body, dict) else []
        if not answer.ok or "mail.send" not in scopes:
            raise refused("SendGrid", "the API key may not send mail" if answer.ok else answer.said())
        return "SendGrid knows the key, and it may send mail."

    def close(self) -> None:
        """End the connections."""
        self._vendor.close()

    def _mail(self, message: Outgoing) -> dict[str, Any]:
        sending = self._place.settings.sending
        told: dict[str, Any] = {
            "personalizations": [{"to": [{"email": message.address}], "custom_args": {OUR_ID: message.message_id}}],
            "from": {"email": sending.from_email, "name": sending.from_name or self._place.settings.name},
            "subject": message.subject,
            "content": [{"type": "text/plain", "value": message.text}],
            "tracking_settings": _OFF,
        }
        if message.html:
            told["content"].append({"type": "text/html", "value": message.html})
        if message.headers:
            told["headers"] = dict(message.headers)
        if sending.reply_to:
            told["reply_to"] = {"email": sending.reply_to}
        if self._settings.ip_pool:
            told["ip_pool_name"] = self._settings.ip_pool
        return told


def _receipt(message_id: str, answer: VendorAnswer, now: datetime) -> Receipt:
    if answer.ok:
        return Receipt(message_id, "accepted", accepted_id=answer.headers.get("x-message-id", ""))
    body = answer.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    errors = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    said = "; ".join(str(one.get("message", "")) for one in errors)
    if answer.status in _MENDABLE:
        return Receipt(message_id, "later", error=answer.said(said), retry_after=timedelta(minutes=5))
    if answer.status == 429 and "retry-after" not in answer.headers:
        return Receipt(message_id, "later", error=answer.said(said), retry_after=_reset(answer, now))
    bad = any(str(one.get("field", "")).startswith("personalizations.0.to.0.email") for one in errors)
    return receipt_for(message_id, answer, now, detail=said, bad_address=bad)


def _reset(answer: VendorAnswer, now: datetime) -> timedelta:
    """When SendGrid counts anew: ``X-RateLimit-Reset``, seconds since 1970."""
    text = answer.headers.get("x-ratelimit-reset", "")
    until = datetime.fromtimestamp(int(text[:11]), UTC) if text.isascii() and text.isdigit() else now
    return min(max(until - now, timedelta(seconds=1)), MOST_WAIT)


def _receive(settings: BaseModel, _place: ChannelPlace, request: HookRequest) -> list[Told]:
    """Events of the webhook. A request that comes again is harmless, so its timestamp is held to no clock: SendGrid
    repeats what was not answered for a day."""
    assert isinstance(settings, SendGridSettings)
    if settings.verification_key is None:
        raise UsageError(
            "SECRET_MISSING",
            "the channel has no verification_key, so no event can be trusted",
            next_step="Turn on the signed Event Webhook in SendGrid and write its public key into the channel.",
        )
    stamp, signature = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not is_ecdsa_signed(ecdsa_key(settings.verification_key), stamp.encode() + request.body, signature):
        raise bad_signature("X-Twilio-Email-Event-Webhook-Signature", "the verification_key is that of this webhook")
    try:
        events = json.loads(request.body)
    except ValueError as error:
        raise UsageError("BAD_JSON", f"the body is no JSON: {error}", next_step="Send it as SendGrid does.") from error
    events = events if isinstance(events, list) else [events]
    return [told for event in events if isinstance(event, dict) for told in _told(event, request.now)]


def _told(event: Mapping[str, Any], now: datetime) -> Iterator[Told]:
    """What one event says; nothing where it says nothing about a message of ours, or only that SendGrid tries on."""
    name, our_id = str(event.get("event", "")), event.get(OUR_ID)
    if not isinstance(our_id, str) or not our_id:
        return
    when = event.get("timestamp")
    at = datetime.fromtimestamp(when, UTC) if isinstance(when, int | float) and 0 < when < 1e11 else now
    reason = str(event.get("reason") or event.get("response") or "")
    error = " ".join(part for part in (str(event.get("status") or ""), reason) if part)
    key = str(event.get("sg_event_id") or "")
    if name == "bounce":
        yield Told("soft_bounce" if event.get("type") == "blocked" else "bounce", at, our_id, key=key, error=error)
    elif name == "dropped":
        yield Told("failed", at, our_id, key=key, error=f"SendGrid dropped it: {error}")
        known = next((kind for word, kind in _DROPPED.items() if reason.lower().startswith(word)), None)
        if known is not None:
            yield Told(known, at, our_id, key=key, error=error)
    elif name in _KINDS:
        agent = event.get("useragent")
        machine = name in ("open", "click") and (
            event.get("sg_machine_open") is True or is_machine(agent if isinstance(agent, str) else None)
        )
        url = event.get("url")
        yield Told(_KINDS[name], at, our_id, key=key, url=url if isinstance(url, str) else None, machine=machine)


def _open(settings: BaseModel, place: ChannelPlace) -> SendGridChannel:
    assert isinstance(settings, SendGridSettings)
    return SendGridChannel(settings, place)


CHANNEL = ChannelKind(
    "sendgrid",
    Capabilities("email", idempotent=False, batch_size=BATCH_SIZE),
    SendGridSettings,
    _open,
    receive=_receive,
)
