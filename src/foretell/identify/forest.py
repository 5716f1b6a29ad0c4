"""Which of few edges join what was apart (union-find, in the order of the edges), and the way between two of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Place = TypeVar("Place", bound=Hashable)
Edge = TypeVar("Edge")


class Forest:
    """Profiles, and which of them have become one."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def root(self, key: int) -> int:
        """The profile that ``key`` belongs to."""
        parent = self._parent
        while key in parent:
            above = parent[key]
            if above in parent:
                parent[key] = parent[above]
            key = above
        return key

    def lead(self, loser: int, winner: int) -> None:
        """Let one root go into another."""
        self._parent[loser] = winner

    def join(self, one: int, other: int) -> int | None:
        """Make two one, the smaller key staying; returns the root that went into it, None where they were one."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return None
        winner, loser = (one, other) if one < other else (other, one)
        self.lead(loser, winner)
        return loser


def joining_edges(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """The edges that join what the ones before left apart: (place of the edge, loser, final winner)."""
    forest = Forest()
    losers = [(place, forest.join(one, other)) for place, (one, other) in enumerate(edges)]
    return [(place, loser, forest.root(loser)) for place, loser in losers if loser is not None]


def shortest_way(beside: Mapping[Place, Sequence[tuple[Place, Edge]]], start: Place, end: Place) -> list[Edge]:
    """The fewest edges that lead from ``start`` to ``end``; empty where none do.

    Args:
        beside: of each place the places beside it, each with the edge that leads there.
    """
    seen: dict[Place, tuple[Place, Edge] | None] = {start: None}
    waiting = [start]
    for here in waiting:
        for there, edge in beside.get(here, ()):
            if there not in seen:
                seen[there] = (here, edge)
                waiting.append(there)
    found: list[Edge] = []
    step = seen.get(end)
    while step is not None:
        found.append(step[1])
        step = seen[step[0]]
    return found[::-1]
