"""Which of few edges join what was apart: union-find in the order of the edges, the smallest key staying."""

from __future__ import annotations

from collections.abc import Iterable


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

    def join(self, one: int, other: int) -> int | None:
        """Make two one; returns the root that went into the other, None where they were one."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return None
        winner, loser = (one, other) if one < other else (other, one)
        self._parent[loser] = winner
        return loser


def joining_edges(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """The edges that join what the ones before left apart: (place of the edge, loser, final winner)."""
    forest = Forest()
    losers = [(place, forest.join(one, other)) for place, (one, other) in enumerate(edges)]
    return [(place, loser, forest.root(loser)) for place, loser in losers if loser is not None]
