"""Intervals of the mean of answers on a scale with two ends: NPS, satisfied shares, stars.

The usual interval of a mean breaks at the ends of a scale: ten promoters of ten would be 100 ± 0. Rocks (American
Statistician 70, 2016, "Interval estimation for the 'Net Promoter Score'") found the adjusted Wald interval best:
three answers are added, 3/4 promoters, 3/2 passives and 3/4 detractors. Those are binomial over the scale's three
places; here the same is done for a scale of any number of places, which for two is close to Agresti and Coull
(American Statistician 52, 1998).

Answers of one person are not independent, and weighted answers tell less than as many unweighted ones. So what is
counted are people, each with the sum of their weighted answers and of their weights: the variance is that of a
ratio of sums over people (Taylor linearisation; Särndal, Swensson and Wretman 1992, 5.5), and in the place of the
number of answers stands the effective number of people (Kish 1965): what Korn and Graubard (Survey Methodology 24,
1998) and Franco et al. (Journal of Survey Statistics and Methodology 7, 2019) do for shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.stats.values import EMPTY, LEVEL, Floats, Interval, floats, normal_quantile

ADDED = 3.0
"""Answers that are added (Rocks 2016)."""


@dataclass(frozen=True)
class Scale:
    """A scale of ``steps`` places from ``lowest`` to ``highest``: NPS is 3 from -100 to 100."""

    lowest: float
    highest: float
    steps: int


@dataclass(frozen=True)
class Sums:
    """Sums over people, one element a group (g,): n the weighted sum of a person's answers, d that of the weights.

    Args:
        people: how many.
        num, den: Σn, Σd.
        num_num, num_den, den_den: Σn², Σnd, Σd².
    """

    people: Floats
    num: Floats
    den: Floats
    num_num: Floats
    num_den: Floats
    den_den: Floats

    @classmethod
    def of(
        cls, num: npt.ArrayLike, den: npt.ArrayLike, groups: npt.NDArray[np.int64] | None = None, count: int = 1
    ) -> Sums:
        """Sums of people's pairs (n,), each in one of ``count`` groups (n,); all in one where none are given."""
        n, d = floats(num), floats(den)
        place = np.zeros(n.size, np.int64) if groups is None else groups
        parts = (np.ones(n.size), n, d, n * n, n * d, d * d)
        return cls(*(floats(np.bincount(place, part, count)) for part in parts))


@dataclass(frozen=True)
class Means:
    """Means with their bounds, one element a group (g,); NaN where a group is empty.

    Args:
        size: effective number of people.
        error: standard error, never 0 where there is somebody.
    """

    value: Floats
    low: Floats
    high: Floats
    size: Floats
    error: Floats


def scale_means(sums: Sums, scale: Scale, level: float = LEVEL) -> Means:
    """Means Σn ÷ Σd with adjusted Wald intervals, group by group.

    The bounds lie within the scale and hold the mean. Coverage at 90 % by simulation: ``tests/statistics``.
    """
    empty = ~(sums.den > 0)
    den = np.where(empty, 1.0, sums.den)
    mean = sums.num / den
    variance = np.maximum(sums.num_num - 2 * mean * sums.num_den + mean * mean * sums.den_den, 0.0) / (den * den)
    size = den * den / np.where(empty, 1.0, sums.den_den)
    width = scale.highest - scale.lowest
    unit = (mean - scale.lowest) / width
    centre = (size * unit + ADDED / 2) / (size + ADDED)
    own = variance * size / (width * width) + (unit - centre) ** 2
    added = 1 / (4 * (scale.steps - 1)) + (0.5 - centre) ** 2
    error = np.sqrt((size * own + ADDED * added) / (size + ADDED) / (size + ADDED))
    half = normal_quantile(level) * error
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    low, high = scale.lowest + width * low, scale.lowest + width * high
    found = (mean, np.minimum(low, mean), np.maximum(high, mean), size, error * width)
    return Means(*(np.where(empty, np.nan, each) for each in found))


def scale_interval(num: npt.ArrayLike, den: npt.ArrayLike, scale: Scale, level: float = LEVEL) -> Interval:
    """One mean of people's pairs (n,): weighted sums of answers and of weights; reason ``EMPTY`` without any."""
    pairs = floats(den)
    found = scale_means(Sums.of(num, pairs), scale, level)
    value, low, high = (float(each[0]) for each in (found.value, found.low, found.high))
    return Interval(value, low, high, int(np.count_nonzero(pairs)), level, "" if value == value else EMPTY)
