"""Which of the groups that were found hold on other people at a later time, and by how much.

The groups were found without looking at these people's outcomes, so that only as many tests count as there are
groups (holdout evaluation: Webb, Discovering significant patterns, Machine Learning 68, 2007). Among these the
share of false ones is held at a tenth (Benjamini and Hochberg, Journal of the Royal Statistical Society B 57, 1995),
and the intervals of those that pass are as much wider that nine of ten of *them* hold the truth (false coverage
rate: Benjamini and Yekutieli, Journal of the American Statistical Association 100, 2005).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretell.segment.discovery.selectors import Masks
from foretell.stats import (
    LEVEL,
    Floats,
    Interval,
    difference_of_means,
    mean_interval,
    proportion_interval,
    wilson_bounds,
)

FALSE_SHARE = 1 - LEVEL


@dataclass(frozen=True)
class Contrast:
    """A group and the rest of the population.

    Args:
        inside, outside: mean with bounds at 90 %.
        difference: inside less outside; its level is the one that was asked for.
        p: of a difference at least as large, were there none (two-sided).
    """

    inside: Interval
    outside: Interval
    difference: Interval
    p: float


def contrast(values: Floats, held: Masks, *, share: bool, level: float = LEVEL) -> Contrast:
    """The mean of ``values`` (n,) inside and outside a group.

    Shares: Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10) and the pooled test of two
    shares. Other values: Welch's t interval and test.
    """
    inside, outside = values[held], values[~held]
    if share:
        difference, p = _of_shares(inside, outside, level)
        return Contrast(
            proportion_interval(float(inside.sum()), inside.size),
            proportion_interval(float(outside.sum()), outside.size), difference, p,
        )  # fmt: skip
    difference = difference_of_means(inside, outside, level)
    return Contrast(mean_interval(inside), mean_interval(outside), difference, _welch_p(inside, outside))


def kept(contrasts: Sequence[Contrast], signs: Sequence[float]) -> list[bool]:
    """Which of the tested pass Benjamini and Hochberg's step-up at a false share of a tenth, on the side (+1, -1) on
    which they were found."""
    p = np.array([one.p for one in contrasts])
    order = np.argsort(p, kind="stable")
    m = p.size
    passes = np.flatnonzero(p[order] <= FALSE_SHARE * np.arange(1, m + 1) / m)
    last = int(passes[-1]) + 1 if passes.size else 0
    held = np.zeros(m, bool)
    held[order[:last]] = True
    return [
        bool(one) and math.copysign(1.0, contrast.difference.value) == sign
        for one, contrast, sign in zip(held.tolist(), contrasts, signs, strict=True)
    ]


def level_of(passed: int, tested: int) -> float:
    """The level of the intervals of ``passed`` groups out of ``tested``: 1 - passed · 0.1 / tested."""
    return 1 - FALSE_SHARE * max(passed, 1) / max(tested, 1)


def _of_shares(inside: Floats, outside: Floats, level: float) -> tuple[Interval, float]:
    hits = np.array([inside.sum(), outside.sum()])
    n = np.array([inside.size, outside.size])
    share = hits / n
    low, high = wilson_bounds(hits, n, level)
    value = float(share[0] - share[1])
    down = math.hypot(share[0] - low[0], high[1] - share[1])
    up = math.hypot(high[0] - share[0], share[1] - low[1])
    pooled = float(hits.sum() / n.sum())
    error = math.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
    p = 1.0 if error == 0 else math.erfc(abs(value) / error / math.sqrt(2))
    return Interval(value, value - down, value + up, int(n.sum()), level), p


def _welch_p(inside: Floats, outside: Floats) -> float:
    first, second = float(inside.var(ddof=1)) / inside.size, float(outside.var(ddof=1)) / outside.size
    variance = first + second
    if not variance > 0:
        return 1.0
    from scipy.special import stdtr  # loads slowly, and few callers need it

    freedom = variance**2 / (first**2 / (inside.size - 1) + second**2 / (outside.size - 1))
    return float(2 * stdtr(freedom, -abs(float(inside.mean() - outside.mean())) / math.sqrt(variance)))
