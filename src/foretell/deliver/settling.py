"""Messages of which nobody knows whether they went out: a person looks and says so."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from foretell.clock import micros
from foretell.deliver import outbox
from foretell.deliver.receipts import Verdict, record
from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError


def settle(engine: Engine, message_id: str, *, went_out: bool, now: datetime) -> None:
    """Say of an ``uncertain`` message whether it went out: then it counts as sent, else it is tried again.

    Raises:
        UsageError: ``MESSAGE_UNKNOWN``; ``MESSAGE_CERTAIN`` where its state is another.
    """
    message = outbox.by_id(engine, message_id)
    if message is None:
        next_step = "See `foretell messages list --state uncertain`."
        raise UsageError("MESSAGE_UNKNOWN", f"there is no message {message_id!r}", next_step=next_step)
    engine.act("deliver", lambda tx, batch: _settle(tx, batch, message, went_out), now=now)


def _settle(tx: Tx, batch: Batch, message: outbox.Queued, went_out: bool) -> None:
    state = tx.query("SELECT state FROM messages WHERE message_id = ?", (message.message_id,))[0][0]
    if state != outbox.UNCERTAIN:
        raise UsageError(
            "MESSAGE_CERTAIN",
            f"the message is {state}, so there is nothing to settle",
            thing=f"message {message.message_id}",
            next_step="See `foretell messages list --state uncertain`.",
        )
    if went_out:
        record(tx, batch, [Verdict(message, outbox.SENT, error="settled by hand")])
        return
    tx.execute(
        "UPDATE messages SET state = 'queued', next_at = ?, ended_at = NULL, error = NULL WHERE message_id = ?",
        (micros(batch.now), message.message_id),
    )
    outbox.publish(tx, batch, pa.array([message.message_id], pa.string()))
