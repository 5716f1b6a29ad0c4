"""What is told of people, kept by node: a merge moves nothing, and a split gives everything back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
NODES_AT_ONCE = 20_000
_SEEN_OF = """
SELECT profile_key, min(first_seen) AS first_seen, max(last_seen) AS last_seen, CAST(sum(events) AS BIGINT) AS events
FROM seen GROUP BY profile_key ORDER BY profile_key"""
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


def seen_of(store: Asks, people: Sequence[int] | None = None) -> pa.Table:
    """When people were seen and how many events they have: profile_key, first_seen, last_seen (microseconds), events.

    Args:
        people: profile keys of a few people; None: everybody.
    """
    parts = _seen_by_node(store) if people is None else [_seen_of_few(store, people)]
    return scratch(_SEEN_OF, {"seen": pa.concat_tables([table_of(_SEEN_COLUMNS), *parts])})


def _seen_of_few(store: Asks, people: Sequence[int]) -> pa.Table:
    keys = ", ".join(str(int(key)) for key in people) or "NULL"
    rows = store.query(
        "SELECT s.node_key, s.first_seen, s.last_seen, s.events FROM node_seen s "
        f"LEFT JOIN merged m ON m.node_key = s.node_key WHERE s.node_key IN ({keys}) AND m.node_key IS NULL "
        "UNION ALL SELECT m.profile_key, s.first_seen, s.last_seen, s.events FROM merged m "
        f"JOIN node_seen s ON s.node_key = m.node_key WHERE m.profile_key IN ({keys})"
    )
    return table_of(_SEEN_COLUMNS, rows)


def _seen_by_node(store: Asks) -> Iterator[pa.Table]:
    """The columns of :func:`seen_of` for every node, some at a time: rows of a driver take ten times the room."""
    after: int | None = 0
    while after is not None:
        rows = store.query(
            "SELECT coalesce(m.profile_key, s.node_key), s.first_seen, s.last_seen, s.events, s.node_key "
            "FROM node_seen s LEFT JOIN merged m ON m.node_key = s.node_key WHERE s.node_key > ? "
            "ORDER BY s.node_key LIMIT ?",
            (after, NODES_AT_ONCE),
        )
        yield table_of(_SEEN_COLUMNS, [row[:4] for row in rows])
        after = rows[-1][4] if len(rows) == NODES_AT_ONCE else None


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
