"""Scores of probabilities and of rankings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.stats.intervals import wilson_bounds
from foretell.stats.values import LEVEL, NAN, TINY, Floats, floats, paired


def log_loss(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean negative log-likelihood in nats; probabilities are drawn in to 1e-15. NaN when empty."""
    data = paired(y, p, weights)
    if data is None:
        return NAN
    outcome, score, weight = data
    score = np.clip(score, TINY, 1 - TINY)
    loss = -(outcome * np.log(score) + (1 - outcome) * np.log1p(-score))
    return float(np.sum(weight * loss) / weight.sum())


def brier(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean squared error of the probabilities (Brier 1950). NaN when empty."""
    data = paired(y, p, weights)
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
    data = paired(y, score, weights)
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
    data = paired(y, score, weights)
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


def reliability(y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10, level: float = LEVEL) -> Reliability:
    """Reliability table over quantile bins of ``p``; equal probabilities stay in one bin.

    Each bin has its mean probability, observed rate with Wilson interval, and size. Empty data
    has no bins.
    """
    data = paired(y, p, None)
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
