"""What a receipt makes of a message, and how that is recorded and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.deliver import outbox, spans, suppressions
from foretell.deliver.channels.base import Capabilities, Receipt
from foretell.deliver.outbox import EVENT_NAMES, Queued
from foretell.engine import TIMESTAMP, Batch, Tx

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
SAID = ("journey", "run", "step", "campaign", "topic", "channel", "template")
"""What every event of a message says; its property ``message`` is the message's id."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a message.

    Args:
        next_at: when it is tried again.
    """

    message: Queued
    state: str
    next_at: datetime | None = None
    accepted_id: str = ""
    error: str = ""


def verdict_of(
    message: Queued, receipt: Receipt, capabilities: Capabilities | None, now: datetime, most_attempts: int
) -> Verdict:
    """What ``receipt`` makes of ``message``; its ``attempts`` are those before this one.

    Args:
        capabilities: of the channel; None where nothing serves it.
    """
    outcome = receipt.outcome
    if outcome == "accepted":
        state = outbox.DELIVERED if capabilities and capabilities.delivers else outbox.SENT
        return Verdict(message, state, accepted_id=receipt.accepted_id)
    if outcome == "refused":
        return Verdict(message, outbox.BOUNCED if receipt.bad_address else outbox.FAILED, error=receipt.error)
    if outcome == "uncertain" and not (capabilities and capabilities.idempotent):
        return Verdict(message, outbox.UNCERTAIN, error=receipt.error)
    if message.attempts + 1 >= most_attempts:
        return Verdict(message, outbox.FAILED, error=f"given up after {message.attempts + 1} attempts: {receipt.error}")
    pause = max(receipt.retry_after or timedelta(0), pause_after(message.attempts + 1))
    return Verdict(message, outbox.QUEUED, next_at=now + pause, error=receipt.error)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, six hours at most."""
    doubled: int = 1 << min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def record(tx: Tx, batch: Batch, verdicts: Sequence[Verdict]) -> None:
    """Write verdicts into the ledger, tell their events, list addresses that bounce."""
    if not verdicts:
        return
    tx.executemany(
        "UPDATE messages SET state = ?, next_at = ?, sent_at = ?, handed_over_at = ?, delivered_at = ?, ended_at = ?, "
        "accepted_id = ?, error = ? WHERE message_id = ?",
        [_row(verdict, batch.now) for verdict in verdicts],
    )
    outbox.leave(tx, [one.message.message_id for one in verdicts if one.state not in (outbox.QUEUED, outbox.FAILED)])
    outbox.publish(tx, batch, pa.array([one.message.message_id for one in verdicts], pa.string()))
    spans.forget(tx, [one.message.message_id for one in verdicts if one.state != outbox.QUEUED])
    sent = [one.message for one in verdicts if one.state in (outbox.SENT, outbox.DELIVERED)]
    tell(batch, "Sent", sent)
    tell(batch, "Delivered", [one.message for one in verdicts if one.state == outbox.DELIVERED])
    bounced = [one.message for one in verdicts if one.state == outbox.BOUNCED]
    tell(batch, "Bounced", bounced)
    suppressions.add(tx, [(one.medium, one.address, "bounced", one.message_id) for one in bounced], batch.now)


def _row(verdict: Verdict, now: datetime) -> tuple[object, ...]:
    """A message counts as sent at the instant it was due; ``handed_over_at`` is when that was done."""
    due = micros(verdict.message.next_at)
    sent = due if verdict.state in (outbox.SENT, outbox.DELIVERED) else None
    over = verdict.state in (outbox.FAILED, outbox.BOUNCED, outbox.UNCERTAIN)
    return (
        verdict.state,
        None if verdict.next_at is None else micros(verdict.next_at),
        sent,
        None if sent is None else micros(now),
        sent if verdict.state == outbox.DELIVERED else None,
        micros(now) if over else None,
        verdict.accepted_id or None,
        verdict.error or None,
        verdict.message.message_id,
    )


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
