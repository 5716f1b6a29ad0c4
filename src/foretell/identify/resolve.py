"""From identifiers to nodes and profiles, set-wise, exactly as if each event had been taken one by one.

A batch is first reduced to its distinct edges, each under its first row. Where nothing is denied, the node of
every new identifier follows from pointers: to its event's star, from a new star to the first identifier of its
event that was there before. What is left are the edges between profiles; those that join what was apart are the
merges, in the order of the events. Whatever may deny an edge (a limit, a type that never joins two known people,
a pair that is kept apart) only grows, so a component that stays within all of it when taken as a whole was never
denied an edge on the way. Only the other components are walked edge by edge (:mod:`.walk`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers
from foretell.identify.arriving import Arriving
from foretell.identify.forest import joining_edges
from foretell.identify.rules import IdentityRules
from foretell.identify.walk import Walked, ages, new_key, walk

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Held = Callable[[Ints], pa.Table]
"""Profile keys in; ``profile_key``, ``kind``, ``count`` of their identifiers out."""
KeptApart = Callable[[Ints], pa.Table]
"""Profile keys in; ``profile_a``, ``profile_b``: pairs that may not become one and of which one is among them."""
Awaited = Callable[[Ints, Ints], pa.Table]
"""The (negative) keys of new nodes and the identifiers that they begin with in; pairs of profiles and new nodes out,
as of :data:`KeptApart`."""


@dataclass(frozen=True)
class Resolution:
    """What a batch's identifiers resolve to. Keys above the highest one in use are new nodes, in the order in
    which they began.

    Args:
        nodes: node of each identifier, by ``id``.
        owners: profile of each identifier, by ``id``.
        merges: ``loser_key``, ``winner_key`` and ``edge``, the place of the edge that joined them, ascending; no
            winner is a loser.
        denials: ``edge`` and ``rule``: edges that were denied, ascending.
        created: number of new nodes.
        begun: the identifier that each new node began with.
    """

    nodes: Ints
    owners: Ints
    merges: pa.Table
    denials: pa.Table
    created: int
    begun: Ints


def resolve(
    batch: Arriving,
    nodes: Ints,
    profiles: Ints,
    rules: IdentityRules,
    *,
    held_by: Held,
    apart: KeptApart,
    last_key: int,
    awaited: Awaited | None = None,
) -> Resolution:
    """Resolve a batch; a pure function of what is handed in.

    Args:
        nodes, profiles: who holds each identifier already, by ``id``; 0 where it is new.
        held_by: looks up how many identifiers profiles hold; asked for those alone that may change.
        apart: looks up who is kept apart; asked likewise.
        last_key: the highest node key in use.
        awaited: looks up which new nodes are kept apart; None: none is.
    """
    whole = _joined_whole(batch, nodes, profiles)
    concerned = _concerned(whole, nodes)
    held, pairs = held_by(concerned), apart(concerned)
    if awaited is not None:
        pairs = pa.concat_tables([pairs, awaited(whole.node[whole.begin], whole.begin)])
    within = _within_limits(batch.ids, nodes, whole, held, rules) & _never_apart(whole, pairs)
    if rules.has_names_only:
        within &= _joined_by_names(batch, nodes, whole, rules)
    walked = Walked()
    if not within.all():
        mine = ~within[whole.above[whole.place_of(integers(held["profile_key"]))]]
        walked = walk(batch, nodes, profiles, held.filter(pa.array(mine)), pairs, rules, ~within[whole.component])
    return _numbered(whole, within, walked, last_key)


@dataclass(frozen=True)
class _Whole:
    """A batch's identifiers where no edge is denied.

    Args:
        node: of each identifier; negative for new nodes.
        keys: the profiles, the oldest first; negative for new ones.
        vertex: place in ``keys`` of each identifier's profile before edges join any.
        above: of each of ``keys``, the place of the profile it went into in the end.
        joins: (edge, loser, winner), places in ``keys``; the winner is the one in the end.
        star_of: the identifier to which a new one points; itself where it begins a node or is held.
        begin: the identifiers that begin a node.
    """

    node: Ints
    keys: Ints
    vertex: Ints
    above: Ints
    joins: Ints
    star_of: Ints
    begin: Ints

    @property
    def component(self) -> Ints:
        """The component of each identifier: the place of its profile in the end."""
        return self.above[self.vertex]

    def place_of(self, profiles: Ints) -> Ints:
        """The places of profiles that were there before."""
        return np.searchsorted(self.keys[: int((self.keys > 0).sum())], profiles)


def _joined_whole(batch: Arriving, nodes: Ints, profiles: Ints) -> _Whole:
    star_of, begins = _pointers(batch.edges, nodes)
    root = star_of
    while True:
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    fresh = new_key(begins[root], 0)
    node = np.where(nodes[root] > 0, nodes[root], fresh)
    profile = np.where(nodes[root] > 0, profiles[root], fresh)
    old, vertex = np.unique(ages(profile), return_inverse=True)
    keys = np.where(old < 1 << 62, old, (1 << 62) - old)
    one, other = vertex[integers(batch.edges["star"])], vertex[integers(batch.edges["id"])]
    between = np.flatnonzero(one != other)
    pair = np.minimum(one, other)[between] * len(keys) + np.maximum(one, other)[between]
    _, first = np.unique(pair, return_index=True)
    between = between[np.sort(first)]
    found = joining_edges(zip(one[between].tolist(), other[between].tolist(), strict=True))
    joins = np.array(found, dtype=np.int64).reshape(-1, 3)
    joins[:, 0] = between[joins[:, 0]]
    above = np.arange(len(keys))
    above[joins[:, 1]] = joins[:, 2]
    begin = np.flatnonzero((star_of == np.arange(len(node))) & (node < 0))
    return _Whole(node, keys, vertex, above, joins, star_of, begin)


def _pointers(edges: pa.Table, nodes: Ints) -> tuple[Ints, Ints]:
    """To which identifier a new one points, and the row in which each comes first."""
    star, other, row = (integers(edges[name]) for name in ("star", "id", "row"))
    begins = np.full(len(nodes), np.iinfo(np.int64).max >> 22)
    home = np.zeros(len(nodes), np.int64)
    home[other[::-1]] = star[::-1]
    begins[other[::-1]] = row[::-1]
    pointer = np.where(nodes > 0, np.arange(len(nodes)), home)
    # A new star points to the first of its event's identifiers that was there before.
    starts = (pointer[star] == star) & (nodes[star] == 0) & (begins[star] == row)
    there = (nodes[other] > 0) | (begins[other] < row)
    led = np.flatnonzero(starts & there)[::-1]
    pointer[star[led]] = other[led]
    return pointer, begins


def _concerned(whole: _Whole, nodes: Ints) -> Ints:
    """Profiles to which an identifier or another profile may be joined."""
    grows = np.zeros(len(whole.keys), dtype=bool)
    grows[whole.component[nodes == 0]] = True
    grows[whole.joins[:, 2]] = True
    concerned: Ints = whole.keys[(whole.keys > 0) & grows[whole.above]]
    return concerned


def _within_limits(ids: pa.Table, nodes: Ints, whole: _Whole, held: pa.Table, rules: IdentityRules) -> Flags:
    """Whether each component, as one profile, stays within every limit."""
    size = len(whole.keys)
    component, fresh = whole.component, nodes == 0
    owner = whole.above[whole.place_of(integers(held["profile_key"]))]
    number = integers(held["count"])
    kinds = ids["kind"].combine_chunks().dictionary_encode()
    codes, held_kinds = integers(kinds.indices), held["kind"].combine_chunks()
    within = np.ones(size, dtype=bool)
    for kind in {*kinds.dictionary.to_pylist(), *pc.unique(held_kinds).to_pylist()}:
        mine = (codes == kinds.dictionary.index(kind).as_py()) & fresh
        total = np.bincount(component[mine], minlength=size)
        theirs = pc.equal(held_kinds, kind).to_numpy(zero_copy_only=False)
        total = total + np.bincount(owner[theirs], number[theirs], minlength=size)
        within &= total <= rules.limit(kind)
    return within


def _never_apart(whole: _Whole, pairs: pa.Table) -> Flags:
    """Whether each component holds at most one side of every pair that is kept apart."""
    within = np.ones(len(whole.keys), dtype=bool)
    if pairs.num_rows:
        place = dict(zip(whole.keys.tolist(), whole.above.tolist(), strict=True))
        for one, other in zip(*(pairs[name].to_pylist() for name in ("profile_a", "profile_b")), strict=True):
            if one in place and place[one] == place.get(other):
                within[place[one]] = False
    return within


def _joined_by_names(batch: Arriving, nodes: Ints, whole: _Whole, rules: IdentityRules) -> Flags:
    """Whether no edge of a component leads through an identifier that may not join two known people, except where
    it brings a new one, which it may always do."""
    kinds = batch.ids["kind"].combine_chunks().dictionary_encode()
    names = np.array([not rules.type_of(kind).merges for kind in kinds.dictionary.to_pylist()], dtype=bool)
    only = names[integers(kinds.indices)]
    star, other = integers(batch.edges["star"]), integers(batch.edges["id"])
    former = batch.edges["former"].to_numpy()
    brought = (whole.star_of[other] == star) & (nodes[other] == 0) & ~former
    led = (whole.star_of[star] == other) & (nodes[star] == 0) & ~only[other]
    asks = (star != other) & (only[star] | only[other]) & ~brought & ~led
    asks &= (whole.vertex[star] != whole.vertex[other]) | (whole.star_of[star] == other)
    within = np.ones(len(whole.keys), dtype=bool)
    within[whole.component[star[asks]]] = False
    return within


def _numbered(whole: _Whole, within: Flags, walked: Walked, last_key: int) -> Resolution:
    """Put both ways together, and give new nodes their keys, in the order in which they began."""
    node, owner = whole.node.copy(), whole.keys[whole.component]
    ids = np.fromiter(walked.node, np.int64, len(walked.node))
    node[ids] = np.fromiter(walked.node.values(), np.int64, len(ids))
    owner[ids] = np.fromiter(walked.owner.values(), np.int64, len(ids))
    begun = dict(walked.begun)
    roots = whole.begin[within[whole.component[whole.begin]]]
    begun.update(zip(node[roots].tolist(), roots.tolist(), strict=True))
    fresh = np.array(sorted(begun, reverse=True), dtype=np.int64)

    def numbered(keys: Ints) -> Ints:
        new = keys < 0
        keys[new] = last_key + 1 + np.searchsorted(-fresh, -keys[new])
        return keys

    joins = whole.joins[within[whole.joins[:, 2]]]
    merges = np.array(walked.merges, dtype=np.int64).reshape(-1, 3)
    merges = np.concatenate([np.column_stack([joins[:, 0], whole.keys[joins[:, 1]], whole.keys[joins[:, 2]]]), merges])
    merges = merges[np.argsort(merges[:, 0])]
    denials = {"edge": [edge for edge, _ in walked.denials], "rule": [rule for _, rule in walked.denials]}
    return Resolution(
        numbered(node),
        numbered(owner),
        pa.table({"loser_key": numbered(merges[:, 1].copy()), "winner_key": numbered(merges[:, 2].copy()),
                  "edge": merges[:, 0]}),
        pa.table(denials, schema=pa.schema([("edge", pa.int64()), ("rule", pa.string())])),
        len(fresh),
        np.array([begun[key] for key in fresh.tolist()], dtype=np.int64),
    )  # fmt: skip
