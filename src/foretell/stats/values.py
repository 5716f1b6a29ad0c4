"""What all of the package shares: arrays, the words for degenerate data, logits."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

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

LEVEL = 0.90
"""Of every interval where nobody asks for another: the truth lies in nine of ten of them. What is shown to
people is always at this level."""
TINY = 1e-15
"""How near to 0 and 1 probabilities may come."""


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
    within = np.clip(np.asarray(p, dtype=np.float64), TINY, 1 - TINY)
    result: Floats = np.log(within) - np.log1p(-within)
    return result


def normal_quantile(level: float) -> float:
    """The z of a two-sided interval at ``level``: 0.95 → 1.96."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def paired(y: npt.ArrayLike, p: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Floats, Floats, Floats] | None:
    """``y``, ``p`` and weights as arrays; None where there is nothing finite to score."""
    outcome, score = floats(y), floats(p)
    weight = np.ones(outcome.size) if weights is None else floats(weights)
    if not outcome.size == score.size == weight.size:
        raise ValueError(f"lengths differ: {outcome.size}, {score.size}, {weight.size}")
    if not (np.isfinite(outcome).all() and np.isfinite(weight).all()) or np.isnan(score).any():
        return None
    return (outcome, score, weight) if weight.sum() > 0 else None
