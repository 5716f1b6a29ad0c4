"""Alerts for the team in a Slack channel, and the button by which somebody takes a case.

Wire format: Slack, *Web API*: ``chat.postMessage`` (JSON, bearer token of a bot with ``chat:write``), *Rate limits*
(one message a second and channel, short bursts are let through, 429 with ``Retry-After``), *Block Kit*; *Handling user
interaction* (``block_actions``, answered within 3 seconds), *Verifying requests from Slack* (v0). Read in 2026; Slack
numbers no versions. Slack takes no idempotency key: a message whose answer was lost stays ``uncertain``, and so does
one answered ``internal_error`` or ``fatal_error``, of which Slack says that it may have gone out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field

from foretell.deliver.channels.base import (
    Asked,
    Capabilities,
    ChannelKind,
    ChannelPlace,
    HookRequest,
    Outgoing,
    Receipt,
    Told,
)
from foretell.deliver.reaching import secret_of
from foretell.deliver.vendors import Vendor, VendorSettings, hand_over, receipt_for
from foretell.errors import UsageError

TAKE = "take_case"
_BUSY = {"ratelimited", "rate_limited", "service_unavailable", "request_timeout", "message_limit_exceeded"}
"""Slack takes it later."""
_DOUBT = {"internal_error", "fatal_error"}
_WRONG = {
    "no_text", "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format",
    "invalid_metadata_format", "invalid_arguments", "invalid_arg_name", "too_many_attachments", "restricted_action",
    "as_user_not_supported", "slack_connect_file_link_sharing_blocked",
}  # fmt: skip
"""What is wrong with the message itself; all else (access, the channel) somebody can mend."""
_SECTION, _SECTIONS, _FALLBACK = 3_000, 40, 4_000
_OLDEST = timedelta(minutes=5)


class SlackSettings(VendorSettings):
    """Which channel, and who speaks."""

    base_url: str = Field("https://slack.com", description="Address of Slack.")
    channel: str = Field(pattern=r"^[CGD][A-Z0-9]{6,}$", description="Id of the channel, C…; the bot must be in it.")
    token_secret: str = Field(
        min_length=1, description="Name under `secrets` in foretell.yaml of the bot's token, xoxb-…, with chat:write."
    )
    signing_secret: str | None = Field(
        None,
        description="Name under `secrets` of the app's signing secret: messages about a case get a button to take it.",
    )


class SlackChannel:
    """Posts messages one after the other."""

    def __init__(self, settings: SlackSettings, place: ChannelPlace) -> None:
        self._settings = settings
        self._site = place.settings.sending.base_url or ""
        token = secret_of(place.settings, settings.token_secret)
        self._vendor = Vendor(settings, {"Authorization": f"Bearer {token}"})

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        try:
            return hand_over(messages, lambda one: self._post(one, now), 1)
        finally:
            self._vendor.close()

    def _post(self, message: Outgoing, now: datetime) -> Receipt:
        body = {
            "channel": self._settings.channel,
            "text": _escaped(message.text)[:_FALLBACK],
            "blocks": self._blocks(message),
            "metadata": {"event_type": "foretell_alert", "event_payload": {"id": message.message_id}},
            "unfurl_links": False,
        }
        answer = self._vendor.ask(
            "POST", "/api/chat.postMessage", json_body=body, headers={"Content-Type": "application/json; charset=utf-8"}
        )
        if not answer.ok:
            return receipt_for(message.message_id, answer, now)
        said = answer.json()
        if not isinstance(said, dict) or "ok" not in said:
            return Receipt(message.message_id, "uncertain", error=answer.said("the answer cannot be read"))
        if said["ok"]:
            return Receipt(message.message_id, "accepted", accepted_id=f"{said.get('channel')}/{said.get('ts')}")
        return _refusal(message.message_id, said, answer.retry_after(now))

    def _blocks(self, message: Outgoing) -> list[dict[str, Any]]:
        text = _escaped(message.text) or " "
        parts = [text[at : at + _SECTION] for at in range(0, len(text), _SECTION)][:_SECTIONS]
        blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": one}} for one in parts]
        if message.subject:
            head = {"type": "plain_text", "text": message.subject[:150], "emoji": False}
            blocks.insert(0, {"type": "header", "text": head})
        case = str(message.data.get("case") or "")
        if case and (self._settings.signing_secret or self._site):
            blocks.append({"type": "actions", "block_id": "case", "elements": self._buttons(case)})
        return blocks

    def _buttons(self, case: str) -> list[dict[str, Any]]:
        buttons: list[dict[str, Any]] = []
        if self._settings.signing_secret:
            text = {"type": "plain_text", "text": "Take the case"}
            buttons.append({"type": "button", "action_id": TAKE, "style": "primary", "text": text, "value": case})
        if self._site:
            text = {"type": "plain_text", "text": "Open"}
            url = f"{self._site.rstrip('/')}/cases?case={case}"
            buttons.append({"type": "button", "action_id": "open_case", "text": text, "url": url})
        return buttons


def signature_of(secret: str, stamp: str, body: bytes) -> str:
    """``v0=``: HMAC-SHA256 over version, seconds and body."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def _refusal(message_id: str, said: Mapping[str, Any], wait: timedelta | None) -> Receipt:
    why = str(said.get("error") or "it says no reason")
    details = (said.get("response_metadata") or {}).get("messages") or []
    error = "; ".join([f"Slack refuses it: {why}", *(str(one) for one in details)])
    if why in _DOUBT:
        return Receipt(message_id, "uncertain", error=error)
    if why in _WRONG:
        return Receipt(message_id, "refused", error=error)
    usual = timedelta(seconds=1) if why in _BUSY else None
    return Receipt(message_id, "later", error=error, retry_after=wait or usual)


def _escaped(text: str) -> str:
    """Slack's three control characters (*Formatting text*)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _asked(settings: BaseModel, place: ChannelPlace, request: HookRequest) -> Sequence[Asked]:
    assert isinstance(settings, SlackSettings)
    _verify(settings, place, request)
    try:
        payload = json.loads(parse_qs(request.body.decode()).get("payload", [""])[0])
    except ValueError as error:
        raise UsageError("BAD_JSON", "the payload of the interaction is no JSON") from error
    if not isinstance(payload, dict) or payload.get("type") != "block_actions":
        return []
    user = payload.get("user") or {}
    who = str(user.get("username") or user.get("name") or user.get("id") or "")
    reply = str(payload.get("response_url") or "")
    ours = urlsplit(reply).hostname in {"hooks.slack.com", urlsplit(settings.base_url).hostname}
    return [
        Asked("take_case", str(action.get("value", "")), who, reply if ours else "")
        for action in payload.get("actions") or []
        if isinstance(action, dict) and action.get("action_id") == TAKE and action.get("value") and who
    ]


def _answers(settings: BaseModel, asked: Asked, text: str) -> bool:
    """Below the message, for everybody in the channel (*Handling user interaction*, ``response_url``)."""
    assert isinstance(settings, SlackSettings)
    url = urlsplit(asked.reply_to)
    reached = settings.model_copy(update={"base_url": f"{url.scheme}://{url.netloc}", "timeout_seconds": 5.0})
    body = {"response_type": "in_channel", "replace_original": False, "text": _escaped(text)}
    try:
        with Vendor(reached) as vendor:
            return vendor.ask("POST", asked.reply_to, json_body=body).ok
    except OSError:
        return False


def _verify(settings: SlackSettings, place: ChannelPlace, request: HookRequest) -> None:
    """Raises ``BAD_SIGNATURE`` where it is not Slack's, or older than five minutes."""
    if settings.signing_secret is None:
        raise UsageError("BAD_SIGNATURE", "the channel has no signing_secret, so that no button can be believed")
    stamp = request.headers.get("x-slack-request-timestamp", "")
    wanted = signature_of(secret_of(place.settings, settings.signing_secret), stamp, request.body)
    given = request.headers.get("x-slack-signature", "")
    fresh = stamp.isascii() and stamp.isdigit() and len(stamp) <= 12
    at = datetime.fromtimestamp(int(stamp), UTC) if fresh else None
    if at is None or abs(request.now - at) > _OLDEST or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise UsageError("BAD_SIGNATURE", "the signature is not Slack's, or the request is older than five minutes")


def _receive(settings: BaseModel, place: ChannelPlace, request: HookRequest) -> Sequence[Told]:
    """Slack tells nothing of messages; the request is verified all the same."""
    assert isinstance(settings, SlackSettings)
    _verify(settings, place, request)
    return []


def _open(settings: BaseModel, place: ChannelPlace) -> SlackChannel:
    assert isinstance(settings, SlackSettings)
    return SlackChannel(settings, place)


CHANNEL = ChannelKind(
    "slack",
    Capabilities("alert", idempotent=False, batch_size=50),
    SlackSettings,
    _open,
    receive=_receive,
    asked=_asked,
    answers=_answers,
)
