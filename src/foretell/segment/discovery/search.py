"""Beam search: conjunctions of selectors in which a target lies unusually high or low.

The best groups of one length are made longer by one selector (beam search as in CN2: Clark and Niblett, The CN2
induction algorithm, Machine Learning 3, 1989). After each round the effect of the group that was taken is
removed and the search goes on with what is left, so that the next one says something else (covering, as in
Lavrač et al., Subgroup discovery with CN2-SD, Journal of Machine Learning Research 5, 2004). All groups of a
length are counted by two matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from foretell.segment.discovery.selectors import Masks, Selectors
from foretell.stats import Floats

BEAM, POOL = 20, 200
LEAST_Z, MORE_Z = 3.0, 3.0
"""What a group has to reach in standard errors to be worth a test: against everybody else (a little less than the best
of some thousand reach by chance; the check decides), and against the rest of every shorter group it could be made from
(what the best of some hundred reach)."""
MOST_SHARE = 1 / 3
MOST_SHARED, MOST_INSIDE = 0.5, 0.8
CUT = 0.99
"""Amounts above this quantile count as this quantile in the search, so that one large order makes no group."""
Parts = tuple[int, ...]
Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Candidate:
    """A group.

    Args:
        parts: numbers of its selectors, ascending.
        people: how many of the rows are in it.
        z: mean inside less mean outside, in standard errors.
    """

    parts: Parts
    people: int
    z: float


@dataclass(frozen=True)
class Searched:
    """What a search gave.

    Args:
        candidates: the groups that are worth a test, in the order they were found.
        looked_at: how many groups were counted, those of every round.
    """

    candidates: tuple[Candidate, ...]
    looked_at: int


def search(selectors: Selectors, values: Floats, *, floor: int, depth: int, most: int) -> Searched:
    """The most unusual groups: none nearly another one's, none longer than it has to be, none a third of everybody.

    Args:
        values: the target (n,), finite.
        floor: people in a group at least.
        depth: selectors in a group at most.
        most: groups at most.
    """
    if not len(selectors.all) or values.size < 2 * floor or not np.ptp(values) > 0:
        return Searched((), 0)
    field = _Field(selectors, np.minimum(values, np.quantile(values, CUT)) if np.ptp(values) > 1 else values, floor)
    taken: list[Candidate] = []
    with threadpool_limits(limits=1, user_api="blas"):
        while len(taken) < most and (one := _most_unusual(field, _pool(field, depth), taken)) is not None:
            taken.append(one)
            field.take_away(one.parts)
    return Searched(tuple(taken), field.counted)


class _Field:
    """The rows, what is left of the target, and the selectors, ready to be counted."""

    def __init__(self, selectors: Selectors, values: Floats, floor: int) -> None:
        self._about = [one.about for one in selectors.all]
        self._masks = selectors.masks
        self._matrix = np.ascontiguousarray(selectors.masks.T, dtype=np.float32)
        self._values = values - values.mean()
        self._left = self._values.copy()
        self._spread = float(values.std())
        self._n, self._floor = values.size, floor
        self.counted = 0

    def singles(self) -> Iterator[Candidate]:
        """Each selector by itself."""
        people = self._masks.sum(axis=1).astype(np.float64)
        z = self._z(people, (self._left.astype(np.float32) @ self._matrix).astype(np.float64))
        self.counted += people.size
        for place in np.flatnonzero(people >= self._floor).tolist():
            yield Candidate((place,), int(people[place]), float(z[place]))

    def longer(self, beam: Sequence[Candidate]) -> Iterator[Candidate]:
        """Each of ``beam`` with one selector more, about something else; each group once."""
        held: Numbers = np.stack([self.mask(one.parts) for one in beam]).astype(np.float32)
        people = (held @ self._matrix).astype(np.float64)
        z = self._z(people, ((held * self._left.astype(np.float32)) @ self._matrix).astype(np.float64))
        seen: set[Parts] = set()
        for row, one in enumerate(beam):
            about = {self._about[part] for part in one.parts}
            for place in range(len(self._about)):
                parts = tuple(sorted((*one.parts, place)))
                if self._about[place] in about or parts in seen:
                    continue
                seen.add(parts)
                self.counted += 1
                if self._floor <= people[row, place] < one.people:
                    yield Candidate(parts, int(people[row, place]), float(z[row, place]))

    def mask(self, parts: Parts) -> Masks:
        """Who is in a group (n,)."""
        held: Masks = np.asarray(self._masks[list(parts)].all(axis=0))
        return held

    def small(self, one: Candidate) -> bool:
        """Whether the group is at most a third of everybody."""
        return one.people <= MOST_SHARE * self._n

    def unusual(self, one: Candidate) -> bool:
        """Whether the target itself lies off on the same side, with nothing removed."""
        held = self.mask(one.parts)
        gap = float(self._values[held].mean() - self._values[~held].mean())
        return bool(np.sign(one.z) * gap > 2 * self._error(one.people, self._n - one.people))

    def better_than_shorter(self, one: Candidate) -> bool:
        """Whether leaving any part out would let in people in whom the target lies clearly less far off.

        Groups for which this does not hold are not productive (Webb, Discovering significant patterns, 2007).
        """
        inside = self.mask(one.parts)
        for shorter in combinations(one.parts, len(one.parts) - 1):
            more = self.mask(shorter) & ~inside if shorter else ~inside
            if not more.any():
                return False
            gap = float(self._values[inside].mean() - self._values[more].mean())
            if np.sign(one.z) * gap < MORE_Z * self._error(one.people, int(more.sum())):
                return False
        return True

    def take_away(self, parts: Parts) -> None:
        """Let the group lie no higher or lower than the rest in what is left of the target."""
        held = self.mask(parts)
        self._left[held] -= self._left[held].mean() - self._left[~held].mean()

    def _error(self, inside: float, outside: float) -> float:
        return self._spread * float(np.sqrt(1 / inside + 1 / outside))

    def _z(self, people: Floats, sums: Floats) -> Floats:
        """Standard errors between inside and outside; 0 where either is empty."""
        outside = self._n - people
        some = (people > 0) & (outside > 0)
        nothing = np.zeros_like(sums)
        gap = np.divide(sums, people, where=some, out=nothing.copy())
        gap -= np.divide(float(self._left.sum()) - sums, outside, where=some, out=nothing.copy())
        error = self._spread * np.sqrt(np.divide(self._n, people * outside, where=some, out=np.ones_like(sums)))
        return np.divide(gap, error, where=some, out=nothing)


def _pool(field: _Field, depth: int) -> list[Candidate]:
    """The most unusual groups of every length."""
    pool = list(field.singles())
    beam = _best(pool, BEAM)
    for _ in range(1, depth):
        if not beam:
            break
        longer = list(field.longer(beam))
        pool, beam = [*_best(pool, POOL), *_best(longer, POOL)], _best(longer, BEAM)
    return pool


def _best(found: Sequence[Candidate], most: int) -> list[Candidate]:
    """The most unusual, half of them high and half low."""
    ranked = sorted(found, key=lambda one: (-abs(one.z), one.parts))
    high = [one for one in ranked if one.z > 0][: most // 2]
    low = [one for one in ranked if one.z < 0][: most // 2]
    return [*high, *low]


def _most_unusual(field: _Field, pool: Sequence[Candidate], taken: Sequence[Candidate]) -> Candidate | None:
    """The group that is worth a test first; a shorter one where two are as unusual."""
    known = [(one.z, field.mask(one.parts)) for one in taken]
    for one in sorted(pool, key=lambda one: (-abs(one.z), len(one.parts), one.parts)):
        if abs(one.z) < LEAST_Z:
            return None
        if not (field.small(one) and field.unusual(one)):
            continue
        mask = field.mask(one.parts)
        alike = any(z * one.z > 0 and _alike(mask, other) for z, other in known)
        if not alike and field.better_than_shorter(one):
            return one
    return None


def _alike(one: Masks, other: Masks) -> bool:
    both, either = int((one & other).sum()), int((one | other).sum())
    return both > MOST_SHARED * either or both > MOST_INSIDE * min(int(one.sum()), int(other.sum()))
