"""The walk, edge by edge, for the few components that exceed a limit."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.identify.rules import IdentityRules

if TYPE_CHECKING:
    from foretell.identify.resolve import Arriving

Ints = npt.NDArray[np.int64]
Number = TypeVar("Number", int, Ints)
_PLACES = 1 << 20
"""More than twice the identifiers that one event can hold."""


@dataclass
class Joined:
    """Identifiers joined to profiles, before new profiles have their keys.

    Args:
        owner: profile key of each identifier; negative for new profiles (:func:`new_key`).
        merges: existing profile → the older existing profile it went into.
    """

    owner: Ints
    merges: dict[int, int]


def new_key(row: Number, place: int) -> Number:
    """A provisional key for a profile that begins at ``row``; the earlier, the closer to zero."""
    return -1 - (row * _PLACES + place)


class _Profiles:
    """Profiles under joining: which went into which, and how many identifiers each holds."""

    def __init__(self, held: pa.Table, rules: IdentityRules) -> None:
        self.parent: dict[int, int] = {}
        self.rules = rules
        self.counts: dict[int, dict[str, int]] = defaultdict(dict)
        for key, kind, number in zip(
            *(held[name].to_pylist() for name in ("profile_key", "kind", "count")), strict=True
        ):
            self.counts[key][kind] = int(number)

    def root(self, key: int) -> int:
        while key in self.parent:
            key = self.parent[key]
        return key

    def join(self, one: int, other: int) -> None:
        """Join two profiles, the older one staying, unless a limit denies it."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return
        total = dict(self.counts[one])
        for kind, number in self.counts[other].items():
            total[kind] = total.get(kind, 0) + number
        if any(number > self.rules.limit(kind) for kind, number in total.items()):
            return
        winner, loser = (one, other) if _age(one) < _age(other) else (other, one)
        self.parent[loser] = winner
        self.counts[winner] = total


def _age(key: int) -> int:
    return key if key > 0 else (1 << 62) - key


def walk(
    batch: Arriving,
    held: pa.Table,
    rules: IdentityRules,
    concerned: npt.NDArray[np.bool_],
    existing: Ints,
    result: Joined,
) -> None:
    """Resolve the identifiers marked in ``concerned`` into ``result``, in the order of the events.

    Where joining two profiles would exceed a limit the edge is denied, for good (counts only grow),
    and both stay as they are.
    """
    profiles = _Profiles(held, rules)
    kinds = batch.ids["kind"]
    home: dict[int, int] = {}

    def owner_of(node: int, row: int, place: int) -> int:
        if node not in home:
            key = int(existing[node])
            if key <= 0:
                key = new_key(row, place)
                profiles.counts[key] = {kinds[node].as_py(): 1}
            home[node] = key
        return home[node]

    places: dict[int, int] = defaultdict(int)
    edges = [batch.edges[name].to_numpy() for name in ("star", "id", "row")]
    mine = concerned[edges[0]]
    for star, node, row in zip(*(column[mine].tolist() for column in edges), strict=True):
        place = places[row]
        places[row] += 2
        profiles.join(owner_of(star, row, place), owner_of(node, row, place + 1))
    for node, key in home.items():
        result.owner[node] = profiles.root(key)
    for loser in [key for key in profiles.parent if key > 0]:
        result.merges[loser] = profiles.root(loser)
