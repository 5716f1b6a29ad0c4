"""``Profiles Merged`` and ``Profiles Split``: in the log like all that Foretell does, nobody's activity."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.engine import Batch, Tx, integers, scratch, table_of

MERGED_EVENT, SPLIT_EVENT = "Profiles Merged", "Profiles Split"
NAMES_ANOTHER = ("merged_profile_id", "split_profile_id")
"""Their properties that hold the public id of the other person."""
_IDS = {"node_key": pa.int64(), "profile_id": pa.string()}


def tell_merged(tx: Tx, batch: Batch, rows: pa.Table) -> None:
    """Tell merges: one event each, of the person who stays.

    The message id follows from both people and the event that named them, so that deriving the log again tells
    the same merge once.

    Args:
        rows: ``merge_id loser_key winner_key reason kind_a kind_b message_id``.
    """
    tables = {"m": rows, "n": _profile_ids(tx, rows, ("loser_key", "winner_key"))}
    batch.tell(scratch(_MERGED, tables, {"now": naive_utc(batch.now), "stamp": str(micros(batch.now))}))


def tell_split(tx: Tx, batch: Batch, rows: pa.Table) -> None:
    """Tell splits: one event each, of the person who keeps the profile.

    Args:
        rows: ``profile_key`` (who is one of their own again), ``from_key`` and ``reason``, a row a person.
    """
    tables = {"s": rows, "n": _profile_ids(tx, rows, ("profile_key", "from_key"))}
    batch.tell(scratch(_SPLIT, tables, {"now": naive_utc(batch.now), "stamp": str(micros(batch.now))}))


def _profile_ids(tx: Tx, rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    keys = np.unique(np.concatenate([integers(rows[name]) for name in columns]))
    tx.put("told_people", pa.table({"node_key": keys}), key="node_key")
    # IN, not JOIN: with two keys to choose from, the store would go through all nodes.
    found = tx.query("SELECT node_key, profile_id FROM nodes WHERE node_key IN (SELECT node_key FROM told_people)")
    return table_of(_IDS, found)


_MERGED = """
SELECT 'g_' || substr(md5('merged' || chr(31) || l.profile_id || chr(31) || w.profile_id || chr(31)
    || coalesce(m.message_id, $stamp || m.reason)), 1, 20) AS message_id,
  'Profiles Merged' AS event, CAST($now AS TIMESTAMP) AS ts, m.winner_key AS node_key, m.reason,
  w.profile_id AS profile_id, l.profile_id AS merged_profile_id, m.kind_a, m.kind_b
FROM m JOIN n w ON w.node_key = m.winner_key JOIN n l ON l.node_key = m.loser_key ORDER BY m.merge_id"""
_SPLIT = """
SELECT 'g_' || substr(md5('split' || chr(31) || p.profile_id || chr(31) || f.profile_id || chr(31) || $stamp), 1, 20)
    AS message_id,
  'Profiles Split' AS event, CAST($now AS TIMESTAMP) AS ts, s.from_key AS node_key, s.reason,
  f.profile_id AS profile_id, p.profile_id AS split_profile_id
FROM s JOIN n p ON p.node_key = s.profile_key JOIN n f ON f.node_key = s.from_key ORDER BY s.profile_key"""
