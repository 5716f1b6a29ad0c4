"""The identify stage: gives every event its person, and keeps the flat map of identifiers."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.engine import TIMESTAMP, Batch, Stage, Tx, integers, python_rows, scratch, table_of, with_column
from foretell.identify.known import KnownIdentifiers, nothing_known
from foretell.identify.resolve import Arriving, Resolution, arriving, resolve
from foretell.identify.rules import ANONYMOUS, IdentityRules

Ints = npt.NDArray[np.int64]


class IdentifyStage(Stage):
    """Resolves a batch's identifiers, writes the map, new profiles, merges and first sightings."""

    room = "identify"

    def __init__(self, rules: IdentityRules | None = None) -> None:
        self.rules = rules or IdentityRules()

    def apply(self, tx: Tx, batch: Batch) -> None:
        incoming = arriving(batch.decoded.identifiers, self.rules.blocked)
        known = _known(tx, batch)
        nodes, existing = known.find(incoming.ids, partial(_look_up, tx))
        last_key = tx.query("SELECT value FROM counters WHERE name = 'profile_key'")[0][0]
        resolution = resolve(incoming, existing, partial(_held, tx), self.rules, last_key)
        if resolution.created:
            tx.execute("UPDATE counters SET value = ? WHERE name = 'profile_key'", (last_key + resolution.created,))
        self._enter_profiles(tx, batch, incoming, resolution, last_key)
        self._enter_identifiers(tx, batch, incoming, existing, resolution)
        self._enter_merges(tx, batch, resolution.merges)
        nodes = np.where(existing > 0, nodes, resolution.owners)
        if batch.memory is not None:
            batch.memory[self.room] = known.after(incoming.ids, nodes, resolution.owners, resolution.merges)
        _mark_events(batch, incoming, nodes, resolution.owners)
        _emit_sightings(batch, incoming)

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Point everything that went into a loser at its winner."""
        tx.put("arriving_merges", merges, key="loser_key")
        tx.execute(
            "UPDATE merged SET profile_key = (SELECT winner_key FROM arriving_merges WHERE loser_key = profile_key) "
            "WHERE profile_key IN (SELECT loser_key FROM arriving_merges)"
        )
        tx.execute("INSERT INTO merged SELECT loser_key, winner_key FROM arriving_merges")

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the identifiers, nodes and merges of people."""
        tx.put("erased", profiles.select(["profile_key"]), key="profile_key")
        nodes = (
            "SELECT profile_key FROM erased UNION "
            "SELECT m.node_key FROM merged m JOIN erased e ON e.profile_key = m.profile_key"
        )
        tx.execute(f"DELETE FROM identifiers WHERE node_key IN ({nodes})")
        tx.execute(f"DELETE FROM merges WHERE loser_key IN ({nodes})")
        tx.execute(f"DELETE FROM nodes WHERE node_key IN ({nodes})")
        tx.execute("DELETE FROM merged WHERE profile_key IN (SELECT profile_key FROM erased)")

    def _enter_profiles(self, tx: Tx, batch: Batch, incoming: Arriving, resolution: Resolution, last_key: int) -> None:
        if not resolution.created:
            return
        begun = incoming.ids.take(pa.array(resolution.stars))
        keys = pa.array(np.arange(last_key + 1, last_key + 1 + resolution.created, dtype=np.int64))
        born = scratch(
            "SELECT node_key, 'p_' || substr(md5(kind || chr(31) || value), 1, 20) AS profile_id FROM b",
            {"b": begun.append_column("node_key", keys)},
        )
        batch.emit("nodes", born)
        tx.executemany("INSERT INTO nodes VALUES (?, ?)", python_rows(born))

    def _enter_identifiers(
        self, tx: Tx, batch: Batch, incoming: Arriving, existing: Ints, resolution: Resolution
    ) -> None:
        ids = incoming.ids.append_column("node_key", pa.array(resolution.owners))
        ids = ids.append_column("first_seen", _first_seen(batch.events, incoming, existing == 0))
        links = ids.filter(pa.array(existing == 0)).drop_columns(["id"])
        batch.emit("identifier_links", links)
        tx.executemany(
            "INSERT INTO identifiers VALUES (?, ?, ?)", python_rows(links.select(["kind", "value", "node_key"]))
        )

    def _enter_merges(self, tx: Tx, batch: Batch, merges: pa.Table) -> None:
        if not merges.num_rows:
            return
        batch.merges.append(merges)
        at = micros(batch.now)
        tx.executemany(
            f"INSERT INTO merges (loser_key, winner_key, batch, merged_at) VALUES (?, ?, {int(batch.number)}, {at})",
            python_rows(merges),
        )
        tx.put("fresh_merges", merges, key="loser_key")
        went = tx.query(
            "SELECT m.node_key, m.profile_key FROM fresh_merges f JOIN merged m ON m.profile_key = f.loser_key"
        )
        old = table_of({"node_key": pa.int64(), "loser_key": pa.int64()}, went)
        batch.emit(
            "merged",
            scratch(
                "SELECT loser_key AS node_key, winner_key AS profile_key FROM m UNION ALL "
                "SELECT o.node_key, m.winner_key FROM o JOIN m USING (loser_key)",
                {"m": merges, "o": old},
            ),
        )


def _known(tx: Tx, batch: Batch) -> KnownIdentifiers:
    """What is kept in memory of the flat map."""
    if batch.memory is None:
        return nothing_known(whole=False)
    known: KnownIdentifiers | None = batch.memory.get(IdentifyStage.room)
    return known or nothing_known(whole=not tx.query("SELECT 1 FROM identifiers LIMIT 1"))


def _look_up(tx: Tx, ids: pa.Table) -> tuple[Ints, Ints]:
    """Node and profile that hold each identifier, by place; 0 where it is new."""
    tx.put("arriving_ids", ids.set_column(0, "place", pa.array(np.arange(ids.num_rows))))
    found = tx.query(
        "SELECT a.place, i.node_key, coalesce(m.profile_key, i.node_key) FROM arriving_ids a "
        "JOIN identifiers i ON i.kind = a.kind AND i.value = a.value "
        "LEFT JOIN merged m ON m.node_key = i.node_key"
    )
    nodes = np.zeros(ids.num_rows, dtype=np.int64)
    existing = np.zeros(ids.num_rows, dtype=np.int64)
    if found:
        table = np.array(found, dtype=np.int64)
        nodes[table[:, 0]], existing[table[:, 0]] = table[:, 1], table[:, 2]
    return nodes, existing


def _first_seen(events: pa.Table, incoming: Arriving, wanted: npt.NDArray[np.bool_]) -> pa.Array:
    """Time of the first event that names each identifier, by ``id``; null for those that are not ``wanted``."""
    ids, rows = integers(incoming.edges["id"]), integers(incoming.edges["row"])
    chosen = wanted[ids]
    ids, rows = ids[chosen], rows[chosen]
    instants = integers(events["ts"].cast(pa.int64()))
    times = instants[np.searchsorted(integers(events["row"]), rows)]
    first = np.full(len(wanted), np.iinfo(np.int64).max)
    np.minimum.at(first, ids, times)
    return pa.array(first, mask=~wanted).cast(TIMESTAMP)


_COUNTS = {"profile_key": pa.int64(), "kind": pa.string(), "count": pa.int64()}


def _held(tx: Tx, profiles: Ints) -> pa.Table:
    """How many identifiers of each kind the profiles hold."""
    if not len(profiles):
        return table_of(_COUNTS)
    tx.put("held_profiles", pa.table({"profile_key": profiles}), key="profile_key")
    rows = tx.query(
        "SELECT n.profile_key, i.kind, count(*) FROM ("
        "SELECT profile_key AS node_key, profile_key FROM held_profiles UNION ALL "
        "SELECT m.node_key, m.profile_key FROM held_profiles h JOIN merged m ON m.profile_key = h.profile_key"
        ") n JOIN identifiers i ON i.node_key = n.node_key GROUP BY n.profile_key, i.kind"
    )
    return table_of(_COUNTS, rows)


def _mark_events(batch: Batch, incoming: Arriving, nodes: Ints, owners: Ints) -> None:
    """Add ``node_key`` and ``profile_key``: those of the event's strongest identifier; 0 for nobody."""
    node = np.zeros(batch.events.num_rows, dtype=np.int64)
    owner = np.zeros(batch.events.num_rows, dtype=np.int64)
    position = np.searchsorted(integers(batch.events["row"]), integers(incoming.stars["row"]))
    ids = integers(incoming.stars["id"])
    node[position], owner[position] = nodes[ids], owners[ids]
    batch.events = with_column(with_column(batch.events, "node_key", node), "profile_key", owner)


def _emit_sightings(batch: Batch, incoming: Arriving) -> None:
    """The frontier of (happened, known) of each node, for all events and for those that name a
    known identifier: enough to say at any pair of instants who had been seen."""
    strong = scratch(
        "SELECT DISTINCT s.row FROM s JOIN i ON i.id = s.id WHERE i.kind <> $anonymous",
        {"s": incoming.stars, "i": incoming.ids},
        {"anonymous": ANONYMOUS},
    )
    events = batch.events.select(["row", "node_key", "ts", "known_at"])
    together = pc.count_distinct(events["known_at"]).as_py() <= 1
    batch.emit("sightings", scratch(_FIRST if together else _FRONTIER, {"e": events, "k": strong}))


_SEEN = (
    "WITH seen AS (SELECT e.node_key, e.ts, e.known_at, k.row IS NOT NULL AS known "
    "FROM e LEFT JOIN k ON k.row = e.row WHERE e.node_key > 0) "
)
_FIRST = _SEEN + "SELECT node_key, min(ts) AS ts, min(known_at) AS known_at, known FROM seen GROUP BY node_key, known"
_FRONTIER = (
    _SEEN + ", best AS (SELECT node_key, known, ts, min(known_at) AS known_at FROM seen GROUP BY ALL), "
    "ordered AS (SELECT *, min(known_at) OVER (PARTITION BY node_key, known ORDER BY ts "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier FROM best) "
    "SELECT node_key, ts, known_at, known FROM ordered WHERE earlier IS NULL OR known_at < earlier"
)
