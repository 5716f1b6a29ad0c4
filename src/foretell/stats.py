"""Statistics that several rooms share: intervals, scores of probabilities, calibration, base-rate shift.

Only numpy and scipy. ``y`` is always outcomes (n,) of 0 and 1, ``p`` probabilities (n,) in [0, 1],
``weights`` (n,) non-negative or None for ones. Degenerate data (empty, one class, constant, not
finite) never raises and never warns: the result is NaN, or carries a ``reason``. Arrays of
different lengths are a caller's mistake and raise ``ValueError``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
NAN = float("nan")

EMPTY = "EMPTY"
ONE_CLASS = "ONE_CLASS"
CONSTANT = "CONSTANT"
TOO_FEW = "TOO_FEW"
NOT_FINITE = "NOT_FINITE"
REVERSED = "REVERSED"
NO_GAIN = "NO_GAIN"

_TINY = 1e-15


@dataclass(frozen=True)
class Interval:
    """An estimate with its bounds at ``level``; ``reason`` says why a part is NaN ("" where none is)."""

    value: float
    low: float
    high: float
    n: int
    level: float
    reason: str = ""


def floats(values: npt.ArrayLike) -> Floats:
    """``values`` as a flat float64 array (n,)."""
    return np.asarray(values, dtype=np.float64).reshape(-1)


def expit(values: npt.ArrayLike) -> Floats:
    """Logits (any shape) to probabilities, without overflow."""
    result: Floats = np.exp(-np.logaddexp(0.0, -np.asarray(values, dtype=np.float64)))
    return result


def logit(p: npt.ArrayLike) -> Floats:
    """Probabilities (any shape) to logits; 0 and 1 are drawn in to 1e-15 so that all is finite."""
    within = np.clip(np.asarray(p, dtype=np.float64), _TINY, 1 - _TINY)
    result: Floats = np.log(within) - np.log1p(-within)
    return result


def normal_quantile(level: float) -> float:
    """The z of a two-sided interval at ``level``: 0.95 → 1.96."""
    return NormalDist().inv_cdf(0.5 + level / 2)


# -- intervals ---------------------------------------------------------------------------------


def wilson_bounds(successes: npt.ArrayLike, trials: npt.ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
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


def proportion_interval(successes: float, trials: float, level: float = 0.95) -> Interval:
    """One proportion with its Wilson interval; reason ``EMPTY`` without trials."""
    if not trials > 0:
        return Interval(NAN, NAN, NAN, 0, level, EMPTY)
    low, high = wilson_bounds(successes, trials, level)
    return Interval(successes / trials, float(low[0]), float(high[0]), int(trials), level)


def mean_interval(values: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Mean of ``values`` (n,) with Student's t interval."""
    x = floats(values)
    if not np.isfinite(x).all():
        return Interval(NAN, NAN, NAN, x.size, level, NOT_FINITE)
    if x.size == 0:
        return mean_interval_of(0, NAN, NAN, level)
    return mean_interval_of(x.size, float(x.mean()), float(x.var(ddof=1)) if x.size > 1 else NAN, level)


def mean_interval_of(n: int, mean: float, variance: float, level: float = 0.95) -> Interval:
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
    level: float = 0.95,
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


# -- scores of probabilities -------------------------------------------------------------------


def _paired(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats, Floats] | None:
    """``y``, ``p`` and weights as arrays; None where there is nothing finite to score."""
    outcome, score = floats(y), floats(p)
    weight = np.ones(outcome.size) if weights is None else floats(weights)
    if not outcome.size == score.size == weight.size:
        raise ValueError(f"lengths differ: {outcome.size}, {score.size}, {weight.size}")
    if not (np.isfinite(outcome).all() and np.isfinite(weight).all()) or np.isnan(score).any():
        return None
    return (outcome, score, weight) if weight.sum() > 0 else None


def log_loss(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean negative log-likelihood in nats; probabilities are drawn in to 1e-15. NaN when empty."""
    data = _paired(y, p, weights)
    if data is None:
        return NAN
    outcome, score, weight = data
    score = np.clip(score, _TINY, 1 - _TINY)
    loss = -(outcome * np.log(score) + (1 - outcome) * np.log1p(-score))
    return float(np.sum(weight * loss) / weight.sum())


def brier(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean squared error of the probabilities (Brier 1950). NaN when empty."""
    data = _paired(y, p, weights)
    if data is None:
        return NAN
    outcome, score, weight = data
    return float(np.sum(weight * (score - outcome) ** 2) / weight.sum())


def _by_score(outcome: Floats, score: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weight of positives and of negatives at each distinct score, ascending."""
    distinct, index = np.unique(score, return_inverse=True)
    positive = np.bincount(index, weight * outcome, distinct.size)
    negative = np.bincount(index, weight * (1 - outcome), distinct.size)
    return floats(positive), floats(negative)


def roc_auc(y: npt.ArrayLike, score: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Chance that a positive scores above a negative, ties count half. NaN with one class.

    ``score`` (n,) may be any number that grows with the chance, e.g. logits.
    """
    data = _paired(y, score, weights)
    if data is None:
        return NAN
    positive, negative = _by_score(*data)
    pairs = positive.sum() * negative.sum()
    below = np.cumsum(negative) - negative
    return float(np.sum(positive * (below + negative / 2)) / pairs) if pairs > 0 else NAN


def average_precision(y: npt.ArrayLike, score: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Area under precision and recall as the step sum Σ (R_k - R_(k-1)) P_k; ties are one step.

    NaN without a positive. The value of a random ranking is the base rate.
    """
    data = _paired(y, score, weights)
    if data is None:
        return NAN
    positive, negative = (part[::-1] for part in _by_score(*data))
    if not positive.sum() > 0:
        return NAN
    hits, chosen = np.cumsum(positive), np.cumsum(positive + negative)
    precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0)
    return float(np.sum(positive * precision) / positive.sum())


@dataclass(frozen=True)
class Reliability:
    """Predicted against observed in bins of equal size; all arrays (bins,), bins without rows left out."""

    mean_p: Floats
    rate: Floats
    rate_low: Floats
    rate_high: Floats
    n: npt.NDArray[np.int64]

    def rows(self) -> list[dict[str, float]]:
        """One mapping a bin, for reports."""
        names = ("mean_p", "rate", "rate_low", "rate_high", "n")
        return [
            dict(zip(names, row, strict=True))
            for row in zip(*(getattr(self, name).tolist() for name in names), strict=True)
        ]


def reliability(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10, level: float = 0.95) -> Reliability:
    """Reliability table over quantile bins of ``p``; equal probabilities stay in one bin.

    Each bin has its mean probability, observed rate with Wilson interval, and size. Empty data
    has no bins.
    """
    data = _paired(y, p, None)
    outcome, score, _ = (np.zeros(0),) * 3 if data is None else data
    if score.size == 0:
        nothing = np.zeros(0)
        return Reliability(nothing, nothing, nothing, nothing, np.zeros(0, np.int64))
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)))
    index = np.searchsorted(edges[1:-1], score, side="left")
    _, index = np.unique(index, return_inverse=True)
    n = np.bincount(index)
    hits = np.bincount(index, outcome)
    low, high = wilson_bounds(hits, n, level)
    return Reliability(np.bincount(index, score) / n, hits / n, low, high, n.astype(np.int64))


def calibration_error(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: Σ n_b/n · |mean p_b - rate_b| over quantile bins. NaN when empty."""
    table = reliability(y, p, bins)
    if table.n.size == 0:
        return NAN
    return float(np.sum(table.n * np.abs(table.mean_p - table.rate)) / table.n.sum())


# -- calibration -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Platt:
    """p = expit(slope · logit + intercept); the identity where ``reason`` is set by one class."""

    slope: float = 1.0
    intercept: float = 0.0
    reason: str = ""

    def apply(self, logits: npt.ArrayLike) -> Floats:
        """Raw logits (n,) to calibrated probabilities (n,)."""
        return expit(self.slope * floats(logits) + self.intercept)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for a model file."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True)
class Isotonic:
    """A rising step-free curve through the knots (``logits``, ``p``), both (k,); flat beyond its ends."""

    logits: Floats
    p: Floats
    reason: str = ""

    def apply(self, logits: npt.ArrayLike) -> Floats:
        """Raw logits (n,) to calibrated probabilities (n,), linear between knots."""
        return np.interp(floats(logits), self.logits, self.p).astype(np.float64)

    def as_dict(self) -> dict[str, Any]:
        """Plain arrays for a model file."""
        return {"kind": "isotonic", "logits": self.logits.tolist(), "p": self.p.tolist()}


Calibrator = Platt | Isotonic


def calibrator_from_dict(stored: Mapping[str, Any]) -> Calibrator:
    """What ``as_dict`` wrote. Raises ``ValueError`` for another kind."""
    if stored.get("kind") == "platt":
        return Platt(float(stored["slope"]), float(stored["intercept"]))
    if stored.get("kind") == "isotonic":
        return Isotonic(floats(stored["logits"]), floats(stored["p"]))
    raise ValueError(f"no calibrator is called {stored.get('kind')!r}")


def fit_platt(y: npt.ArrayLike, logits: npt.ArrayLike) -> Platt:
    """Platt scaling by Newton's method (Platt 1999 with the numerics of Lin, Lin & Weng 2007).

    Targets are drawn in to (n₊+1)/(n₊+2) and 1/(n₋+2), so that separable data has a finite fit.
    ``ONE_CLASS``, ``EMPTY``, ``NOT_FINITE``: the identity. ``CONSTANT`` logits: slope 1, shifted to
    the base rate. ``REVERSED``: the fitted slope is not positive, the scores rank the wrong way.
    """
    data = _paired(y, logits, None)
    if data is None or not np.isfinite(data[1]).all():
        return Platt(reason=EMPTY if floats(y).size == 0 else NOT_FINITE)
    outcome, score, _ = data
    positives = float(outcome.sum())
    negatives = outcome.size - positives
    if positives == 0 or negatives == 0:
        return Platt(reason=ONE_CLASS)
    target = np.where(outcome > 0.5, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, scale = float(score.mean()), float(score.std())
    if scale <= 1e-12 * max(1.0, abs(centre)):
        return Platt(1.0, math.log(positives / negatives) - centre, CONSTANT)
    slope, intercept = _newton_logistic((score - centre) / scale, target)
    slope /= scale
    return Platt(slope, intercept - slope * centre, "" if slope > 0 else REVERSED)


def _newton_logistic(z: Floats, target: Floats) -> tuple[float, float]:
    """Slope and intercept of least cross-entropy of ``target`` (n,) on ``z`` (n,), by damped Newton."""

    def loss(at: Floats) -> float:
        margin = at[0] * z + at[1]
        return float(np.sum(np.logaddexp(0.0, margin) - target * margin))

    design = np.stack([z, np.ones_like(z)])
    at = np.array([0.0, float(logit(target.mean()))])
    current = loss(at)
    for _ in range(100):
        p = expit(at @ design)
        gradient = design @ (p - target)
        hessian = (design * (p * (1 - p))) @ design.T + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        if float(gradient @ step) < 1e-12:
            break
        length = 1.0
        while length > 1e-10 and loss(at - length * step) > current:
            length /= 2
        at = at - length * step
        current = loss(at)
    return float(at[0]), float(at[1])


def fit_isotonic(y: npt.ArrayLike, logits: npt.ArrayLike) -> Isotonic:
    """Isotonic regression of outcomes on logits by pool adjacent violators (Ayer et al. 1955).

    Rates are drawn in to [1/2n, 1 - 1/2n]: a pool without a positive is not proof of 0. Use it from
    about 10,000 positives on. ``ONE_CLASS`` and ``CONSTANT`` give one flat value.
    """
    data = _paired(y, logits, None)
    if data is None:
        empty = floats(y).size == 0
        return Isotonic(np.zeros(1), np.full(1, NAN), EMPTY if empty else NOT_FINITE)
    outcome, score, weight = data
    knots, index = np.unique(score, return_inverse=True)
    n = np.bincount(index, weight)
    from scipy.optimize import isotonic_regression  # loads slowly, and few callers need it

    fitted = isotonic_regression(np.bincount(index, outcome) / n, weights=n).x
    margin = 0.5 / outcome.size
    p = np.clip(fitted, margin, 1 - margin)
    keep = np.ones(p.size, bool)
    keep[1:-1] = (p[1:-1] != p[:-2]) | (p[1:-1] != p[2:])
    one_class = outcome.min() == outcome.max()
    reason = ONE_CLASS if one_class else CONSTANT if knots.size == 1 else ""
    return Isotonic(knots[keep], p[keep], reason)


@dataclass(frozen=True)
class Calibration:
    """Outcome of the gate: ``kind`` none, platt or isotonic, and the held-out log-loss of each step."""

    kind: str
    calibrator: Calibrator
    log_loss_before: float
    log_loss_after: float
    reason: str = ""


def calibration_gate(
    y: npt.ArrayLike,
    logits: npt.ArrayLike,
    folds: npt.ArrayLike,
    *,
    isotonic_from_positives: int = 10_000,
) -> Calibration:
    """A calibrator only where it lowers the log-loss of rows it has not seen.

    Args:
        logits: logits (n,) of rows that the model has not seen (out of fold or a later window).
        folds: fold number (n,) of each row; a candidate is fitted without a fold and judged on it.
    The winner is refitted on all rows; without one, ``kind`` is "none" with reason ``NO_GAIN``.
    """
    outcome, score, fold = floats(y), floats(logits), np.asarray(folds).reshape(-1)
    before = log_loss(outcome, expit(score))
    if math.isnan(before):
        return Calibration("none", Platt(), NAN, NAN, EMPTY if outcome.size == 0 else NOT_FINITE)
    if outcome.min() == outcome.max():
        return Calibration("none", Platt(), before, before, ONE_CLASS)
    candidates: dict[str, Callable[[Floats, Floats], Calibrator]] = {"platt": fit_platt}
    if outcome.sum() >= isotonic_from_positives:
        candidates["isotonic"] = fit_isotonic
    losses = {name: _held_out_loss(fit, outcome, score, fold) for name, fit in candidates.items()}
    best = min(losses, key=lambda name: losses[name])
    chosen = candidates[best](outcome, score)
    if not losses[best] < before or chosen.reason:
        return Calibration("none", Platt(), before, before, chosen.reason or NO_GAIN)
    return Calibration(best, chosen, before, losses[best])


def _held_out_loss(
    fit: Callable[[Floats, Floats], Calibrator], y: Floats, logits: Floats, folds: npt.NDArray[Any]
) -> float:
    """Log-loss of calibrators fitted without the fold that they are judged on; inf with one fold."""
    numbers: Sequence[Any] = np.unique(folds).tolist()
    if len(numbers) < 2:
        return math.inf
    p = np.empty_like(y)
    for number in numbers:
        held = folds == number
        p[held] = fit(y[~held], logits[~held]).apply(logits[held])
    return log_loss(y, p)


# -- base-rate shift ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """Two base rates and their difference ``after - before`` with bounds, z and two-sided p value."""

    before: float
    after: float
    difference: float
    low: float
    high: float
    z: float
    p_value: float
    reason: str = ""


def base_rate_shift(
    before_hits: float, before_n: float, after_hits: float, after_n: float, level: float = 0.95
) -> Shift:
    """Has the base rate moved? Two-proportion z test, interval by Newcombe's hybrid score (1998, no. 10).

    ``EMPTY`` where a side has no rows; ``ONE_CLASS`` where both are all 0 or all 1 (z 0, p 1).
    """
    if not (before_n > 0 and after_n > 0):
        return Shift(NAN, NAN, NAN, NAN, NAN, NAN, NAN, EMPTY)
    a, b = before_hits / before_n, after_hits / after_n
    low, high = wilson_bounds([before_hits, after_hits], [before_n, after_n], level)
    down = math.hypot(b - float(low[1]), float(high[0]) - a)
    up = math.hypot(float(high[1]) - b, a - float(low[0]))
    pooled = (before_hits + after_hits) / (before_n + after_n)
    error = math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / before_n + 1 / after_n))
    z = (b - a) / error if error > 0 else 0.0
    p_value = 2 * NormalDist().cdf(-abs(z))
    return Shift(a, b, b - a, b - a - down, b - a + up, z, p_value, "" if error > 0 else ONE_CLASS)
