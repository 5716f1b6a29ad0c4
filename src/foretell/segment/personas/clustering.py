"""How many kinds of people there are: k by bootstrap stability, smallest share, then silhouette.

Hennig (2007), "Cluster-wise assessment of cluster stability": clusters that are found again in bootstrap samples with a
mean Jaccard similarity of at least .75 are patterns; less is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from foretell.ids import seed_of
from foretell.stats import Floats

Labels = npt.NDArray[np.int64]
Generator = np.random.Generator

KINDS = (3, 4, 5)
LEAST_JACCARD, LEAST_SHARE = 0.75, 0.05
_BOOTSTRAPS = 20
_LEARNS_FROM = 20_000
"""People whom the middles are learnt from; all others belong to the nearest."""
_TRIED_ON = 5_000
_SILHOUETTE_OF = 2_500
_STARTS, _BOOTSTRAP_STARTS = 10, 3


@dataclass(frozen=True)
class Candidate:
    """A number of kinds, and how it holds.

    Args:
        silhouette: −1 to 1; how much nearer people are to their own kind than to the next.
        jaccard: of each kind, how much of it was found again in bootstrap samples (mean), 0 to 1.
        shares: of each kind, of all people.
    """

    kinds: int
    silhouette: float
    jaccard: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def stable(self) -> bool:
        """Whether every kind is found again, and large enough."""
        return min(self.jaccard) >= LEAST_JACCARD and min(self.shares) >= LEAST_SHARE


@dataclass(frozen=True)
class Kinds:
    """Kinds of people.

    Args:
        candidates: every number that was tried.
        chosen: the one taken; None where no number is stable.
        labels: (n,) kind of each person, 0 …; empty without a choice.
        fit: (n,) 0 where another kind is as near, 1 at the middle of one's own.
        middles: (k, d).
    """

    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    labels: Labels
    fit: Floats
    middles: Floats


def kinds_of(points: Floats, *, numbers: Sequence[int] = KINDS, seed: str = "personas") -> Kinds:
    """The kinds among ``points`` (n, d).

    Of the numbers whose kinds are all stable and large enough the one with the best silhouette; of equals the fewer.
    """
    with threadpool_limits(limits=1):
        draws = np.random.default_rng(seed_of(seed, str(points.shape)))
        learnt = points[_some(points.shape[0], _LEARNS_FROM, draws)]
        tried = [(_candidate(learnt, points, number, draws), number) for number in numbers]
    stable = [(candidate, middles) for (candidate, middles), _ in tried if candidate.stable]
    candidates = tuple(candidate for (candidate, _), _ in tried)
    if not stable:
        return Kinds(candidates, None, np.empty(0, np.int64), np.empty(0), np.empty((0, points.shape[1])))
    chosen, middles = max(stable, key=lambda one: (round(one[0].silhouette, 3), -one[0].kinds))
    labels, fit = nearest(points, middles)
    return Kinds(candidates, chosen, labels, fit, middles)


def nearest(points: Floats, middles: Floats) -> tuple[Labels, Floats]:
    """Of each point the nearest middle, and 1 − (distance to it ÷ distance to the next)."""
    squares = (points**2).sum(axis=1)[:, None] - 2.0 * points @ middles.T + (middles**2).sum(axis=1)[None, :]
    far = np.sqrt(np.maximum(squares, 0.0))
    order = np.argsort(far, axis=1, kind="stable")
    rows = np.arange(points.shape[0])
    own, other = far[rows, order[:, 0]], far[rows, order[:, 1]]
    fit = 1.0 - np.divide(own, other, out=np.ones_like(own), where=other > 0)
    return order[:, 0].astype(np.int64), fit


def _candidate(learnt: Floats, points: Floats, number: int, draws: Generator) -> tuple[Candidate, Floats]:
    model = _fit(learnt, number, _STARTS, 0)
    middles = np.asarray(model.cluster_centers_, np.float64)
    labels, _ = nearest(points, middles)
    shares = np.bincount(labels, minlength=number) / labels.size
    tried = learnt[_some(learnt.shape[0], _TRIED_ON, draws)]
    some = tried[_some(tried.shape[0], _SILHOUETTE_OF, draws)]
    own, _ = nearest(some, middles)
    distinct = np.unique(own).size
    silhouette = float(silhouette_score(some, own)) if 1 < distinct < own.size else -1.0
    jaccard = _found_again(tried, middles, draws)
    return Candidate(number, silhouette, tuple(map(float, jaccard)), tuple(map(float, shares))), middles


def _found_again(points: Floats, middles: Floats, draws: Generator) -> Floats:
    """Of each kind the mean similarity with what is most like it in bootstrap samples."""
    number, count = middles.shape[0], points.shape[0]
    labels, _ = nearest(points, middles)
    found = np.zeros((_BOOTSTRAPS, number))
    for turn in range(_BOOTSTRAPS):
        drawn = draws.integers(0, count, count)
        model = _fit(points[drawn], number, _BOOTSTRAP_STARTS, turn + 1)
        once = np.unique(drawn)
        again, _ = nearest(points[once], np.asarray(model.cluster_centers_, np.float64))
        found[turn] = similarity(labels[once], again, number).max(axis=1)
    mean: Floats = found.mean(axis=0)
    return mean


def similarity(one: Labels, other: Labels, number: int, others: int | None = None) -> Floats:
    """Jaccard similarity of every kind of ``one`` with every kind of ``other``: (number, others)."""
    width = number if others is None else others
    both = np.zeros((number, width))
    np.add.at(both, (one, other), 1.0)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    found: Floats = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return found


def _fit(points: Floats, number: int, starts: int, state: int) -> KMeans:
    return KMeans(number, n_init=starts, random_state=state).fit(points)


def _some(count: int, most: int, draws: Generator) -> Labels:
    """Places of at most ``most`` of ``count``, in order."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(draws.choice(count, most, replace=False)).astype(np.int64)
