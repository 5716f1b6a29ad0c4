"""Hits of people in flat arrays: one run a person; whoever gets a new run leaves the old one dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.segment.live.windows import Instants

Places = npt.NDArray[np.int64]
Atoms = npt.NDArray[np.uint16]
DEAD_SHARE = 1 / 3
"""With more dead hits than that the arrays are written anew."""
_LEAST_DEAD = 100_000


@dataclass(frozen=True)
class Hits:
    """Hits of several people.

    Args:
        owner: place of the person among those that are spoken of.
        atom: what kind of hit it is.
        t: its instant, microseconds.
        v: its value in micro units; 0 where the kind has none.
    """

    owner: Places
    atom: Atoms
    t: Instants
    v: Instants

    def __len__(self) -> int:
        return len(self.owner)

    @classmethod
    def none(cls) -> Hits:
        """No hits."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.int64), np.zeros(0, np.int64))

    def take(self, rows: npt.NDArray[np.bool_] | Places) -> Hits:
        """Some of them."""
        return Hits(self.owner[rows], self.atom[rows], self.t[rows], self.v[rows])

    def owned(self, owner: Places) -> Hits:
        """The same, of people in other places."""
        return Hits(owner, self.atom, self.t, self.v)

    @classmethod
    def together(cls, parts: list[Hits]) -> Hits:
        """Several after each other."""
        parts = [part for part in parts if len(part)] or [cls.none()]
        if len(parts) == 1:
            return parts[0]
        columns = (np.concatenate([getattr(one, name) for one in parts]) for name in ("owner", "atom", "t", "v"))
        return cls(*columns)


class Arena:
    """All hits that are kept."""

    def __init__(self) -> None:
        self.begin = np.zeros(0, np.int64)
        self.count = np.zeros(0, np.int64)
        self.atom: Atoms = np.zeros(0, np.uint16)
        self.t = np.zeros(0, np.int64)
        self.v = np.zeros(0, np.int64)
        self.used = 0
        self.dead = 0

    def grow(self, people: int) -> None:
        """Make room for so many people in all; the new ones have no hits."""
        self.begin = grown(self.begin, people)
        self.count = grown(self.count, people)

    def of(self, who: Places) -> Hits:
        """The hits of people, one person after the other; ``owner`` is the place in ``who``."""
        counts = self.count[who]
        total = int(counts.sum())
        owner = np.repeat(np.arange(len(who), dtype=np.int64), counts)
        first = np.cumsum(counts) - counts
        rows = np.arange(total, dtype=np.int64) + np.repeat(self.begin[who] - first, counts)
        return Hits(owner, self.atom[rows], self.t[rows], self.v[rows])

    def put(self, who: Places, hits: Hits) -> None:
        """Let people have these hits alone; ``owner`` is the place in ``who``."""
        counts = np.bincount(hits.owner, minlength=len(who)).astype(np.int64)
        if len(hits) and (np.diff(hits.owner) < 0).any():
            small = hits.owner.astype(np.uint16) if len(who) <= 2**16 else hits.owner
            hits = hits.take(np.argsort(small, kind="stable"))
        end = self.used + len(hits)
        if end > len(self.t):
            room = max(end, int(len(self.t) * 1.25) + 1024)
            self.atom, self.t, self.v = (grown(one, room) for one in (self.atom, self.t, self.v))
        self.atom[self.used : end], self.t[self.used : end], self.v[self.used : end] = hits.atom, hits.t, hits.v
        self.dead += int(self.count[who].sum())
        self.begin[who] = self.used + np.cumsum(counts) - counts
        self.count[who] = counts
        self.used = end

    def compact(self) -> bool:
        """Write the runs anew where too many hits are dead; says whether it was so."""
        if self.dead <= max(_LEAST_DEAD, self.used * DEAD_SHARE):
            return False
        order = np.argsort(self.begin, kind="stable")
        order = order[self.count[order] > 0]
        kept = self.of(order)
        self.atom, self.t, self.v = kept.atom, kept.t, kept.v
        counts = self.count[order]
        self.begin[order] = np.cumsum(counts) - counts
        self.used, self.dead = len(kept), 0
        return True

    def without(self, atoms: npt.NDArray[np.bool_], numbers: Atoms) -> None:
        """Drop the hits of the atoms that are marked, and give the others new numbers."""
        everybody = np.arange(len(self.count), dtype=np.int64)
        hits = self.of(everybody)
        stays = hits.take(~atoms[hits.atom])
        self.used = self.dead = 0
        self.count[:] = 0
        self.put(everybody, Hits(stays.owner, numbers[stays.atom], stays.t, stays.v))


def grown(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    """A longer copy with zeros at its end."""
    found = np.zeros((length, *array.shape[1:]), array.dtype)
    found[: len(array)] = array
    return found
