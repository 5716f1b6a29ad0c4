"""The identify stage: gives every event its person, and keeps the flat map of identifiers."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import TIMESTAMP, Batch, Stage, Tx, integers, python_rows, table_of, with_column
from foretell.identify.accounts import forget_accounts, note_accounts
from foretell.identify.aliasing import part_former
from foretell.identify.apart import awaited_pairs, profile_ids
from foretell.identify.arriving import Arriving, Named, read_named, starred
from foretell.identify.denying import note_denials
from foretell.identify.edges import forget_edges, note_edges
from foretell.identify.joining import join
from foretell.identify.known import KnownIdentifiers, nothing_known
from foretell.identify.ledger import ALIAS, EVENT, forget, kept_apart_pairs, meet_awaited
from foretell.identify.matching.tables import forget_pairs
from foretell.identify.resolve import Resolution, resolve
from foretell.identify.rules import IdentityRules
from foretell.identify.sharing import DROPPED, forget_seen, part_shared
from foretell.identify.sightings import emit_sightings

Ints = npt.NDArray[np.int64]


class IdentifyStage(Stage):
    """Resolves a batch's identifiers, writes the map, new profiles, merges and first sightings."""

    room = "identify"

    def __init__(self, rules: IdentityRules | None = None) -> None:
        self.rules = rules or IdentityRules()

    def apply(self, tx: Tx, batch: Batch) -> None:
        named, dropped = self._named(tx, batch)
        incoming = starred(named)
        known = _known(tx, batch)
        nodes, existing = known.find(incoming.ids, partial(_look_up, tx))
        last_key = tx.query("SELECT value FROM counters WHERE name = 'profile_key'")[0][0]
        resolution = resolve(
            incoming,
            nodes,
            existing,
            self.rules,
            held_by=partial(_held, tx),
            apart=partial(kept_apart_pairs, tx),
            last_key=last_key,
            awaited=awaited_pairs(tx, incoming.ids),
        )
        if resolution.created:
            tx.execute("UPDATE counters SET value = ? WHERE name = 'profile_key'", (last_key + resolution.created,))
        self._enter_profiles(tx, batch, incoming, resolution, last_key)
        self._enter_identifiers(tx, batch, incoming, existing, resolution)
        self._enter_merges(tx, batch, incoming, resolution.merges)
        note_denials(tx, batch, incoming, resolution, dropped)
        if batch.memory is not None:
            kept = (incoming.ids, resolution.nodes, resolution.owners, resolution.merges)
            batch.memory[self.room] = known.after(*kept)
        note_edges(tx, batch, incoming, existing, resolution.nodes)
        _mark_events(batch, incoming, resolution.nodes, resolution.owners)
        emit_sightings(batch, incoming)
        note_accounts(tx, batch)

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Point everything that went into a loser at its winner."""
        tx.put("arriving_merges", merges, key="loser_key")
        tx.execute(
            "UPDATE merged SET profile_key = (SELECT winner_key FROM arriving_merges WHERE loser_key = profile_key) "
            "WHERE profile_key IN (SELECT loser_key FROM arriving_merges)"
        )
        tx.execute("INSERT INTO merged SELECT loser_key, winner_key FROM arriving_merges")

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """Point nodes that belong to somebody else again at whom they belong to."""
        tx.put("parting_nodes", splits, key="node_key")
        tx.execute(
            "UPDATE merged SET profile_key = (SELECT p.profile_key FROM parting_nodes p WHERE p.node_key = "
            "merged.node_key) WHERE node_key IN (SELECT node_key FROM parting_nodes)"
        )
        tx.execute(
            "DELETE FROM merged WHERE node_key = profile_key AND node_key IN (SELECT node_key FROM parting_nodes)"
        )

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget the identifiers, nodes and merges of people."""
        tx.put("erased", profiles.select(["profile_key"]), key="profile_key")
        nodes = (
            "SELECT profile_key FROM erased UNION "
            "SELECT m.node_key FROM merged m JOIN erased e ON e.profile_key = m.profile_key"
        )
        forget(tx, nodes)
        forget_accounts(tx, nodes)
        forget_edges(tx, nodes)
        forget_pairs(tx, nodes)
        forget_seen(tx, nodes)
        tx.execute(f"DELETE FROM identifiers WHERE node_key IN ({nodes})")
        tx.execute(f"DELETE FROM nodes WHERE node_key IN ({nodes})")
        tx.execute("DELETE FROM merged WHERE profile_key IN (SELECT profile_key FROM erased)")

    def _named(self, tx: Tx, batch: Batch) -> tuple[Named, pa.Table]:
        """What the events name, and where shared identifiers were left out."""
        told, former = part_former(tx, batch)
        named = read_named(told, self.rules, former)
        return part_shared(tx, named, self.rules) if self.rules.has_shared else (named, DROPPED.empty_table())

    def _enter_profiles(self, tx: Tx, batch: Batch, incoming: Arriving, resolution: Resolution, last_key: int) -> None:
        if not resolution.created:
            return
        begun = incoming.ids.take(pa.array(resolution.begun))
        keys = np.arange(last_key + 1, last_key + 1 + resolution.created, dtype=np.int64)
        born = profile_ids(begun, keys)
        batch.emit("nodes", born)
        tx.executemany("INSERT INTO nodes VALUES (?, ?)", python_rows(born))
        meet_awaited(tx, born)

    def _enter_identifiers(
        self, tx: Tx, batch: Batch, incoming: Arriving, existing: Ints, resolution: Resolution
    ) -> None:
        ids = incoming.ids.append_column("node_key", pa.array(resolution.nodes))
        ids = ids.append_column("first_seen", _first_seen(batch.events, incoming, existing == 0))
        links = ids.filter(pa.array(existing == 0)).drop_columns(["id"])
        batch.emit("identifier_links", links)
        tx.executemany(
            "INSERT INTO identifiers VALUES (?, ?, ?)", python_rows(links.select(["kind", "value", "node_key"]))
        )

    def _enter_merges(self, tx: Tx, batch: Batch, incoming: Arriving, merges: pa.Table) -> None:
        if not merges.num_rows:
            return
        edges = incoming.edges.take(merges["edge"])
        rows = {
            "loser_key": merges["loser_key"],
            "winner_key": merges["winner_key"],
            "reason": pc.if_else(edges["former"], ALIAS, EVENT),
            "message_id": batch.events["message_id"].take(_place(batch, edges["row"])),
        }
        for side, column in (("a", "star"), ("b", "id")):
            named = incoming.ids.take(edges[column])
            rows |= {f"kind_{side}": named["kind"], f"value_{side}": named["value"]}
        join(tx, batch, pa.table(rows))


def _place(batch: Batch, rows: pa.ChunkedArray) -> pa.Array:
    """The places of events in the batch."""
    return pa.array(np.searchsorted(integers(batch.events["row"]), integers(rows)))


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
        "SELECT node_key, profile_key FROM merged WHERE profile_key IN (SELECT profile_key FROM held_profiles)"
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
