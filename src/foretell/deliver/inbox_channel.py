"""The development channels: a vendor whose world is the table ``inbox``.

They behave as a good vendor does: the same message id twice is one message, whose ``attempts`` count.
Addresses at ``simulator.example`` and numbers below show what a vendor's refusals do to a journey.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel

from foretell.clock import micros
from foretell.deliver.channels.base import (
    Capabilities,
    Channel,
    ChannelKind,
    ChannelPlace,
    Medium,
    NoSettings,
    Outgoing,
    Receipt,
)
from foretell.engine import OperationalStore

BATCH_SIZE = 500
BOUNCES = frozenset({"bounce@simulator.example", "+15005550001"})
REFUSES = frozenset({"refuse@simulator.example", "+15005550004"})
LATER = frozenset({"later@simulator.example", "+15005550006"})
RETRY_AFTER = timedelta(minutes=10)
_PUT = (
    "INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) "
    "ON CONFLICT (message_id) DO UPDATE SET attempts = inbox.attempts + 1"
)


class InboxChannel:
    """Puts messages into the inbox."""

    def __init__(self, medium: Medium, ops: OperationalStore) -> None:
        self._medium = medium
        self._ops = ops

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        """See :class:`~foretell.deliver.channels.base.Channel`."""
        receipts = [_receipt(message) for message in messages]
        rows = [
            (
                message.message_id,
                message.channel,
                self._medium,
                message.address,
                message.subject,
                message.html,
                message.text,
                json.dumps(dict(message.headers), ensure_ascii=False),
                micros(message.at),
                micros(now),
            )
            for message, receipt in zip(messages, receipts, strict=True)
            if receipt.outcome == "accepted"
        ]
        if rows:
            with self._ops.write() as tx:
                tx.executemany(_PUT, rows)
        return receipts


def _receipt(message: Outgoing) -> Receipt:
    address = message.address
    if address in BOUNCES:
        return Receipt(message.message_id, "refused", error="the mailbox does not exist", bad_address=True)
    if address in REFUSES:
        return Receipt(message.message_id, "refused", error="the content is refused")
    if address in LATER:
        return Receipt(message.message_id, "later", error="the vendor is busy", retry_after=RETRY_AFTER)
    return Receipt(message.message_id, "accepted", accepted_id=f"inbox:{message.message_id}")


def development_channel(medium: Medium) -> ChannelKind:
    """The development channel of ``medium``."""
    return ChannelKind(
        f"inbox_{medium}",
        Capabilities(medium, idempotent=True, batch_size=BATCH_SIZE, delivers=True),
        NoSettings,
        _opener(medium),
        development=True,
    )


def _opener(medium: Medium) -> Callable[[BaseModel, ChannelPlace], Channel]:
    return lambda _settings, place: InboxChannel(medium, place.ops)
