"""How many people each two segments share, from one table of memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Counts = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Overlap:
    """Two segments.

    Args:
        both: people who are in both.
        of_one, of_other: ``both`` as a share of each; 0 of an empty one.
        jaccard: ``both`` as a share of those who are in either.
    """

    one: str
    other: str
    both: int
    of_one: float
    of_other: float
    jaccard: float


@dataclass(frozen=True)
class OverlapMatrix:
    """All segments against all.

    Args:
        keys: the segments (k,), in the order asked for.
        both: people whom two of them share (k, k); on the diagonal the sizes.
    """

    keys: tuple[str, ...]
    both: Counts

    @property
    def sizes(self) -> dict[str, int]:
        """Key → people."""
        return dict(zip(self.keys, self.both.diagonal().tolist(), strict=True))

    def pair(self, one: str, other: str) -> Overlap:
        """The two segments; raises ``ValueError`` for keys that are not in :attr:`keys`."""
        row, column = self.keys.index(one), self.keys.index(other)
        both, first, second = (int(self.both[at]) for at in ((row, column), (row, row), (column, column)))
        either = first + second - both
        return Overlap(one, other, both, _share(both, first), _share(both, second), _share(both, either))

    def of(self, key: str) -> list[Overlap]:
        """``key`` against every other segment, the most alike first, ties by key; empty ones last."""
        found = [self.pair(key, other) for other in self.keys if other != key]
        return sorted(found, key=lambda one: (-one.jaccard, one.other))

    def pairs(self) -> list[Overlap]:
        """Each two segments that share anybody once, the most alike first, ties by key."""
        found = [
            self.pair(self.keys[row], self.keys[column]) for row, column in np.argwhere(np.triu(self.both, 1)).tolist()
        ]
        return sorted(found, key=lambda one: (-one.jaccard, one.one, one.other))


def overlap(inside: pa.Table, keys: Sequence[str]) -> OverlapMatrix:
    """How many people each two of the segments ``keys`` share.

    Each segment becomes one bit a person, so that k segments of n people cost k² n / 8 bytes of reading.

    Args:
        inside: columns ``segment`` and ``profile_key``, each pair once (:func:`foretell.segment.memberships`).
    """
    names = pa.array(keys, pa.string())
    rows = inside.filter(pc.is_in(inside["segment"], names))
    people = pc.dictionary_encode(rows["profile_key"].combine_chunks())
    person = np.asarray(people.indices, dtype=np.int64)
    which = np.asarray(pc.index_in(rows["segment"].combine_chunks(), names), dtype=np.int64)
    held = np.zeros((len(keys), len(people.dictionary)), dtype=bool)
    held[which, person] = True
    return OverlapMatrix(tuple(keys), shared(np.packbits(held, axis=1)))


def shared(bits: Bits) -> Counts:
    """How many bits each two rows of ``bits`` (k, bytes) have in common: (k, k)."""
    k = len(bits)
    both = np.zeros((k, k), dtype=np.int64)
    for row in range(k):
        both[row, row:] = np.bitwise_count(bits[row:] & bits[row]).sum(axis=1, dtype=np.int64)
    result: npt.NDArray[Any] = both + np.triu(both, 1).T
    return result


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
