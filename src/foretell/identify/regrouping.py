"""Who would be one person under other rules, found from the stored edges without reading the log again.

Nodes stay whole: what came together in the event that began a node is never parted. Every node begins as a
person of its own, joined with those that somebody, or a match, made one with it; then the stored edges are taken
in their order under the new rules, as :func:`~foretell.identify.resolve.resolve` takes those of a batch. Pairs that
are kept apart stay so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine, integers, scratch, table_of
from foretell.identify.arriving import Arriving, read_named, starred
from foretell.identify.edges import numbers_of
from foretell.identify.entries import Readable
from foretell.identify.forest import joining_edges
from foretell.identify.known import followed, names_of
from foretell.identify.ledger import DECIDED, IN_FORCE
from foretell.identify.resolve import Resolution, resolve
from foretell.identify.rules import IdentityRules
from foretell.identify.sharing import part_shared

Ints = npt.NDArray[np.int64]
_IN_FORCE = {"merge_id": pa.int64(), "node_a": pa.int64(), "node_b": pa.int64(), "fixed": pa.int64()}
_APART = {"profile_a": pa.int64(), "profile_b": pa.int64()}


@dataclass(frozen=True)
class Grouping:
    """Who is one person now, and who would be.

    Args:
        nodes: all nodes, ascending.
        before, after: the profile of each, now and then.
        parts: the profile of each where all splits are made and no merge yet.
        links: all identifiers: ``kind``, ``value``, ``node_key``.
        batch: the stored edges as events.
        home: of each identifier of ``batch`` the node; 0 where it is nobody's.
        seqs: of each row of ``batch`` the sequence number of its event.
        resolution: what became of the edges.
        in_force: the ledger: ``merge_id``, ``node_a``, ``node_b``, ``fixed`` (1: rules do not take it back).
    """

    nodes: Ints
    before: Ints
    after: Ints
    parts: Ints
    links: pa.Table
    batch: Arriving
    home: Ints
    seqs: Ints
    resolution: Resolution
    in_force: pa.Table

    @property
    def sides(self) -> tuple[Ints, Ints]:
        """The nodes of both identifiers of each edge of ``batch``; 0 where one is nobody's."""
        edges = self.batch.edges
        return self.home[integers(edges["star"])], self.home[integers(edges["id"])]

    def after_of(self, nodes: Ints) -> Ints:
        """The profile of some nodes, then."""
        found: Ints = self.after[np.searchsorted(self.nodes, nodes)]
        return found

    def part_of(self, nodes: Ints) -> Ints:
        """The profile of some nodes between splits and merges."""
        found: Ints = self.parts[np.searchsorted(self.nodes, nodes)]
        return found

    @property
    def leaving(self) -> npt.NDArray[np.bool_]:
        """Which nodes part from their profile."""
        result: npt.NDArray[np.bool_] = self.parts != self.before
        return result

    @property
    def changed(self) -> Ints:
        """The nodes that are somebody else's then."""
        found: Ints = self.nodes[self.after != self.before]
        return found


def regroup(engine: Engine, store: Readable, rules: IdentityRules) -> Grouping:
    """Who would be one person under ``rules``.

    Args:
        store: where the ledger is read: the operational store, or an open transaction.
    """
    links = engine.analytics.query(
        "SELECT kind, value, min(node_key) AS node_key FROM identifier_links GROUP BY kind, value ORDER BY kind, value"
    )
    nodes, before = _map(engine)
    in_force = _ledger(store)
    fixed = in_force.filter(pc.equal(in_force["fixed"], 1))
    begin = _roots(nodes, zip(fixed["node_a"].to_pylist(), fixed["node_b"].to_pylist(), strict=True))
    named, seqs = _named(engine, links)
    kept, _ = part_shared(_NothingSeen(), read_named(named, rules), rules)
    batch = starred(kept)
    place = pc.index_in(names_of(batch.ids), names_of(links)).fill_null(-1).to_numpy().astype(np.int64)
    home = np.where(place >= 0, integers(links["node_key"])[place], 0) if links.num_rows else place
    profiles = np.where(home > 0, begin[np.clip(np.searchsorted(nodes, home), 0, max(len(nodes) - 1, 0))], 0)
    held, apart = _held(links, nodes, begin, rules), _apart(store, nodes, begin)
    resolution = resolve(
        batch,
        home,
        profiles,
        rules,
        held_by=lambda keys: held.filter(pc.is_in(held["profile_key"], pa.array(keys))),
        apart=lambda keys: _concerning(apart, keys),
        last_key=int(nodes[-1]) if len(nodes) else 0,
    )
    after = followed(begin, resolution.merges)
    parts = _parts(nodes, before, after)
    return Grouping(nodes, before, after, parts, links, batch, home, seqs, resolution, in_force)


def _map(engine: Engine) -> tuple[Ints, Ints]:
    found = engine.analytics.query(
        "SELECT n.node_key, coalesce(m.profile_key, n.node_key) AS profile_key FROM nodes n "
        "LEFT JOIN merged m ON m.node_key = n.node_key ORDER BY n.node_key"
    )
    return integers(found["node_key"]), integers(found["profile_key"])


def _ledger(store: Readable) -> pa.Table:
    """What holds now. An entry that an older release made without its evidence is known by its nodes alone: no
    stored edge says it again, so it stays."""
    reasons = ", ".join(f"'{reason}'" for reason in DECIDED)
    rows = store.query(
        f"SELECT merge_id, node_a, node_b, CASE WHEN reason IN ({reasons}) OR kind_a IS NULL THEN 1 ELSE 0 END "
        f"FROM merges WHERE state = '{IN_FORCE}' ORDER BY merge_id"
    )
    return table_of(_IN_FORCE, rows)


def _roots(nodes: Ints, edges: Iterable[tuple[int, int]]) -> Ints:
    """The oldest node that each is joined with by ``edges``."""
    roots = nodes.copy()
    joined = joining_edges(edges)
    if joined:
        losers, winners = np.array([(loser, winner) for _, loser, winner in joined], dtype=np.int64).T
        known = np.isin(losers, nodes)
        roots[np.searchsorted(nodes, losers[known])] = winners[known]
    return roots


def _named(engine: Engine, links: pa.Table) -> tuple[pa.Table, Ints]:
    """The stored edges as events (``row``, ``kind``, ``value``), and the sequence number of each row."""
    edges = engine.analytics.query("SELECT a, b, min(seq) AS seq FROM identity_edges GROUP BY a, b")
    known = links.select(["kind", "value"]).append_column("number", pa.array(numbers_of(links)))
    found = scratch(
        "WITH s AS (SELECT seq, row_number() OVER (ORDER BY seq) - 1 AS row FROM (SELECT DISTINCT seq FROM e)), "
        "ends AS (SELECT seq, a AS number FROM e UNION SELECT seq, b FROM e) "
        "SELECT s.row, k.kind, k.value, s.seq FROM ends JOIN s USING (seq) JOIN k USING (number) ORDER BY s.row",
        {"e": edges, "k": known},
    )
    seqs = np.zeros(int(pc.max(found["row"]).as_py()) + 1 if found.num_rows else 0, np.int64)
    seqs[integers(found["row"])] = integers(found["seq"])
    return found.select(["row", "kind", "value"]), seqs


def _held(links: pa.Table, nodes: Ints, begin: Ints, rules: IdentityRules) -> pa.Table:
    """How many identifiers of each kind the profiles hold at the beginning; barred ones do not count."""
    kept = links.filter(pa.array(~rules.bars(links["value"])))
    owners = begin[np.searchsorted(nodes, integers(kept["node_key"]))]
    return scratch(
        "SELECT profile_key, kind, count(*) AS count FROM h GROUP BY profile_key, kind",
        {"h": pa.table({"profile_key": owners, "kind": kept["kind"]})},
    )


def _apart(store: Readable, nodes: Ints, begin: Ints) -> pa.Table:
    rows = np.array(store.query("SELECT node_a, node_b FROM kept_apart"), dtype=np.int64).reshape(-1, 2)
    rows = rows[np.isin(rows, nodes).all(axis=1)]
    one, other = (begin[np.searchsorted(nodes, rows[:, side])] for side in (0, 1))
    return pa.table([one[one != other], other[one != other]], schema=pa.schema(list(_APART.items())))


def _concerning(pairs: pa.Table, keys: Ints) -> pa.Table:
    asked = pa.array(keys)
    return pairs.filter(pc.or_(pc.is_in(pairs["profile_a"], asked), pc.is_in(pairs["profile_b"], asked)))


def _parts(nodes: Ints, before: Ints, after: Ints) -> Ints:
    """The oldest node of those that each is together with both before and after."""
    order = np.lexsort((nodes, after, before))
    same = np.r_[False, (np.diff(before[order]) == 0) & (np.diff(after[order]) == 0)]
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(nodes))))
    parts = np.empty_like(nodes)
    parts[order] = nodes[order][first]
    return parts


class _NothingSeen:
    """A transaction on a store in which no identifier was seen with another yet: all of them come with the edges."""

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Nothing is written."""
        return 0

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Nothing is written."""
        return 0

    def enter(self, sql: str, rows: pa.Table) -> int:
        """Nothing is written."""
        return 0

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Nothing is there."""
        return []

    def put(self, name: str, rows: pa.Table, key: str | None = None) -> None:
        """Nothing is asked."""
