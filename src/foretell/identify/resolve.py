"""From identifiers to profiles, set-wise, exactly as if each event had been taken one by one.

An event joins each of its identifiers to its strongest one (a star). A batch is first reduced to
its distinct edges, each under its first row; identifiers that edges or profiles connect form the
components of a graph. Counts of identifiers only grow, so a component that stays within every limit
when taken as a whole was never denied an edge on the way: it is one profile, in whatever order its
events came. Only components that exceed a limit are walked edge by edge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from string import whitespace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers
from foretell.identify.rules import IdentityRules
from foretell.identify.walk import Joined, new_key, walk

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Held = Callable[[Ints], pa.Table]
"""Profile keys in; ``profile_key``, ``kind``, ``count`` of their identifiers out."""
_NONE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Arriving:
    """The identifiers of a batch.

    Args:
        ids: ``id`` (0, 1, …), ``kind``, ``value``, distinct.
        edges: ``star``, ``id``, ``row``, ``priority``: distinct pairs under their first row, in the
            order of the events; an event's strongest identifier has an edge to itself.
        stars: ``row``, ``id``: the strongest identifier of every event that has one.
    """

    ids: pa.Table
    edges: pa.Table
    stars: pa.Table


@dataclass(frozen=True)
class Resolution:
    """What a batch's identifiers resolve to.

    Args:
        owners: profile key of each identifier, by ``id``; keys above the highest one in use are new
            profiles, in the order of their first events.
        merges: ``loser_key``, ``winner_key`` of profiles that existed before.
        created: number of new profiles.
        stars: the identifier that each new profile began with.
    """

    owners: Ints
    merges: pa.Table
    created: int
    stars: Ints


def arriving(identifiers: pa.Table, blocked: frozenset[str]) -> Arriving:
    """Reduce a batch's identifiers (``row kind value priority``); blocked values are left out."""
    kept, ids, codes = _distinct(identifiers, pa.array(sorted({_plain(value) for value in blocked}), pa.string()))
    rows, priorities = integers(kept["row"]), kept["priority"].to_numpy().astype(np.int64)
    order = np.lexsort((codes, priorities, rows))
    rows, priorities, codes = rows[order], priorities[order], codes[order]
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]]) if len(rows) else np.empty(0, np.int64)
    stars = np.repeat(codes[starts], np.diff(np.r_[starts, len(rows)]))
    _, first = np.unique(stars * max(ids.num_rows, 1) + codes, return_index=True)
    first = np.sort(first)
    edges = pa.table({"star": stars[first], "id": codes[first], "row": rows[first], "priority": priorities[first]})
    return Arriving(ids, edges, pa.table({"row": rows[starts], "id": codes[starts]}))


def _plain(value: str) -> str:
    return value.strip().lower()


def _distinct(identifiers: pa.Table, barred: pa.Array) -> tuple[pa.Table, pa.Table, Ints]:
    """What is not barred: its rows, the distinct identifiers, numbered by kind and value, and the number of
    each row's identifier."""
    names = pc.binary_join_element_wise(identifiers["kind"], identifiers["value"], "\x1f")
    encoded = names.combine_chunks().dictionary_encode()
    codes: Ints = encoded.indices.to_numpy().astype(np.int64)
    first = np.zeros(len(encoded.dictionary), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    found = identifiers.select(["kind", "value"]).take(pa.array(first))
    bad = pc.is_in(pc.utf8_lower(pc.utf8_trim(found["value"], characters=whitespace)), barred)
    if pc.any(bad).as_py():
        return _distinct(identifiers.filter(pa.array(~bad.to_numpy()[codes])), pa.array([], pa.string()))
    order = pc.array_sort_indices(encoded.dictionary)
    number = np.empty(len(order), dtype=np.int64)
    number[order.to_numpy()] = np.arange(len(order))
    sorted_ids = found.take(order)
    ids = {"id": np.arange(len(order)), "kind": sorted_ids["kind"], "value": sorted_ids["value"]}
    return identifiers, pa.table(ids), number[codes]


def resolve(batch: Arriving, existing: Ints, held_by: Held, rules: IdentityRules, last_key: int) -> Resolution:
    """Resolve a batch.

    Args:
        existing: profile key that holds each identifier already, by ``id``; 0 where it is new.
        held_by: looks up how many identifiers profiles hold; asked for those alone that may change.
        last_key: the highest profile key in use.
    """
    component, components = _components(batch.edges, existing)
    held = held_by(_concerned(existing, component, components))
    within = _within_limits(batch.ids, existing, held, component, components, rules)
    result = _join_whole(batch, existing, component, components, within)
    if not within.all():
        walk(batch, held, rules, ~within[component], existing, result)
    return _numbered(batch, result, last_key)


def _components(edges: pa.Table, existing: Ints) -> tuple[Ints, int]:
    """Component of each identifier: connected by edges, and by the profile that holds both.

    Labels spread to the smallest in reach and are shortened by following them (label propagation with
    pointer jumping), a handful of passes for stars that hang together.
    """
    held = np.flatnonzero(existing > 0)
    profiles, index = np.unique(existing[held], return_inverse=True)
    left = np.concatenate([integers(edges["star"]), held])
    right = np.concatenate([integers(edges["id"]), index + len(existing)])
    label = np.arange(len(existing) + len(profiles))
    while True:
        least = np.minimum(label[left], label[right])
        spread = label.copy()
        np.minimum.at(spread, left, least)
        np.minimum.at(spread, right, least)
        np.minimum.at(spread, label[left], least)
        np.minimum.at(spread, label[right], least)
        spread = spread[spread]
        if np.array_equal(spread, label):
            break
        label = spread
    roots, component = np.unique(label, return_inverse=True)
    return component[: len(existing)].astype(np.int64), len(roots)


def _concerned(existing: Ints, component: Ints, components: int) -> Ints:
    """Profiles to which an identifier or another profile may be joined."""
    grows = np.zeros(components, dtype=bool)
    grows[component[existing == 0]] = True
    have = existing > 0
    least = np.full(components, _NONE)
    np.minimum.at(least, component[have], existing[have])
    grows[component[have & (existing != least[component])]] = True
    concerned: Ints = np.unique(existing[have & grows[component]])
    return concerned


def _within_limits(
    ids: pa.Table, existing: Ints, held: pa.Table, component: Ints, components: int, rules: IdentityRules
) -> Flags:
    """Whether each component, as one profile, stays within every limit."""
    known = np.flatnonzero(existing > 0)
    profiles, first = np.unique(existing[known], return_index=True)
    home = component[known[first]]
    owner = home[np.searchsorted(profiles, integers(held["profile_key"]))] if held.num_rows else np.empty(0, np.int64)
    kinds, held_kinds = ids["kind"].combine_chunks().dictionary_encode(), held["kind"].to_pylist()
    codes = integers(kinds.indices)
    within = np.ones(components, dtype=bool)
    for kind in {*kinds.dictionary.to_pylist(), *held_kinds}:
        code = kinds.dictionary.index(kind).as_py()
        total = np.bincount(component[(codes == code) & (existing == 0)], minlength=components)
        mine = np.array([name == kind for name in held_kinds], dtype=bool)
        total = total + np.bincount(owner[mine], integers(held["count"])[mine], minlength=components)
        within &= total <= rules.limit(kind)
    return within


def _join_whole(batch: Arriving, existing: Ints, component: Ints, components: int, within: Flags) -> Joined:
    """Each component within its limits becomes one profile: its oldest, or a new one."""
    have = existing > 0
    oldest = np.full(components, _NONE)
    np.minimum.at(oldest, component[have], existing[have])
    first = np.full(components, _NONE >> 22)
    np.minimum.at(first, component[integers(batch.edges["id"])], integers(batch.edges["row"]))
    label = np.where(oldest < _NONE, oldest, new_key(first, 0))
    owner = np.where(within[component], label[component], existing)
    lost = have & within[component] & (owner != existing)
    pairs = np.unique(np.stack([existing[lost], owner[lost]]), axis=1)
    return Joined(owner, dict(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)))


def _numbered(batch: Arriving, joined: Joined, last_key: int) -> Resolution:
    """Give new profiles their keys, in the order of their first events."""
    owner = joined.owner
    fresh = owner < 0
    ordered = np.sort(np.unique(owner[fresh]))[::-1]
    owner[fresh] = last_key + 1 + np.searchsorted(-ordered, -owner[fresh])
    losers = np.array(sorted(joined.merges), dtype=np.int64)
    winners = np.array([joined.merges[loser] for loser in losers.tolist()], dtype=np.int64)
    begun = np.full(len(ordered), -1, dtype=np.int64)
    for column in ("star", "id"):
        nodes = integers(batch.edges[column])[::-1]
        mine = owner[nodes] > last_key
        index = owner[nodes[mine]] - last_key - 1
        chosen = np.full(len(ordered), -1, dtype=np.int64)
        chosen[index] = nodes[mine]
        begun = np.where(begun < 0, chosen, begun)
    return Resolution(owner, pa.table({"loser_key": losers, "winner_key": winners}), len(ordered), begun)
