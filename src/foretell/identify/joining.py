"""Making profiles one, and several again: what both take down in the map, in the ledger and in the log.

The tables of all rooms follow through :attr:`~foretell.engine.Batch.merges` and ``splits`` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.engine import Batch, Tx, integers, scratch, table_of
from foretell.identify.ledger import UNDONE, record_merges
from foretell.identify.telling import tell_split

SPLITS = pa.schema([("node_key", pa.int64()), ("profile_key", pa.int64()), ("from_key", pa.int64())])
"""As the stages' ``unmerge`` takes them."""


def join(tx: Tx, batch: Batch, merges: pa.Table, *, told: bool = False) -> None:
    """Let profiles go into others.

    Args:
        merges: columns of :data:`~foretell.identify.ledger.MERGED`; no winner is a loser of the same table.
        told: True where the merges were told before.
    """
    if not merges.num_rows:
        return
    keys = merges.select(["loser_key", "winner_key"])
    record_merges(tx, batch, merges, told=told)
    tx.put("fresh_merges", keys, key="loser_key")
    # IN, not JOIN: with two keys to choose from, the store would go through all that ever merged.
    went = tx.query(
        "SELECT node_key, profile_key FROM merged WHERE profile_key IN (SELECT loser_key FROM fresh_merges)"
    )
    old = table_of({"node_key": pa.int64(), "loser_key": pa.int64()}, went)
    batch.emit("merged", scratch(_MOVED, {"m": keys, "o": old}))
    batch.merges.append(keys)


def part(tx: Tx, batch: Batch, splits: pa.Table, entries: Sequence[int], reason: str) -> None:
    """Let nodes be people of their own again.

    Args:
        splits: columns of :data:`SPLITS`.
        entries: numbers of the merges that are undone.
        reason: ``hand`` or ``rules``.
    """
    undo(tx, batch, entries)
    if not splits.num_rows:
        return
    batch.emit("merged", splits.select(["node_key", "profile_key"]))
    batch.splits.append(splits)
    own = integers(splits["node_key"]) == integers(splits["profile_key"])
    people = splits.filter(pa.array(own)).select(["profile_key", "from_key"])
    tell_split(tx, batch, people.append_column("reason", pa.repeat(reason, people.num_rows)))


def undo(tx: Tx, batch: Batch, entries: Sequence[int]) -> None:
    """Mark merges as undone."""
    tx.executemany(
        f"UPDATE merges SET state = '{UNDONE}', undone_at = {micros(batch.now)} WHERE merge_id = ?",
        [(number,) for number in entries],
    )


def splits_of(nodes: Sequence[int], from_key: int) -> pa.Table:
    """Nodes of one profile that are one person from now on; the oldest gives the key."""
    keys = np.array(sorted(nodes), dtype=np.int64)
    rows = {"node_key": keys, "profile_key": np.full(len(keys), keys.min()), "from_key": np.full(len(keys), from_key)}
    return pa.table(rows, schema=SPLITS)


_MOVED = """
SELECT loser_key AS node_key, winner_key AS profile_key FROM m
UNION ALL SELECT o.node_key, m.winner_key FROM o JOIN m USING (loser_key)"""
