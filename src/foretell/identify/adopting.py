"""Finding the people of a store again in one that was derived anew from the same bodies."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.engine import Batch, OperationalStore, Tx, python_rows, scratch, table_of

_NODES = {"node_key": pa.int64(), "profile_id": pa.string()}


def adopt(tx: Tx, batch: Batch, live: OperationalStore) -> pa.Table:
    """Say which node of the open store stands for each node of ``live``.

    A node is known by its profile id, which follows from the identifier that it began with. One that no
    body begins any more is entered with the id it had; where another identifier of it still belongs to
    somebody, it goes to that person, as after a merge.

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
    if not lost.num_rows:
        return found
    entered = _enter(tx, batch, lost)
    _give_back(tx, batch, live, entered)
    return pa.concat_tables([found, entered])


def _enter(tx: Tx, batch: Batch, lost: pa.Table) -> pa.Table:
    """Enter the ``lost`` nodes under new keys; returns ``live_key``, ``node_key``."""
    ((last,),) = tx.query("SELECT value FROM counters WHERE name = 'profile_key'")
    keys = pa.array(np.arange(last + 1, last + 1 + lost.num_rows, dtype=np.int64))
    tx.execute("UPDATE counters SET value = ? WHERE name = 'profile_key'", (last + lost.num_rows,))
    rows = pa.table({"node_key": keys, "profile_id": lost["profile_id"]})
    tx.executemany("INSERT INTO nodes VALUES (?, ?)", python_rows(rows))
    batch.emit("nodes", rows)
    return pa.table({"live_key": lost["node_key"], "node_key": keys})


def _give_back(tx: Tx, batch: Batch, live: OperationalStore, entered: pa.Table) -> None:
    links = table_of(
        {"kind": pa.string(), "value": pa.string(), "live_key": pa.int64()},
        live.query("SELECT kind, value, node_key FROM identifiers"),
    )
    tx.put(
        "lost_links",
        scratch("SELECT l.kind, l.value, e.node_key FROM l JOIN e USING (live_key)", {"l": links, "e": entered}),
    )
    owners = table_of(
        {"node_key": pa.int64(), "profile_key": pa.int64()},
        tx.query(
            "SELECT l.node_key, min(coalesce(m.profile_key, i.node_key)) FROM lost_links l "
            "JOIN identifiers i ON i.kind = l.kind AND i.value = l.value "
            "LEFT JOIN merged m ON m.node_key = i.node_key GROUP BY l.node_key"
        ),
    )
    tx.executemany("INSERT INTO merged VALUES (?, ?)", python_rows(owners))
    batch.emit("merged", owners)
