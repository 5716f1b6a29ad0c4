"""What the log is told of messages: ``Email Sent`` and the like."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.deliver.outbox import EVENT_NAMES, Queued
from foretell.deliver.surveys import told_events
from foretell.engine import TIMESTAMP, Batch
from foretell.ids import stable_id

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
    if what == "Sent":
        _tell_surveys(batch, messages)


def _tell_surveys(batch: Batch, messages: Sequence[Queued]) -> None:
    """``Survey Sent`` for each survey of a message, once."""
    rows = [
        {
            "message_id": stable_id("e", one.message_id, "survey", survey),
            "event": "Survey Sent",
            "ts": naive_utc(one.next_at),
            "node_key": one.node_key,
            "property:message_id": one.message_id,
            **{name: getattr(one, name) for name in SAID if name != "channel"},
            "channel": one.medium,
            "survey": survey,
            "touchpoint": touchpoint,
            "reminder": float(reminder),
        }
        for one in messages
        for survey, touchpoint, reminder in told_events(one.variables)
    ]
    if rows:
        batch.tell(pa.Table.from_pylist(rows, schema=_SURVEY_SENT))


_SURVEY_SENT = pa.schema(
    [
        ("message_id", pa.string()),
        ("event", pa.string()),
        ("ts", TIMESTAMP),
        ("node_key", pa.int64()),
        ("property:message_id", pa.string()),
        *((name, pa.string()) for name in SAID),
        ("survey", pa.string()),
        ("touchpoint", pa.string()),
        ("reminder", pa.float64()),
    ]
)
