"""Hand-overs that were no success, one by one, with what the other side said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.deliver import outbox
from foretell.deliver.receipts import Verdict
from foretell.engine import Engine, Tx


@dataclass(frozen=True)
class Attempt:
    """A hand-over that was no success.

    Args:
        outcome: ``later``, ``failed``, ``bounced`` or ``uncertain``.
        said: the other side's answer, or what went wrong.
        next_at: when it was to be tried again.
    """

    number: int
    at: datetime
    outcome: str
    said: str
    next_at: datetime | None = None


def note(tx: Tx, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Keep what was no success; what was, the message itself tells."""
    tx.executemany(
        "INSERT INTO message_attempts (message_id, number, at, outcome, said, next_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (message_id, number) DO UPDATE SET at = excluded.at, outcome = excluded.outcome, "
        "said = excluded.said, next_at = excluded.next_at",
        [
            (
                one.message.message_id,
                one.message.attempts + 1,
                micros(now),
                "later" if one.state == outbox.QUEUED else one.state,
                one.error,
                None if one.next_at is None else micros(one.next_at),
            )
            for one in verdicts
            if one.state not in (outbox.SENT, outbox.DELIVERED)
        ],
    )


def attempts_of(engine: Engine, message_id: str) -> tuple[Attempt, ...]:
    """The unsuccessful hand-overs of a message, the first one first."""
    rows = engine.ops.query(
        "SELECT number, at, outcome, said, next_at FROM message_attempts WHERE message_id = ? ORDER BY number",
        (message_id,),
    )
    return tuple(
        Attempt(number, from_micros(at), outcome, said, None if next_at is None else from_micros(next_at))
        for number, at, outcome, said, next_at in rows
    )
