"""Messages of one medium as signed requests to a server; see :mod:`foretell.deliver.posting`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from foretell.definitions import WorkspaceSettings
from foretell.deliver.channels.base import Capabilities, ChannelKind, ChannelPlace, Medium, Outgoing, Receipt
from foretell.deliver.posting import UNREACHABLE, Answer, Posting, Target

REQUEST = "request"
"""Key of ``Outgoing.data`` for what goes to a system of the company instead of to a person: it is the whole body."""


class WebhookSettings(Target):
    """Where requests go, and how they are signed."""

    signing_secret: str = Field(min_length=1, description="Name under `secrets` in foretell.yaml of the shared secret.")


class WebhookChannel:
    """Posts messages one after the other over one connection a call."""

    def __init__(self, settings: WebhookSettings, workspace: WorkspaceSettings, medium: Medium) -> None:
        self._posting = Posting(settings, settings.signing_secret, workspace)
        self._medium = medium

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`. Who cannot be reached is not tried for the others."""
        receipts: list[Receipt] = []
        try:
            for message in messages:
                answer = self._posting.post(message.message_id, told(message, self._medium), now)
                receipts.append(_receipt(message.message_id, answer))
        except UNREACHABLE as error:
            said = str(error) or type(error).__name__
            receipts += [Receipt(one.message_id, "later", error=said) for one in messages[len(receipts) :]]
        finally:
            self._posting.close()
        return receipts


def told(message: Outgoing, medium: Medium) -> dict[str, Any]:
    """The body: ``id`` and ``at``, and what the medium has.

    Audiences: who (by the hashed address), which audience, joining or leaving, code, offer, product and expiry where
    there are. Other media: ``channel``, ``medium``, ``to``, ``subject``, ``text``, ``html``, ``data``.
    """
    base = {"id": message.message_id, "at": message.at.isoformat()}
    if REQUEST in message.data:
        return {**base, **message.data[REQUEST]}
    if medium != "ads":
        texts = {"subject": message.subject, "text": message.text, "html": message.html}
        letter = {"channel": message.channel, "medium": medium, "to": message.address}
        return {**base, **letter, **{name: text for name, text in texts.items() if text}, "data": dict(message.data)}
    try:
        known = json.loads(message.text)
    except ValueError:  # a message of another kind; its text is all there is
        known = {"text": message.text}
    return {**base, "hashed_email": message.address, **known}


def _receipt(message_id: str, answer: Answer) -> Receipt:
    return Receipt(
        message_id,
        answer.outcome,
        accepted_id=message_id if answer.outcome == "accepted" else "",
        error=answer.error,
        retry_after=answer.retry_after,
        bad_address=answer.nobody,
    )


def webhook_channel(medium: Medium) -> ChannelKind:
    """The kind of channel that posts messages of ``medium``."""

    def opened(settings: BaseModel, place: ChannelPlace) -> WebhookChannel:
        assert isinstance(settings, WebhookSettings)
        return WebhookChannel(settings, place.settings, medium)

    name = "webhook" if medium == "ads" else f"webhook_{medium}"
    return ChannelKind(
        name, Capabilities(medium, idempotent=True, batch_size=50, delivers=True), WebhookSettings, opened
    )
