"""The walk, edge by edge, for the few components in which something may be denied."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import integers
from foretell.identify.arriving import Arriving
from foretell.identify.forest import Forest
from foretell.identify.rules import IdentityRules

Ints = npt.NDArray[np.int64]
Number = TypeVar("Number", int, Ints)
_PLACES = 1 << 20
"""More than the identifiers that one event can hold."""


@dataclass
class Walked:
    """What the walk found, before new nodes have their keys.

    Args:
        node: of each identifier; negative for new ones (:func:`new_key`).
        owner: profile of each identifier, likewise.
        merges: (edge, loser, winner); the winner is the one at the end of the walk.
        denials: (edge, rule).
        begun: new node → the identifier that it began with.
    """

    node: dict[int, int] = field(default_factory=dict)
    owner: dict[int, int] = field(default_factory=dict)
    merges: list[tuple[int, int, int]] = field(default_factory=list)
    denials: list[tuple[int, str]] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=dict)


def new_key(row: Number, place: int) -> Number:
    """A provisional key for a node that begins at ``row``; the earlier, the closer to zero."""
    return -1 - (row * _PLACES + place)


def ages(key: Ints) -> Ints:
    """The lower, the older: those that are there already by their keys, then new ones by their rows."""
    return np.where(key > 0, key, (1 << 62) - key)


def _older(one: int, other: int) -> bool:
    if one > 0 and other > 0:
        return one < other
    return one > other


class _Profiles:
    """Profiles under joining: which went into which, and what each holds."""

    def __init__(self, held: pa.Table, apart: pa.Table, rules: IdentityRules) -> None:
        self._forest = Forest()
        self.root = self._forest.root
        self.rules = rules
        self.counts: dict[int, dict[str, int]] = defaultdict(dict)
        self.strength: dict[int, int] = {}
        self.apart: dict[int, set[int]] = defaultdict(set)
        for key, kind, number in zip(*(held[name].to_pylist() for name in held.column_names), strict=True):
            self.counts[key][kind] = int(number)
        for key, counts in self.counts.items():
            self.strength[key] = min(map(rules.rank, counts))
        for one, other in zip(*(apart[name].to_pylist() for name in apart.column_names), strict=True):
            self.apart[one].add(other)
            self.apart[other].add(one)

    def begin(self, key: int, kind: str) -> None:
        """A new profile with one identifier."""
        self.counts[key] = {kind: 1}
        self.strength[key] = self.rules.rank(kind)

    def denied(self, one: int, other: int, kinds: tuple[str, str]) -> str | None:
        """The rule by which an edge between identifiers of ``kinds`` does not join two profiles."""
        for kind in kinds:
            rank = self.rules.rank(kind)
            if self.strength[one] < rank and self.strength[other] < rank and not self.rules.type_of(kind).merges:
                return f"merges:{kind}"
        if any(self.root(key) == other for key in self.apart.get(one, ())):
            return "kept_apart"
        mine, theirs = self.counts[one], self.counts[other]
        over = [kind for kind in theirs if kind in mine and mine[kind] + theirs[kind] > self.rules.limit(kind)]
        return f"limit:{min(over, key=lambda kind: (self.rules.rank(kind), kind))}" if over else None

    def join(self, winner: int, loser: int) -> None:
        """Let ``loser`` go into ``winner``."""
        self._forest.lead(loser, winner)
        counts = self.counts[winner]
        for kind, number in self.counts.pop(loser).items():
            counts[kind] = counts.get(kind, 0) + number
        self.strength[winner] = min(self.strength[winner], self.strength[loser])
        if loser in self.apart:
            self.apart[winner] |= self.apart[loser]


def walk(
    batch: Arriving,
    nodes: Ints,
    profiles: Ints,
    held: pa.Table,
    apart: pa.Table,
    rules: IdentityRules,
    concerned: npt.NDArray[np.bool_],
) -> Walked:
    """Take the edges of the identifiers marked in ``concerned`` one by one, in the order of the events.

    A denied edge leaves both profiles as they are, for good: what denies it only grows.

    An identifier that is new in an event belongs to the node of the event's star; the star, if it is new itself,
    to the node of the first identifier of the event that it joins and that is none of its event's new ones. Where
    there is none, both begin a node.
    """
    way = _Way(batch, nodes, profiles, _Profiles(held, apart, rules))
    places = np.flatnonzero(concerned[integers(batch.edges["star"])])
    columns = (integers(batch.edges[name])[places].tolist() for name in ("star", "id", "row"))
    for edge, star, other, row in zip(places.tolist(), *columns, strict=True):
        way.step(edge, star, other, row)
    return way.walked()


class _Way:
    """The state of a walk."""

    def __init__(self, batch: Arriving, nodes: Ints, profiles: Ints, people: _Profiles) -> None:
        self.kinds: list[str] = batch.ids["kind"].to_pylist()
        self.nodes, self.profiles, self.people = nodes, profiles, people
        self.home: dict[int, int] = {}
        self.owner: dict[int, int] = {}
        self.absorbed: dict[int, int] = {}
        self.found = Walked()
        self.row, self.place = -1, 0

    def step(self, edge: int, star: int, other: int, row: int) -> None:
        """Take one edge."""
        self.place = self.place + 1 if row == self.row else 0
        self.row = row
        self._settle(star)
        if star == other:
            return
        self._settle(other)
        people = self.people
        one, two = people.root(self.owner[star]), people.root(self.owner[other])
        if one == two:
            return
        rule = people.denied(one, two, (self.kinds[other], self.kinds[star]))
        if rule is not None:
            self.found.denials.append((edge, rule))
            return
        winner, loser = (one, two) if _older(one, two) else (two, one)
        people.join(winner, loser)
        if loser < 0 and new_key(row + 1, 0) < loser <= new_key(row, 0):
            self.absorbed[loser] = self.home[star if loser == two else other]
        else:
            self.found.merges.append((edge, loser, winner))

    def _settle(self, identifier: int) -> None:
        """Give an identifier that comes for the first time its home."""
        if identifier in self.home:
            return
        node, profile = int(self.nodes[identifier]), int(self.profiles[identifier])
        if node <= 0:
            node = profile = new_key(self.row, self.place)
            self.found.begun[node] = identifier
            self.people.begin(profile, self.kinds[identifier])
        self.home[identifier], self.owner[identifier] = node, profile

    def walked(self) -> Walked:
        """What was found."""
        found, root = self.found, self.people.root
        for identifier, node in self.home.items():
            while node in self.absorbed:
                node = self.absorbed[node]
            found.node[identifier] = node
            found.owner[identifier] = root(self.owner[identifier])
        found.merges = [(edge, loser, root(loser)) for edge, loser, _ in found.merges]
        found.begun = {node: begun for node, begun in found.begun.items() if node not in self.absorbed}
        return found
