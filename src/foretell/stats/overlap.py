"""What went with a treatment that nobody drew by lot: treated and others compared where they are alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
    expit,
    floats,
    normal_quantile,
)

LEAST_EFFECTIVE = 30.0
"""So many people each group must be worth after weighting; below that nothing is said."""
_ROUNDS = 50
_RIDGE = 1e-6


@dataclass(frozen=True)
class Compared:
    """Treated against others, each weighted by how likely they were to be in the other group.

    Args:
        difference: mean of the treated less that of the others; ``TOO_FEW`` where the groups do not overlap enough.
        treated, others: the two weighted means.
        treated_effective, others_effective: so many unweighted people each group is worth.
        before, after: (k,) standardised differences of the covariates without and with the weights.
    """

    difference: Interval
    treated: float
    others: float
    treated_effective: float
    others_effective: float
    before: Floats
    after: Floats


def overlap_difference(
    outcome: npt.ArrayLike, treated: npt.ArrayLike, covariates: npt.ArrayLike, *, level: float = LEVEL,
    least: float = LEAST_EFFECTIVE,
) -> Compared:  # fmt: skip
    """Compare by overlap weights (Li, Morgan and Zaslavsky, Journal of the American Statistical Association 113, 2018).

    The probability to be treated is a logistic regression on the covariates; the treated count with one less it, the
    others with it. Who was sure to be treated, or sure not to be, so counts nothing, no weight is large, and the
    weighted means of the covariates are equal. The variance takes into account that the probabilities are estimated
    (stacked estimating equations: Stefanski and Boos, American Statistician 56, 2002).
    It is an effect only as far as the covariates say all that led to both treatment and outcome.

    Args:
        outcome: (n,) finite.
        treated: (n,) true or false.
        covariates: (n, k) finite; constant ones are passed over.
    """
    y, a = floats(outcome), np.asarray(treated, dtype=bool).reshape(-1)
    given = np.asarray(covariates, dtype=np.float64)
    given = given[:, None] if given.ndim == 1 else given
    if a.size != y.size:
        raise ValueError(f"lengths differ: {y.size}, {a.size}")
    if not (np.isfinite(y).all() and np.isfinite(given).all()):
        return _nothing(given.shape[1], y.size, level, NOT_FINITE)
    if not a.any() or a.all():
        return _nothing(given.shape[1], y.size, level, EMPTY)
    x = _design(given)
    e = expit(x @ _logistic(x, a))
    weights = np.where(a, 1 - e, e)
    worth = _effective(weights[a]), _effective(weights[~a])
    means = _mean(y, weights, a), _mean(y, weights, ~a)
    before, after = _balance(given, a, np.ones(y.size)), _balance(given, a, weights)
    difference = _interval(x, y, a, e, means, level)
    if min(worth) < least:
        difference = Interval(NAN, NAN, NAN, y.size, level, TOO_FEW)
    return Compared(difference, *means, *worth, before, after)


def _nothing(k: int, n: int, level: float, reason: str) -> Compared:
    blank = np.full(k, NAN)
    return Compared(Interval(NAN, NAN, NAN, n, level, reason), NAN, NAN, 0.0, 0.0, blank, blank)


def _design(covariates: Floats) -> Floats:
    """With a column of ones; the others centred, of unit variance, without those that are constant."""
    spread = covariates.std(axis=0)
    varied = spread > 0
    scaled = (covariates[:, varied] - covariates[:, varied].mean(axis=0)) / spread[varied]
    return np.column_stack([np.ones(covariates.shape[0]), scaled])


def _logistic(x: Floats, a: npt.NDArray[np.bool_]) -> Floats:
    """Coefficients (k + 1,) by Newton's method with a ridge that keeps them finite where groups are apart."""
    beta = np.zeros(x.shape[1])
    ridge = _RIDGE * len(x) * np.eye(x.shape[1])
    for _ in range(_ROUNDS):
        e = expit(x @ beta)
        curve = x.T @ (x * (e * (1 - e))[:, None]) + ridge
        step = np.linalg.solve(curve, x.T @ (a - e) - ridge @ beta)
        beta = beta + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _effective(weights: Floats) -> float:
    """So many people of one weight would say as much (Kish 1965), and no more than are like anybody of the others:
    where the groups can be told apart for sure, all weights vanish."""
    total = float(weights.sum())
    return min(total**2 / float((weights**2).sum()), 2 * total) if total > 0 else 0.0


def _mean(values: Floats, weights: Floats, group: npt.NDArray[np.bool_]) -> float:
    total = float(weights[group].sum())
    return float((values[group] * weights[group]).sum() / total) if total > 0 else NAN


def _balance(covariates: Floats, a: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    means = [
        (covariates[group] * weights[group, None]).sum(axis=0) / max(weights[group].sum(), np.finfo(float).tiny)
        for group in (a, ~a)
    ]
    spread = np.sqrt((covariates[a].var(axis=0) + covariates[~a].var(axis=0)) / 2)
    result: Floats = np.where(spread > 0, (means[0] - means[1]) / np.where(spread > 0, spread, 1.0), 0.0)
    return result


def _interval(
    x: Floats, y: Floats, a: npt.NDArray[np.bool_], e: Floats, means: tuple[float, float], level: float
) -> Interval:
    """The difference with its bounds; influence of each person on it by the stacked equations."""
    n, value = y.size, means[0] - means[1]
    if not math.isfinite(value):
        return Interval(NAN, NAN, NAN, n, level, TOO_FEW)
    curve = e * (1 - e)
    bread = x.T @ (x * curve[:, None]) / n + _RIDGE * np.eye(x.shape[1])
    scores = x * (a - e)[:, None]
    influence = np.zeros(n)
    for sign, group, mean in ((1.0, a, means[0]), (-1.0, ~a, means[1])):
        weights = np.where(group, np.where(a, 1 - e, e), 0.0)
        slope = -sign * np.where(group, curve * (y - mean), 0.0) @ x / n
        own = weights * (y - mean) + scores @ np.linalg.solve(bread, slope)
        influence += sign * own / weights.mean()
    variance = float((influence**2).sum()) / n / max(n - x.shape[1], 1)
    if not variance > 0:
        return Interval(value, NAN, NAN, n, level, CONSTANT)
    half = normal_quantile(level) * math.sqrt(variance)
    return Interval(value, value - half, value + half, n, level)
