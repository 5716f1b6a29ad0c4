"""Texts as weighted features: TF-IDF over words (1-2) and over runs of characters (2-5), each normed by itself.

Salton and Buckley (1988); the weight of a count is 1 + ln(count), of a feature ln((1 + n) / (1 + texts with it)) + 1.
A feature is the upper 32 bits of its hash, the last of which says which of the two looks it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.listen.text.grams import Characters, Found, Hashes, Ints, characters, runs, words

if TYPE_CHECKING:
    from scipy import sparse

Floats = npt.NDArray[np.float32]
SHORTEST, LONGEST = 2, 5
TEXTS_TOGETHER = 4_000
"""So many texts are looked at in one go: what is in memory at a time is bounded."""


def cells(rows: Ints, columns: Ints, values: npt.NDArray[np.floating], shape: tuple[int, int]) -> sparse.csr_matrix:
    """A matrix of few cells, which are told by row, column and value; those told twice are added up."""
    from scipy import sparse  # loads slowly, and few commands read texts

    return sparse.csr_matrix((values, (rows, columns)), shape=shape)


@dataclass(frozen=True)
class Vocabulary:
    """The features that a model knows.

    Args:
        keys: (features,) uint32, ascending.
        weight: (features,) float32, the inverse document frequency of each.
    """

    keys: npt.NDArray[np.uint32]
    weight: Floats

    def matrix(self, texts: pa.Array) -> sparse.csr_matrix:
        """Plain texts as rows: (texts, features) float32; a text with no known feature is an empty row."""
        parts = [
            self._rows(characters(texts.slice(begin, TEXTS_TOGETHER))) for begin in range(0, len(texts), TEXTS_TOGETHER)
        ]
        if len(parts) == 1:
            return parts[0]
        from scipy import sparse  # loads slowly, and few commands read texts

        return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, len(self.keys)), dtype=np.float32)

    def _rows(self, seen: Characters) -> sparse.csr_matrix:
        sides = [self._known(found) for found in looks(seen)]
        rows, columns, values = (np.concatenate(part) for part in zip(*map(self._weighed, sides), strict=True))
        shape = (seen.count, len(self.keys))
        return cells(rows, columns, values, shape)

    def _known(self, found: Found) -> Ints:
        """Text and feature in one number, of what the vocabulary has."""
        if not len(self.keys):
            return np.zeros(0, np.int64)
        asked = found.number.astype(np.uint32)
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        there = self.keys[place] == asked
        return np.asarray(found.text[there] * len(self.keys) + place[there], np.int64)

    def _weighed(self, known: Ints) -> tuple[Ints, Ints, Floats]:
        """Row, column and value, each text's values of length 1."""
        both, count = np.unique(known, return_counts=True)
        rows, columns = np.divmod(both, max(len(self.keys), 1))
        values = (1 + np.log(count)) * self.weight[columns]
        length = np.sqrt(np.bincount(rows, values * values)) if len(rows) else np.zeros(0)
        return rows, columns, (values / length[rows]).astype(np.float32)


def looks(seen: Characters) -> tuple[Found, Found]:
    """The features of both looks at texts, as often as they are there, as 32-bit numbers (in uint64)."""
    single, pairs = words(seen)
    spelt: list[Found] = []
    number: Hashes | None = None
    for length in range(SHORTEST, LONGEST + 1):
        found, number = runs(seen, length, number)
        spelt.append(found)
    return _marked([single, pairs], 0), _marked(spelt, 1)


def vocabulary(texts: pa.Array, *, least: int = 2, most: int | None = None) -> Vocabulary:
    """The features that at least ``least`` of these plain texts have.

    Args:
        most: keep no more than the most frequent ones; ties go by the number.
    """
    keys, counts = np.zeros(0, np.uint32), np.zeros(0, np.int64)
    for begin in range(0, len(texts), TEXTS_TOGETHER):
        seen = characters(texts.slice(begin, TEXTS_TOGETHER))
        for found in looks(seen):
            part, count = _texts_with(found)
            keys, counts = _added(keys, counts, part, count)
    kept = counts >= least
    if most is not None and np.count_nonzero(kept) > most:
        order = np.lexsort((keys, -counts))[:most]
        kept = np.isin(np.arange(len(keys)), order)
    total = len(texts)
    weight = np.log((1 + total) / (1 + counts[kept])) + 1
    return Vocabulary(keys[kept], weight.astype(np.float32))


def _texts_with(found: Found) -> tuple[npt.NDArray[np.uint32], Ints]:
    """Each feature and how many texts have it."""
    both = np.unique((found.text.astype(np.uint64) << np.uint64(32)) | found.number)
    part, count = np.unique(both.astype(np.uint32), return_counts=True)
    return part, count


def _added(
    keys: npt.NDArray[np.uint32], counts: Ints, part: npt.NDArray[np.uint32], count: Ints
) -> tuple[npt.NDArray[np.uint32], Ints]:
    whole, place = np.unique(np.concatenate([keys, part]), return_inverse=True)
    return whole, np.bincount(place, np.concatenate([counts, count]), len(whole)).astype(np.int64)


def _marked(found: list[Found], look: int) -> Found:
    number = np.concatenate([one.number for one in found]) >> np.uint64(32)
    number = (number & np.uint64(0xFFFFFFFE)) | np.uint64(look)
    return Found(np.concatenate([one.text for one in found]), number)
