"""The ledger: which edge made two profiles one, who is kept apart, and which joins were denied.

A merge is an edge between two **nodes**: those of the two identifiers that were its evidence. As each merge
joins two profiles that were apart, the merges in force of a profile are a tree over its nodes; taking one
away leaves exactly the two sides that it had joined (:mod:`.undoing`).

Other modules of this room hand in what they decided with :func:`record_merges` and :func:`record_denials`;
nobody else writes these tables.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.engine import (
    TIMESTAMP,
    Batch,
    OperationalStore,
    Tx,
    integers,
    python_rows,
    scratch,
    table_of,
    with_column,
)
from foretell.identify.telling import tell_merged

Ints = npt.NDArray[np.int64]

EVENT, ALIAS, MATCHED, HAND, RULES = "event", "alias", "matched", "hand", "rules"
"""Why two profiles are one: an event named both, an alias call, a match of records, by hand, changed rules."""
DECIDED = (HAND, MATCHED)
"""Reasons that somebody stands for; changed rules do not take them back."""
IN_FORCE, UNDONE = "in_force", "undone"

MERGED = pa.schema(
    [
        ("loser_key", pa.int64()),
        ("winner_key", pa.int64()),
        ("reason", pa.string()),
        ("kind_a", pa.string()),
        ("value_a", pa.string()),
        ("kind_b", pa.string()),
        ("value_b", pa.string()),
        ("message_id", pa.string()),
        ("note", pa.string()),
        ("merged_at", pa.int64()),
    ]
)
"""What :func:`record_merges` takes; all but the keys and the reason may be null or left out. ``merged_at`` (µs) is
now where it is left out."""
DENIED = pa.schema(
    [
        ("rule", pa.string()),
        ("kind_a", pa.string()),
        ("value_a", pa.string()),
        ("kind_b", pa.string()),
        ("value_b", pa.string()),
        ("at", TIMESTAMP),
        ("message_id", pa.string()),
        ("times", pa.int64()),
    ]
)
"""What :func:`record_denials` takes: each edge once. ``rule`` says what denied it: ``limit:email``,
``merges:phone``, ``shared:anonymous_id`` or ``kept_apart``; ``at`` and ``message_id`` are of the last event."""

MIGRATION = """
INSERT INTO counters VALUES ('merge_id', 0);
CREATE TABLE merge_ledger (
    merge_id BIGINT PRIMARY KEY, loser_key BIGINT NOT NULL, winner_key BIGINT NOT NULL, batch BIGINT NOT NULL,
    merged_at BIGINT NOT NULL, reason TEXT NOT NULL, kind_a TEXT, value_a TEXT, kind_b TEXT, value_b TEXT,
    message_id TEXT, note TEXT, node_a BIGINT NOT NULL, node_b BIGINT NOT NULL, state TEXT NOT NULL,
    undone_at BIGINT) /*clustered*/;
INSERT INTO merge_ledger
    SELECT row_number() OVER (ORDER BY batch, loser_key), loser_key, winner_key, batch, merged_at, 'event',
        NULL, NULL, NULL, NULL, NULL, NULL, winner_key, loser_key, 'in_force', NULL FROM merges;
UPDATE counters SET value = (SELECT count(*) FROM merge_ledger) WHERE name = 'merge_id';
DROP TABLE merges;
ALTER TABLE merge_ledger RENAME TO merges;
CREATE INDEX merges_by_node_a ON merges (node_a);
CREATE INDEX merges_by_node_b ON merges (node_b);
CREATE TABLE kept_apart (
    node_a BIGINT, node_b BIGINT, since BIGINT NOT NULL, note TEXT, PRIMARY KEY (node_a, node_b)) /*clustered*/;
CREATE INDEX kept_apart_by_node_b ON kept_apart (node_b);
CREATE TABLE denied (
    rule TEXT, kind_a TEXT, value_a TEXT, kind_b TEXT, value_b TEXT, times BIGINT NOT NULL, first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL, message_id TEXT NOT NULL,
    PRIMARY KEY (rule, kind_a, value_a, kind_b, value_b)) /*clustered*/;
CREATE INDEX denied_by_b ON denied (kind_b, value_b);
CREATE INDEX denied_by_a ON denied (kind_a, value_a);
CREATE INDEX denied_by_time ON denied (last_at);
CREATE TABLE awaited_apart (
    profile_a TEXT NOT NULL, profile_b TEXT NOT NULL, node_a BIGINT, node_b BIGINT, since BIGINT NOT NULL, note TEXT);
"""
"""``node_a`` and ``node_b`` are the nodes of the two identifiers of the evidence. In ``kept_apart`` the
smaller node comes first; ``awaited_apart`` holds, while the log is derived again, pairs whose nodes are not born
yet."""


def record_merges(tx: Tx, batch: Batch, merges: pa.Table, *, told: bool = False) -> None:
    """Enter merges with their evidence, each under the next number in their order, and tell them.

    Args:
        told: True where they were told before.
        merges: columns of :data:`MERGED`. Both identifiers stand in ``identifiers`` already.
    """
    if not merges.num_rows:
        return
    ((last,),) = tx.query("SELECT value FROM counters WHERE name = 'merge_id'")
    tx.execute("UPDATE counters SET value = ? WHERE name = 'merge_id'", (last + merges.num_rows,))
    rows = filled(merges, MERGED)
    number = np.arange(last + 1, last + 1 + rows.num_rows, dtype=np.int64)
    evidence = nodes_of(tx, rows)
    rows = rows.append_column("merge_id", pa.array(number))
    rows = rows.append_column("node_a", evidence["node_a"]).append_column("node_b", evidence["node_b"])
    rows = with_column(rows, "merged_at", pc.fill_null(rows["merged_at"], micros(batch.now)))
    if not told:
        tell_merged(tx, batch, rows)
    columns = ("merge_id", *MERGED.names, "node_a", "node_b")
    tx.executemany(
        f"INSERT INTO merges ({', '.join(columns)}, batch, state) "
        f"VALUES ({', '.join('?' * len(columns))}, {int(batch.number)}, '{IN_FORCE}')",
        python_rows(rows.select(list(columns))),
    )


def nodes_of(tx: Tx, merges: pa.Table) -> pa.Table:
    """``node_a``, ``node_b`` of the evidence of each row; where an identifier is not known, winner and loser."""
    tx.put("merge_evidence", merges.append_column("place", pa.array(np.arange(merges.num_rows))))
    found = tx.query(
        "SELECT e.place, coalesce(a.node_key, e.winner_key), coalesce(b.node_key, e.loser_key) FROM merge_evidence e "
        "LEFT JOIN identifiers a ON a.kind = e.kind_a AND a.value = e.value_a "
        "LEFT JOIN identifiers b ON b.kind = e.kind_b AND b.value = e.value_b ORDER BY e.place"
    )
    return table_of({"place": pa.int64(), "node_a": pa.int64(), "node_b": pa.int64()}, found)


def record_denials(tx: Tx, denials: pa.Table) -> None:
    """Count joins that were denied; of an edge that was denied before, the last evidence stays.

    Args:
        denials: columns of :data:`DENIED`.
    """
    if not denials.num_rows:
        return
    rows = scratch(
        "SELECT rule, kind_a, value_a, kind_b, value_b, times, epoch_us(d.at) AS first_at, epoch_us(d.at) AS last_at, "
        "message_id FROM d",
        {"d": denials.select(DENIED.names).cast(DENIED)},
    )
    tx.executemany(
        "INSERT INTO denied VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rule, kind_a, value_a, kind_b, value_b) "
        "DO UPDATE SET times = denied.times + excluded.times, "
        "message_id = CASE WHEN excluded.last_at >= denied.last_at THEN excluded.message_id "
        "ELSE denied.message_id END, "
        "first_at = CASE WHEN excluded.first_at < denied.first_at THEN excluded.first_at ELSE denied.first_at END, "
        "last_at = CASE WHEN excluded.last_at > denied.last_at THEN excluded.last_at ELSE denied.last_at END",
        python_rows(rows),
    )


_PAIRS = {"profile_a": pa.int64(), "profile_b": pa.int64()}
_OWNED_PAIRS = (
    "SELECT DISTINCT coalesce(a.profile_key, k.node_a), coalesce(b.profile_key, k.node_b) FROM {pairs} k "
    "LEFT JOIN merged a ON a.node_key = k.node_a LEFT JOIN merged b ON b.node_key = k.node_b"
)


def kept_apart_pairs(tx: Tx | OperationalStore, profiles: Ints | None = None) -> pa.Table:
    """Pairs of profiles that may not become one.

    Args:
        profiles: keys of the profiles that may change; pairs without one of them are left out.

    Returns:
        ``profile_a``, ``profile_b``; a pair comes once. Both keys are today's, before the batch's own merges.
    """
    if not tx.query("SELECT 1 FROM kept_apart LIMIT 1"):
        return table_of(_PAIRS, [])
    pairs = table_of(_PAIRS, tx.query(_OWNED_PAIRS.format(pairs="kept_apart")))
    if profiles is None or not pairs.num_rows:
        return pairs
    concerned = np.isin(integers(pairs["profile_a"]), profiles) | np.isin(integers(pairs["profile_b"]), profiles)
    return pairs.filter(pa.array(concerned))


def await_apart(tx: Tx, live: OperationalStore) -> None:
    """Before the log is derived again: let the pairs that ``live`` keeps apart wait for their nodes."""
    rows = live.query(
        "SELECT a.profile_id, b.profile_id, k.since, k.note FROM kept_apart k "
        "JOIN nodes a ON a.node_key = k.node_a JOIN nodes b ON b.node_key = k.node_b"
    )
    tx.executemany("INSERT INTO awaited_apart (profile_a, profile_b, since, note) VALUES (?, ?, ?, ?)", rows)


def meet_awaited(tx: Tx, born: pa.Table) -> None:
    """Keep new nodes (``node_key``, ``profile_id``) apart from those that they were kept apart from before."""
    if not tx.query("SELECT 1 FROM awaited_apart LIMIT 1"):
        return
    tx.put("born_nodes", born.select(["node_key", "profile_id"]), key="node_key")
    for side in ("a", "b"):
        tx.execute(
            f"UPDATE awaited_apart SET node_{side} = (SELECT n.node_key FROM born_nodes n "
            f"WHERE n.profile_id = awaited_apart.profile_{side}) "
            f"WHERE profile_{side} IN (SELECT profile_id FROM born_nodes)"
        )
    tx.execute(
        "INSERT INTO kept_apart SELECT CASE WHEN node_a < node_b THEN node_a ELSE node_b END, "
        "CASE WHEN node_a < node_b THEN node_b ELSE node_a END, since, note FROM awaited_apart "
        "WHERE node_a IS NOT NULL AND node_b IS NOT NULL ON CONFLICT (node_a, node_b) DO NOTHING"
    )
    tx.execute("DELETE FROM awaited_apart WHERE node_a IS NOT NULL AND node_b IS NOT NULL")


def keep_apart(tx: Tx, node_a: int, node_b: int, at: datetime, note: str | None) -> None:
    """Remember that two nodes are two people, whatever an event says."""
    tx.execute(
        "INSERT INTO kept_apart VALUES (?, ?, ?, ?) ON CONFLICT (node_a, node_b) DO UPDATE SET "
        "since = excluded.since, note = excluded.note",
        (min(node_a, node_b), max(node_a, node_b), micros(at), note),
    )


def filled(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """``rows`` with exactly the columns of ``schema``; what is left out is null."""
    columns = {
        field.name: rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    }
    return pa.table(columns)


def forget(tx: Tx, nodes: str) -> None:
    """Forget what the ledger says of nodes.

    Args:
        nodes: a query of their keys.
    """
    tx.execute(f"DELETE FROM merges WHERE node_a IN ({nodes}) OR node_b IN ({nodes}) OR loser_key IN ({nodes})")
    tx.execute(f"DELETE FROM kept_apart WHERE node_a IN ({nodes}) OR node_b IN ({nodes})")
    theirs = f"SELECT i.kind, i.value FROM identifiers i WHERE i.node_key IN ({nodes})"
    for side in ("a", "b"):
        tx.execute(f"DELETE FROM denied WHERE (kind_{side}, value_{side}) IN ({theirs})")
