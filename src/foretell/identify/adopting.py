"""Finding the people of a store again in one that was derived anew from the same bodies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from foretell.engine import Batch, OperationalStore, Tx, python_rows, scratch, table_of
from foretell.identify.forest import joining_edges
from foretell.identify.joining import join
from foretell.identify.ledger import DECIDED, EVENT, IN_FORCE, MERGED, UNDONE, record_merges

_HISTORY = (
    "merge_id", "merged_at", "reason", "kind_a", "value_a", "kind_b", "value_b", "message_id", "note", "undone_at",
)  # fmt: skip
_NODES = {"node_key": pa.int64(), "profile_id": pa.string()}
_MERGED = {"node_key": pa.int64(), "profile_key": pa.int64()}


def adopt(tx: Tx, batch: Batch, live: OperationalStore) -> pa.Table:
    """Say which node of the open store stands for each node of ``live``, and keep what was decided by hand.

    A node is known by its profile id, which follows from the identifier that it began with. One that no
    body begins any more is entered with the id it had; where another identifier of it still belongs to
    somebody, it goes to that person, as after a merge; one that was given to somebody so before stays theirs. Who
    was made one by hand or as a match is so again; who is kept apart stays so; merges that were taken back stay in
    the ledger.

    Returns:
        ``live_key``, ``node_key``; one row a node of ``live``, each with another ``node_key``.
    """
    tables = {
        "live": table_of(_NODES, live.query("SELECT node_key, profile_id FROM nodes")),
        "here": table_of(_NODES, tx.query("SELECT node_key, profile_id FROM nodes")),
    }
    found = scratch(
        "SELECT l.node_key AS live_key, h.node_key FROM live l JOIN here h USING (profile_id) ORDER BY l.node_key",
        tables,
    )
    lost = scratch("SELECT * FROM live ANTI JOIN here USING (profile_id) ORDER BY node_key", tables)
    if lost.num_rows:
        entered = _enter(tx, batch, lost)
        found = pa.concat_tables([found, entered])
        _give_back(tx, batch, live, entered, found)
    tx.execute("DELETE FROM awaited_apart")
    keys = dict(python_rows(found.select(["live_key", "node_key"])))
    _keep_undone(tx, live, keys, batch.number)
    _join_by_hand(tx, batch, live, keys)
    return found


def _keep_undone(tx: Tx, live: OperationalStore, keys: Mapping[int, int], batch: int) -> None:
    """Take over the merges that were taken back, and the pairs that are kept apart."""
    columns = ", ".join(_HISTORY)
    rows = live.query(f"SELECT loser_key, winner_key, node_a, node_b, {columns} FROM merges WHERE state = '{UNDONE}'")
    moved = [(*(keys[key] for key in row[:4]), *row[4:]) for row in rows if all(key in keys for key in row[:4])]
    marks = ", ".join("?" * (4 + len(_HISTORY)))
    tx.executemany(
        f"INSERT INTO merges (loser_key, winner_key, node_a, node_b, {columns}, batch, state) "
        f"VALUES ({marks}, {int(batch)}, '{UNDONE}')",
        moved,
    )
    pairs = live.query("SELECT node_a, node_b, since, note FROM kept_apart")
    here = [(*sorted((keys[a], keys[b])), since, note) for a, b, since, note in pairs if a in keys and b in keys]
    tx.executemany("INSERT INTO kept_apart VALUES (?, ?, ?, ?) ON CONFLICT (node_a, node_b) DO NOTHING", here)


def _join_by_hand(tx: Tx, batch: Batch, live: OperationalStore, keys: Mapping[int, int]) -> None:
    """Let those be one again whom somebody, or a match, made one."""
    reasons = ", ".join(f"'{reason}'" for reason in DECIDED)
    told = ("reason", "kind_a", "value_a", "kind_b", "value_b", "message_id", "note", "merged_at")
    rows = live.query(
        f"SELECT node_a, node_b, {', '.join(told)} FROM merges WHERE state = '{IN_FORCE}' AND reason IN ({reasons}) "
        "ORDER BY merge_id"
    )
    rows = [row for row in rows if row[0] in keys and row[1] in keys]
    owners = dict(tx.query("SELECT node_key, profile_key FROM merged")) if rows else {}
    edges = [(owners.get(keys[a], keys[a]), owners.get(keys[b], keys[b])) for a, b, *_ in rows]
    merges = [
        {"loser_key": loser, "winner_key": winner, **dict(zip(told, rows[place][2:], strict=True))}
        for place, loser, winner in joining_edges(edges)
    ]
    join(tx, batch, pa.Table.from_pylist(merges, MERGED), told=True)


def _enter(tx: Tx, batch: Batch, lost: pa.Table) -> pa.Table:
    """Enter the ``lost`` nodes under new keys; returns ``live_key``, ``node_key``."""
    ((last,),) = tx.query("SELECT value FROM counters WHERE name = 'profile_key'")
    keys = pa.array(np.arange(last + 1, last + 1 + lost.num_rows, dtype=np.int64))
    tx.execute("UPDATE counters SET value = ? WHERE name = 'profile_key'", (last + lost.num_rows,))
    rows = pa.table({"node_key": keys, "profile_id": lost["profile_id"]})
    tx.executemany("INSERT INTO nodes VALUES (?, ?)", python_rows(rows))
    batch.emit("nodes", rows)
    return pa.table({"live_key": lost["node_key"], "node_key": keys})


def _give_back(tx: Tx, batch: Batch, live: OperationalStore, entered: pa.Table, found: pa.Table) -> None:
    links = table_of(
        {"kind": pa.string(), "value": pa.string(), "live_key": pa.int64()},
        live.query("SELECT kind, value, node_key FROM identifiers"),
    )
    tx.put(
        "lost_links",
        scratch("SELECT l.kind, l.value, e.node_key FROM l JOIN e USING (live_key)", {"l": links, "e": entered}),
    )
    owners = table_of(
        _MERGED,
        tx.query(
            "SELECT l.node_key, min(coalesce(m.profile_key, i.node_key)) FROM lost_links l "
            "JOIN identifiers i ON i.kind = l.kind AND i.value = l.value "
            "LEFT JOIN merged m ON m.node_key = i.node_key GROUP BY l.node_key"
        ),
    )
    before = table_of(_MERGED, live.query("SELECT node_key, profile_key FROM merged"))
    tx.put("given_before", scratch(_GIVEN, {"e": entered, "l": links, "m": before, "f": found}))
    given = tx.query(
        "SELECT g.node_key, coalesce(m.profile_key, g.owner) FROM given_before g "
        "LEFT JOIN merged m ON m.node_key = g.owner WHERE coalesce(m.profile_key, g.owner) <> g.node_key"
    )
    owners = pa.concat_tables([owners, table_of(_MERGED, given)])
    tx.executemany("INSERT INTO merged VALUES (?, ?)", python_rows(owners))
    batch.emit("merged", owners)
    keys = {"loser_key": owners["node_key"], "winner_key": owners["profile_key"]}
    record_merges(tx, batch, pa.table({**keys, "reason": pa.repeat(EVENT, owners.num_rows)}), told=True)


_GIVEN = """
SELECT e.node_key, f.node_key AS owner FROM e JOIN m ON m.node_key = e.live_key
JOIN f ON f.live_key = m.profile_key ANTI JOIN l ON l.live_key = e.live_key ORDER BY e.node_key"""
"""Entered nodes that have held no identifier since an earlier reading, and whom they went to then."""
