"""Which identifiers were named together, and first in which event: what explains a profile, and what changed
rules are tried on without reading the log again.

An edge is kept once, as the numbers (63 bits of the MD5) of its two identifiers and the sequence number of its
event; values stand in ``identifiers`` alone, so that forgetting somebody leaves numbers that lead nowhere. Of an
edge between two identifiers of one node only the first is of use, the one that brought the later of them; edges
that lie across nodes are all kept, joined or denied, since changed rules may read them another way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import utc
from foretell.engine import AnalyticsTable, Batch, Engine, Tx, integers, python_rows, scratch, table_of
from foretell.identify.arriving import Arriving
from foretell.identify.forest import shortest_way

Ints = npt.NDArray[np.int64]

EDGES_DDL = """
CREATE TABLE edges_seen (
    a BIGINT, b BIGINT, node_a BIGINT NOT NULL, node_b BIGINT NOT NULL, PRIMARY KEY (a, b)) /*clustered*/;
CREATE INDEX edges_seen_by_node_a ON edges_seen (node_a);
CREATE INDEX edges_seen_by_node_b ON edges_seen (node_b);
"""
"""The edges across nodes that are kept already."""
EDGE_ROWS = AnalyticsTable(
    "identity_edges",
    {"node_key": "BIGINT", "a": "BIGINT", "b": "BIGINT", "seq": "BIGINT"},
    "node_key",
    derived="log_identity_edges",
)
"""``a`` is the event's strongest identifier, ``node_key`` the node of it."""
Identifier = tuple[str, str]
"""Kind and value."""


def note_edges(tx: Tx, batch: Batch, incoming: Arriving, existing: Ints, nodes: Ints) -> None:
    """Keep the edges of a batch that are new.

    Args:
        existing: profile that held each identifier before, by ``id``; 0 where it is new.
        nodes: the node that each belongs to now.
    """
    star, other = integers(incoming.edges["star"]), integers(incoming.edges["id"])
    fresh = (existing[star] == 0) | (existing[other] == 0)
    across = nodes[star] != nodes[other]
    wanted = np.flatnonzero((star != other) & (fresh | across))
    if not len(wanted):
        return
    used, place = np.unique(np.concatenate([star[wanted], other[wanted]]), return_inverse=True)
    numbers = numbers_of(incoming.ids.take(pa.array(used)))[place]
    rows = np.searchsorted(integers(batch.events["row"]), integers(incoming.edges["row"])[wanted])
    found = pa.table(
        {
            "node_key": nodes[star[wanted]],
            "a": numbers[: len(wanted)],
            "b": numbers[len(wanted) :],
            "seq": integers(batch.events["seq"])[rows],
        }
    )
    lying = across[wanted]
    if lying.any():
        known = _seen(tx, found.filter(pa.array(lying)), nodes[other[wanted]][lying])
        found = found.filter(pa.array(~_repeated(lying, known)))
    batch.emit("identity_edges", found)


def numbers_of(ids: pa.Table) -> Ints:
    """The number of each identifier (``kind``, ``value``), in their order."""
    found = scratch(
        "SELECT CAST(md5_number(kind || chr(31) || value) & 9223372036854775807 AS BIGINT) AS number FROM i",
        {"i": ids.select(["kind", "value"])},
    )
    return integers(found["number"])


def forget_edges(tx: Tx, nodes: str) -> None:
    """Forget the edges of nodes (a query of their keys)."""
    tx.execute(f"DELETE FROM edges_seen WHERE node_a IN ({nodes}) OR node_b IN ({nodes})")


def _seen(tx: Tx, rows: pa.Table, others: Ints) -> npt.NDArray[np.bool_]:
    """Which edges across nodes are kept already; the others are from now on."""
    tx.put("arriving_edges", rows.select(["a", "b"]).append_column("place", pa.array(np.arange(rows.num_rows))))
    found = tx.query("SELECT e.place FROM arriving_edges e JOIN edges_seen s ON s.a = e.a AND s.b = e.b")
    known = np.zeros(rows.num_rows, dtype=bool)
    known[[place for (place,) in found]] = True
    fresh = rows.select(["a", "b", "node_key"]).append_column("node_b", pa.array(others)).filter(pa.array(~known))
    tx.executemany("INSERT INTO edges_seen (a, b, node_a, node_b) VALUES (?, ?, ?, ?)", python_rows(fresh))
    return known


def _repeated(lying: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    repeated = np.zeros(len(lying), dtype=bool)
    repeated[lying] = known
    return repeated


@dataclass(frozen=True)
class Link:
    """Two identifiers that an event named together.

    Args:
        message_id, event, at, source: the first event that did.
    """

    one: Identifier
    other: Identifier
    message_id: str
    event: str
    at: datetime
    source: str


def links_of(engine: Engine, nodes: Sequence[int], held: Sequence[Identifier]) -> list[Link]:
    """The links between the identifiers of a person, the earliest event first.

    Args:
        nodes: all nodes of the person.
        held: all identifiers of the person.
    """
    ids = table_of({"kind": pa.string(), "value": pa.string()}, held)
    names = dict(zip(numbers_of(ids).tolist(), held, strict=True))
    found = engine.analytics.query(
        "WITH mine AS (SELECT g.a, g.b, min(g.seq) AS seq FROM identity_edges g JOIN asked n "
        "ON n.node_key = g.node_key GROUP BY g.a, g.b) "
        "SELECT m.a, m.b, e.message_id, e.event, e.ts, e.source FROM mine m JOIN event_log e ON e.seq = m.seq "
        "ORDER BY m.seq, m.a, m.b",
        tables={"asked": pa.table({"node_key": pa.array(sorted(nodes), pa.int64())})},
    )
    return [
        Link(names[r["a"]], names[r["b"]], r["message_id"], r["event"], utc(r["ts"]), r["source"] or "")
        for r in found.to_pylist()
        if r["a"] in names and r["b"] in names
    ]


def way(links: Sequence[Link], start: Identifier, end: Identifier) -> list[Link]:
    """The fewest links that lead from one identifier to another; empty where none do."""
    beside: dict[Identifier, list[tuple[Identifier, Link]]] = defaultdict(list)
    for link in links:
        beside[link.one].append((link.other, link))
        beside[link.other].append((link.one, link))
    return shortest_way(beside, start, end)
