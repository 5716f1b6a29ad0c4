"""Intervals of a share, of a mean, and of any statistic by bootstrap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from foretell.stats.values import (
    CONSTANT,
    EMPTY,
    LEVEL,
    NAN,
    NOT_FINITE,
    TOO_FEW,
    Floats,
    Interval,
    floats,
    normal_quantile,
)


def wilson_bounds(successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Wilson's score interval of proportions (Wilson 1927), element by element.

    Args:
        successes, trials: counts (n,); fractional counts (weights) are allowed.
    Returns: lower and upper bounds (n,), NaN where there are no trials.
    """
    k, n = floats(successes), floats(trials)
    empty = ~(n > 0)
    n = np.where(empty, 1.0, n)
    share, z2 = k / n, normal_quantile(level) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    spread = np.maximum(share * (1 - share) / n + z2 / (4 * n * n), 0.0)
    half = np.sqrt(z2 * spread) / (1 + z2 / n)
    low = np.where(k <= 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(k >= n, 1.0, np.minimum(centre + half, 1.0))
    return np.where(empty, NAN, low), np.where(empty, NAN, high)


def proportion_interval(successes: float, trials: float, level: float = LEVEL) -> Interval:
    """One proportion with its Wilson interval; reason ``EMPTY`` without trials."""
    if not trials > 0:
        return Interval(NAN, NAN, NAN, 0, level, EMPTY)
    low, high = wilson_bounds(successes, trials, level)
    return Interval(successes / trials, float(low[0]), float(high[0]), int(trials), level)


def mean_interval(values: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Mean of ``values`` (n,) with Student's t interval."""
    x = floats(values)
    if not np.isfinite(x).all():
        return Interval(NAN, NAN, NAN, x.size, level, NOT_FINITE)
    if x.size == 0:
        return mean_interval_of(0, NAN, NAN, level)
    return mean_interval_of(x.size, float(x.mean()), float(x.var(ddof=1)) if x.size > 1 else NAN, level)


def mean_interval_of(n: int, mean: float, variance: float, level: float = LEVEL) -> Interval:
    """Student's t interval from count, mean and sample variance (divisor n - 1).

    One value has a mean and no bounds (``TOO_FEW``); equal values have a point interval
    (``CONSTANT``).
    """
    if n < 1:
        return Interval(NAN, NAN, NAN, 0, level, EMPTY)
    if n < 2:
        return Interval(mean, NAN, NAN, n, level, TOO_FEW)
    from scipy.special import stdtrit  # loads slowly, and few callers need it

    half = float(stdtrit(n - 1, 0.5 + level / 2)) * math.sqrt(max(variance, 0.0) / n)
    return Interval(mean, mean - half, mean + half, n, level, "" if variance > 0 else CONSTANT)


def poisson_weights(uniforms: npt.ArrayLike) -> Floats:
    """Bootstrap weights: the Poisson(1) quantile of each number in [0, 1), same shape."""
    mass = np.array([math.exp(-1.0) / math.factorial(k) for k in range(20)])
    return np.searchsorted(np.cumsum(mass), np.asarray(uniforms), side="right").astype(np.float64)


def bootstrap(
    statistic: Callable[[Floats], float],
    uniforms: Callable[[int], Floats],
    *,
    replicates: int = 200,
    level: float = LEVEL,
) -> Interval:
    """Percentile interval by the Poisson bootstrap (Chamandy et al. 2012), equal on every machine.

    Args:
        statistic: from weights (n,) to a number.
        uniforms: from the replicate's number to one number in [0, 1) per row, hashed from the row's
            id: ``lambda b: unit_intervals(f"{name}:{b}", keys)``. Rows with one id move together.
    Replicates where the statistic is NaN are left out; below half of them, reason ``TOO_FEW``.
    """
    first = uniforms(0)
    n = int(first.size)
    if n == 0:
        return Interval(NAN, NAN, NAN, 0, level, EMPTY)
    value = float(statistic(np.ones(n)))
    drawn = np.array([statistic(poisson_weights(uniforms(b))) for b in range(replicates)])
    drawn = drawn[np.isfinite(drawn)]
    if 2 * drawn.size < max(replicates, 1):
        return Interval(value, NAN, NAN, n, level, TOO_FEW)
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(value, float(low), float(high), n, level)
