"""Audiences over a signed webhook: a request for everybody who joins or leaves.

Delivery is at least once: ``Idempotency-Key`` is the message's id, by which a receiver knows a request that comes
again. See :mod:`foretell.deliver.posting`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from foretell.definitions import WorkspaceSettings
from foretell.deliver.channels.base import Capabilities, ChannelKind, ChannelPlace, Outgoing, Receipt
from foretell.deliver.posting import UNREACHABLE, Answer, Posting, Target


class WebhookSettings(Target):
    """Where requests go, and how they are signed."""

    signing_secret: str = Field(min_length=1, description="Name under `secrets` in foretell.yaml of the shared secret.")


class WebhookChannel:
    """Posts messages one after the other over one connection a call."""

    def __init__(self, settings: WebhookSettings, workspace: WorkspaceSettings) -> None:
        self._posting = Posting(settings, settings.signing_secret, workspace)

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`. Who cannot be reached is not tried for the others."""
        receipts: list[Receipt] = []
        try:
            for message in messages:
                receipts.append(
                    _receipt(message.message_id, self._posting.post(message.message_id, _told(message), now))
                )
        except UNREACHABLE as error:
            said = str(error) or type(error).__name__
            receipts += [Receipt(one.message_id, "later", error=said) for one in messages[len(receipts) :]]
        finally:
            self._posting.close()
        return receipts


def _told(message: Outgoing) -> dict[str, Any]:
    """What is told: who (by the hashed address), which audience, joining or leaving, the code where there is one."""
    try:
        known = json.loads(message.text)
    except ValueError:  # a message of another kind; its text is all there is
        known = {"text": message.text}
    return {"id": message.message_id, "at": message.at.isoformat(), "hashed_email": message.address, **known}


def _receipt(message_id: str, answer: Answer) -> Receipt:
    return Receipt(
        message_id,
        answer.outcome,
        accepted_id=message_id if answer.outcome == "accepted" else "",
        error=answer.error,
        retry_after=answer.retry_after,
        bad_address=answer.nobody,
    )


def _open(settings: BaseModel, place: ChannelPlace) -> WebhookChannel:
    assert isinstance(settings, WebhookSettings)
    return WebhookChannel(settings, place.settings)


CHANNEL = ChannelKind(
    "webhook", Capabilities("ads", idempotent=True, batch_size=50, delivers=True), WebhookSettings, _open
)
