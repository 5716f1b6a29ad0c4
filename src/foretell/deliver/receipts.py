"""What a receipt makes of a message, and how that is recorded and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from foretell.clock import micros
from foretell.deliver import outbox, spans, standings, suppressions
from foretell.deliver.afterwards import settle_by_receipts
from foretell.deliver.channels.base import Capabilities, Receipt
from foretell.deliver.outbox import Queued
from foretell.deliver.own_events import tell
from foretell.engine import Batch, Tx
from foretell.ids import seed_of

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
_SPREAD = 0.1
"""Pauses are longer by up to this share, each by its own: what failed together does not come back together."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a message.

    Args:
        next_at: when it is tried again.
        failure: for ``failed``: ``transient`` where every try failed and another might not, else ``terminal``.
        stopped: whoever has the address wants nothing more over this medium.
    """

    message: Queued
    state: str
    next_at: datetime | None = None
    accepted_id: str = ""
    error: str = ""
    failure: str = ""
    stopped: bool = False


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
        state = outbox.BOUNCED if receipt.bad_address else outbox.FAILED
        return Verdict(message, state, error=receipt.error, stopped=receipt.stopped)
    if outcome == "uncertain" and not (capabilities and capabilities.idempotent):
        return Verdict(message, outbox.UNCERTAIN, error=receipt.error)
    if message.attempts + 1 >= most_attempts:
        why = f"given up after {message.attempts + 1} attempts: {receipt.error}"
        return Verdict(message, outbox.FAILED, error=why, failure="transient")
    pause = spread(max(receipt.retry_after or timedelta(0), pause_after(message.attempts + 1)), message)
    return Verdict(message, outbox.QUEUED, next_at=now + pause, error=receipt.error)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, six hours at most."""
    doubled: int = 1 << min(attempts - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def spread(pause: timedelta, message: Queued) -> timedelta:
    """``pause``, longer by a share that message and attempt decide."""
    drawn = seed_of("retry", message.message_id, str(message.attempts)) / (1 << 63)
    return pause + timedelta(seconds=round(pause.total_seconds() * _SPREAD * drawn))


def record(tx: Tx, batch: Batch, verdicts: Sequence[Verdict]) -> None:
    """Write verdicts into the ledger, tell their events, list addresses that bounce or want nothing more. What a
    vendor told of a message before its answer was there holds over the verdict."""
    if not verdicts:
        return
    tx.executemany(
        "UPDATE messages SET state = ?, next_at = ?, sent_at = ?, handed_over_at = ?, delivered_at = ?, ended_at = ?, "
        "accepted_id = ?, error = ?, failure = ? WHERE message_id = ?",
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
    stopped = [one.message for one in verdicts if one.stopped]
    suppressions.add(tx, [(one.medium, one.address, "stopped", one.message_id) for one in stopped], batch.now)
    standings.note_sent(tx, _by_channel(verdicts), batch.now)
    settle_by_receipts(tx, batch, pa.array([one.message.message_id for one in verdicts], pa.string()))


def leave_open(tx: Tx, batch: Batch, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """End messages as :func:`outbox.give_up` does, unless a vendor has told of them: then that holds."""
    outbox.give_up(tx, batch, rows, now)
    settle_by_receipts(tx, batch, pa.array([row[0] for row in rows], pa.string()))


def _by_channel(verdicts: Sequence[Verdict]) -> list[tuple[str, int, int, str]]:
    found: dict[str, tuple[int, int, str]] = {}
    for one in verdicts:
        taken, failed, why = found.get(one.message.channel, (0, 0, ""))
        good = one.state in (outbox.SENT, outbox.DELIVERED)
        found[one.message.channel] = (taken + good, failed + (not good), why if good else one.error)
    return [(channel, *told) for channel, told in sorted(found.items())]


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
        (verdict.failure or "terminal") if verdict.state == outbox.FAILED else None,
        verdict.message.message_id,
    )
