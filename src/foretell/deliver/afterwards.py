"""What receipts make of messages: the vendor knows better than we do, in whatever order it tells.

The state of a message that was handed over is a function of what we believe and of everything that was told of it, so
that receipts may come twice, in any order, and before the answer to the request itself. A receipt settles a message of
which nobody knew whether it went out, and takes one that waits for another try out of the queue: nothing goes twice.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.deliver import outbox, spans
from foretell.deliver.own_events import tell
from foretell.engine import Batch, Tx, python_rows, scratch, table_of

BEFORE = "before:"
"""Begins the kind of what was told of an earlier sending of a message that was put through again."""
_TOLD = {
    "message_id": pa.string(), "kind": pa.string(), "at": pa.int64(), "machine": pa.int64(), "said": pa.string(),
}  # fmt: skip
_SUMS = """
SELECT message_id,
  min(CASE WHEN kind IN ('open', 'click', 'reply') AND machine = 0 THEN t.at END) AS opened,
  min(CASE WHEN kind = 'click' AND machine = 0 THEN t.at END) AS clicked,
  min(CASE WHEN kind = 'delivered' THEN t.at END) AS delivered,
  min(CASE WHEN kind IN ('bounce', 'soft_bounce', 'failed') THEN t.at END) AS ended,
  min(CASE WHEN kind IN ('bounce', 'soft_bounce', 'failed') THEN said END) AS said,
  max(CASE WHEN kind IN ('bounce', 'soft_bounce') THEN 3 WHEN kind = 'failed' THEN 2 WHEN kind = 'delivered' THEN 1
    WHEN kind IN ('reply', 'stop') THEN -1 ELSE 0 END) AS weight
FROM t GROUP BY message_id"""
_NEXT = """
SELECT m.message_id, m.state AS state, weight, ended, said,
  least(m.opened_at, opened) AS opened, least(m.clicked_at, clicked) AS clicked,
  least(m.delivered_at, delivered) AS delivered,
  CASE WHEN m.state IN ('sent', 'delivered', 'bounced', 'failed', 'uncertain') THEN true
    ELSE m.state IN ('queued', 'cancelled') AND m.attempts > 0 END AS handed_over,
  m.state IN ('uncertain', 'failed', 'queued', 'cancelled') AS doubted
FROM s JOIN m ON m.message_id = s.message_id"""
_FIRSTS = "SELECT opened, clicked, delivered, message_id FROM n ORDER BY message_id"
_CHANGES = """
SELECT CASE weight WHEN 3 THEN 'bounced' WHEN 2 THEN 'failed' WHEN 1 THEN 'delivered' ELSE 'sent' END AS state,
  CASE WHEN weight >= 2 THEN ended END AS ended, CASE WHEN weight >= 2 THEN said END AS said,
  CASE WHEN weight = 2 THEN 'terminal' END AS failure, message_id, doubted
FROM n
WHERE handed_over AND weight >= 0 AND (weight >= 2 OR doubted OR (weight = 1 AND state = 'sent')) ORDER BY message_id"""
"""An answer is about the latest message to its sender as far as anybody knows: it proves nothing of that message."""
_KEEP_FIRST = "UPDATE messages SET opened_at = ?, clicked_at = ?, delivered_at = ? WHERE message_id = ?"
_KEEP_STATE = (
    "UPDATE messages SET state = ?, ended_at = ?, error = ?, failure = ?, next_at = NULL, "
    "sent_at = coalesce(sent_at, at), handed_over_at = coalesce(handed_over_at, ?) WHERE message_id = ?"
)


def settle_by_receipts(tx: Tx, batch: Batch, ids: pa.Array | pa.ChunkedArray) -> None:
    """Bring messages in line with everything that was told of them, and tell the events of those that turn out sent.

    Args:
        ids: of messages; those of which nothing was told stay as they are. What is with its channel at this moment
            keeps its state: whoever records the answer asks again.
    """
    tx.put("settled_messages", pa.table({"message_id": pc.unique(ids)}))
    found = tx.query(
        "SELECT e.message_id, e.kind, e.at, e.machine, e.said FROM settled_messages s "
        "JOIN engagements e ON e.message_id = s.message_id WHERE substr(e.kind, 1, 7) <> ?",
        (BEFORE,),
    )
    if not found:
        return
    sums = scratch(_SUMS, {"t": table_of(_TOLD, found)})
    messages = outbox.of_ids(tx, sums["message_id"])
    told = scratch(_NEXT, {"s": sums, "m": messages})
    tx.executemany(_KEEP_FIRST, python_rows(scratch(_FIRSTS, {"n": told})))
    _change(tx, batch, scratch(_CHANGES, {"n": told}), messages)
    outbox.publish(tx, batch, sums["message_id"])


def _change(tx: Tx, batch: Batch, changes: pa.Table, messages: pa.Table) -> None:
    if not changes.num_rows:
        return
    now = micros(batch.now)
    rows = python_rows(changes)
    tx.executemany(_KEEP_STATE, [(*row[:4], now, row[4]) for row in rows])
    doubted = changes.filter(changes["doubted"])["message_id"]
    ids: list[str] = doubted.to_pylist()
    outbox.leave(tx, ids)
    spans.forget(tx, ids)
    settled = messages.filter(pc.is_in(messages["message_id"], doubted.combine_chunks()))
    tell(batch, "Sent", [replace(one, next_at=one.at) for one in outbox.queued_of(settled)])
