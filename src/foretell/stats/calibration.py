"""Calibrators of logits, and the gate that lets one in only where it helps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.stats.scores import log_loss
from foretell.stats.values import (
    CONSTANT,
    EMPTY,
    NAN,
    NO_GAIN,
    NOT_FINITE,
    ONE_CLASS,
    REVERSED,
    Floats,
    expit,
    floats,
    logit,
    paired,
)


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
    data = paired(y, logits, None)
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
    data = paired(y, logits, None)
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
