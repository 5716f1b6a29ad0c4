"""Joining what was decided, with its evidence."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import Batch, Tx, scratch, table_of
from foretell.identify.joining import join
from foretell.identify.ledger import MATCHED, MERGED, filled, kept_apart_pairs
from foretell.identify.matching.tables import JOINED, enter_pairs


def join_decided(tx: Tx, batch: Batch, joins: pa.Table, model: int) -> pa.Table:
    """Join profiles with their evidence; returns the joins that are left to the next run, since their people have
    changed, or were told apart, after it was decided."""
    if not joins.num_rows:
        return joins
    tx.put("match_joins", joins.select(["loser_key", "winner_key"]), key="loser_key")
    moved = tx.query(
        "SELECT j.loser_key FROM match_joins j JOIN merged m ON m.node_key = j.loser_key OR m.node_key = j.winner_key"
    )
    gone = tx.query(
        "SELECT j.loser_key FROM match_joins j LEFT JOIN nodes a ON a.node_key = j.loser_key "
        "LEFT JOIN nodes b ON b.node_key = j.winner_key WHERE a.node_key IS NULL OR b.node_key IS NULL"
    )
    stale = pa.table({"loser_key": pa.array(sorted({key for (key,) in (*moved, *gone)}), pa.int64())})
    tables = {"j": joins, "s": stale, "k": kept_apart_pairs(tx)}
    left = scratch(_LEFT, tables)
    kept = scratch("SELECT * FROM j ANTI JOIN l USING (loser_key) ORDER BY loser_key", {"j": joins, "l": left})
    known = _identifiers_of(tx, kept)
    rows = scratch(_LEDGER, {"j": kept, "i": known}, {"reason": MATCHED})
    join(tx, batch, filled(rows, MERGED))
    enter_pairs(tx, kept, JOINED, model, batch.now)
    return left


def _identifiers_of(tx: Tx, joins: pa.Table) -> pa.Table:
    """An identifier of each node of evidence: the user id where it has one."""
    nodes = scratch("SELECT node_a AS node_key FROM j UNION SELECT node_b FROM j", {"j": joins})
    tx.put("match_nodes", nodes, key="node_key")
    rows = tx.query(
        "SELECT i.node_key, i.kind, i.value FROM match_nodes n JOIN identifiers i ON i.node_key = n.node_key"
    )
    return table_of({"node_key": pa.int64(), "kind": pa.string(), "value": pa.string()}, rows)


_LEFT = """
SELECT j.* FROM j LEFT JOIN k ON least(k.profile_a, k.profile_b) = least(j.loser_key, j.winner_key)
    AND greatest(k.profile_a, k.profile_b) = greatest(j.loser_key, j.winner_key)
WHERE k.profile_a IS NOT NULL OR j.loser_key IN (SELECT loser_key FROM s)"""
_LEDGER = """
WITH chosen AS (SELECT node_key, arg_min(kind, CASE kind WHEN 'user_id' THEN 0 WHEN 'email' THEN 1 WHEN 'phone' THEN 2
        WHEN 'anonymous_id' THEN 9 ELSE 3 END || kind || value) AS kind,
    arg_min(value, CASE kind WHEN 'user_id' THEN 0 WHEN 'email' THEN 1 WHEN 'phone' THEN 2
        WHEN 'anonymous_id' THEN 9 ELSE 3 END || kind || value) AS value FROM i GROUP BY node_key)
SELECT j.loser_key, j.winner_key, $reason AS reason, a.kind AS kind_a, a.value AS value_a, b.kind AS kind_b,
    b.value AS value_b, CAST(NULL AS VARCHAR) AS message_id, j.note
FROM j LEFT JOIN chosen a ON a.node_key = j.node_a LEFT JOIN chosen b ON b.node_key = j.node_b ORDER BY j.loser_key"""
