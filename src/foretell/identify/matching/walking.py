"""The walk over the pairs of larger groups, the likeliest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

KEPT_APART, CHAIN = "kept_apart", "chain"
LINKED_SHARE = 0.5
"""Of the pairs of profiles between two groups so many have to be found alike: a chain of likenesses, each profile
like the next one only, is not one person."""


class Walk:
    """Profiles under joining.

    Args:
        limit: the most identifiers of a kind in one profile.
    """

    def __init__(self, limit: Callable[[str], int]) -> None:
        self._limit = limit
        self._into: dict[int, int] = {}
        self._members: dict[int, set[int]] = {}
        self._counts: dict[int, dict[str, int]] = defaultdict(dict)
        self._apart: dict[int, set[int]] = defaultdict(set)
        self._alike: dict[int, set[int]] = defaultdict(set)
        self._evidence: dict[int, int] = {}
        self.held_back: dict[int, str] = {}

    def hold(self, profile: int, kind: str, count: int) -> None:
        """``profile`` holds ``count`` identifiers of ``kind``."""
        self._counts[profile][kind] = count

    def keep_apart(self, one: int, other: int) -> None:
        """Two profiles may not become one."""
        self._apart[one].add(other)
        self._apart[other].add(one)

    def alike(self, one: int, other: int) -> None:
        """Two profiles were found alike."""
        self._alike[one].add(other)
        self._alike[other].add(one)

    def join(self, one: int, other: int, pair: int) -> None:
        """Join two profiles by the evidence of ``pair``, the older one staying, unless something speaks against it."""
        winner, loser = sorted((self._root(one), self._root(other)))
        if winner == loser:
            return
        objection = self._objection(winner, loser)
        if objection is not None:
            self.held_back[pair] = objection
            return
        self._into[loser] = winner
        self._evidence[loser] = pair
        self._members[winner] = self._group(winner) | self._members.pop(loser, {loser})
        total = self._counts[winner]
        for kind, count in self._counts[loser].items():
            total[kind] = total.get(kind, 0) + count

    def merges(self) -> list[tuple[int, int, int]]:
        """Loser, winner and evidence of each profile that went into another."""
        return [(loser, self._root(loser), pair) for loser, pair in sorted(self._evidence.items())]

    def _root(self, profile: int) -> int:
        while profile in self._into:
            profile = self._into[profile]
        return profile

    def _group(self, root: int) -> set[int]:
        return self._members.get(root, {root})

    def _objection(self, one: int, other: int) -> str | None:
        mine, theirs = self._group(one), self._group(other)
        if any(self._apart[member] & theirs for member in mine):
            return KEPT_APART
        counts = self._counts[one]
        over = [k for k, n in self._counts[other].items() if counts.get(k, 0) + n > self._limit(k)]
        if over:
            return f"limit:{min(over)}"
        linked = sum(len(self._alike[member] & theirs) for member in mine)
        return CHAIN if linked < LINKED_SHARE * len(mine) * len(theirs) else None
