"""What is told of people, kept by node: a merge moves nothing, and a split gives everything back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Tx, beside, python_rows, scratch, table_of
from foretell.profile.golden import Asks

BY_NODE_DDL = """
CREATE TABLE node_traits (
    node_key BIGINT, trait TEXT, source TEXT, s TEXT, n BIGINT, ts BIGINT NOT NULL, seq BIGINT NOT NULL,
    PRIMARY KEY (node_key, trait, source)) /*clustered*/;
INSERT INTO node_traits SELECT profile_key, trait, '', s, n, ts, seq FROM profile_traits;
CREATE TABLE node_seen (
    node_key BIGINT PRIMARY KEY, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL,
    events BIGINT NOT NULL) /*clustered*/;
INSERT INTO node_seen SELECT profile_key, first_seen, last_seen, events FROM profiles;
DROP TABLE profile_traits;
DROP TABLE profiles;
"""
"""Where an older release kept rows by profile, they become those of the node that gave the profile its key. Instants
are in microseconds, ``n`` in micro units; a row without ``s`` and ``n`` says that the trait was taken away."""

_SEEN_COLUMNS = {name: pa.int64() for name in ("profile_key", "first_seen", "last_seen", "events")}
_SEEN = """
SELECT node_key, epoch_us(min(ts)) AS first_seen, epoch_us(max(ts)) AS last_seen, count(*) AS events
FROM e WHERE node_key > 0 GROUP BY node_key ORDER BY node_key"""
_SEEN_TOGETHER = (
    "INSERT INTO node_seen VALUES (?, ?, ?, ?) ON CONFLICT (node_key) DO UPDATE SET "
    "first_seen = CASE WHEN excluded.first_seen < node_seen.first_seen THEN excluded.first_seen "
    "ELSE node_seen.first_seen END, "
    "last_seen = CASE WHEN excluded.last_seen > node_seen.last_seen THEN excluded.last_seen "
    "ELSE node_seen.last_seen END, "
    "events = node_seen.events + excluded.events"
)
_LATEST = """
SELECT node_key, trait, source, s, n, epoch_us(ts) AS ts, seq FROM (
  SELECT *, row_number() OVER (PARTITION BY node_key, trait, source ORDER BY ts DESC, seq DESC) AS place FROM told)
WHERE place = 1 ORDER BY node_key, trait, source"""
_LATER_STAYS = (
    "INSERT INTO node_traits VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (node_key, trait, source) DO UPDATE SET "
    "s = excluded.s, n = excluded.n, ts = excluded.ts, seq = excluded.seq "
    "WHERE (excluded.ts, excluded.seq) > (node_traits.ts, node_traits.seq)"
)


def seen_of(store: Asks, profile_key: int | None = None) -> pa.Table:
    """When people were seen and how many events they have: profile_key, first_seen, last_seen (microseconds), events.

    Args:
        profile_key: of this person alone; None: of everybody.
    """
    if profile_key is None:
        rows = store.query(
            "SELECT coalesce(m.profile_key, s.node_key), min(s.first_seen), max(s.last_seen), sum(s.events) "
            "FROM node_seen s LEFT JOIN merged m ON m.node_key = s.node_key "
            "GROUP BY coalesce(m.profile_key, s.node_key)"
        )
    else:
        rows = store.query(
            "SELECT min(first_seen), max(last_seen), sum(events) FROM node_seen WHERE node_key = ? "
            "OR node_key IN (SELECT node_key FROM merged WHERE profile_key = ?)",
            (profile_key, profile_key),
        )
        rows = [(profile_key, *row) for row in rows if row[0] is not None]
    return table_of(_SEEN_COLUMNS, rows)


def take_seen(tx: Tx, batch: Batch) -> None:
    """Take in when the nodes of a batch were seen."""
    seen = scratch(_SEEN, {"e": batch.events.select(["node_key", "ts"])})
    tx.executemany(_SEEN_TOGETHER, python_rows(seen))


def take_traits(tx: Tx, batch: Batch) -> None:
    """Take in what a batch tells of traits: as of now by node and source, and every value for the history."""
    if not batch.decoded.traits.num_rows:
        return
    told = beside(batch.decoded.traits, batch.events, ["seq", "node_key", "ts", "known_at", "source"])
    told = told.drop_columns(["row"]).filter(pc.greater(told["node_key"], 0))
    place = told.schema.get_field_index("source")
    told = told.set_column(place, "source", pc.fill_null(told["source"].cast(pa.string()), ""))
    batch.emit("trait_values", told)
    tx.executemany(_LATER_STAYS, python_rows(scratch(_LATEST, {"told": told})))


def forget_nodes(tx: Tx, nodes: str) -> None:
    """Forget the nodes that the query ``nodes`` gives."""
    for table in ("node_seen", "node_traits"):
        tx.execute(f"DELETE FROM {table} WHERE node_key IN ({nodes})")
