"""What the log is told of messages: ``Email Sent`` and the like."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.deliver.outbox import EVENT_NAMES, Queued
from foretell.engine import TIMESTAMP, Batch

SAID = ("journey", "run", "step", "campaign", "topic", "channel", "template")
"""What every event of a message says; its property ``message`` is the message's id."""


def tell(batch: Batch, what: str, messages: Sequence[Queued]) -> None:
    """Write ``Email Sent`` and the like into the log, at the instant the message was due."""
    messages = [message for message in messages if message.medium in EVENT_NAMES]
    if not messages:
        return
    columns = {
        "message_id": pa.array([f"{one.message_id}_{what.lower()}" for one in messages], pa.string()),
        "event": pa.array([f"{EVENT_NAMES[one.medium]} {what}" for one in messages], pa.string()),
        "ts": pa.array([naive_utc(one.next_at) for one in messages], TIMESTAMP),
        "node_key": pa.array([one.node_key for one in messages], pa.int64()),
        "property:message_id": pa.array([one.message_id for one in messages], pa.string()),
        **{name: pa.array([getattr(one, name) for one in messages], pa.string()) for name in SAID},
    }
    batch.tell(pa.table(columns))
