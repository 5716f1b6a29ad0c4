"""The baseline beside every model: logistic regression on imputed, standardised features, skewed ones flattened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from foretell.predict.binary.rows import Floats, Rows
from foretell.stats import expit, floats

STRENGTH = 1.0
"""Inverse of the ridge penalty; scikit-learn calls it C."""
_ARRAYS = ("median", "flat", "centre", "scale", "weights")
_SKEWED = 1.0
_NOTHING = 1e-9


@dataclass(frozen=True)
class Logistic:
    """p = expit(z · weights + intercept) of z = (flattened x - centre) / scale; arrays (k,).

    Missing values take the median of the rows it learnt from; features that are ``flat`` (k,) are flattened by
    sign(x) · log(1 + |x|), so that what grows without bound counts less the larger it is.
    """

    median: Floats
    flat: npt.NDArray[np.bool_]
    centre: Floats
    scale: Floats
    weights: Floats
    intercept: float

    @classmethod
    def fit(cls, rows: Rows, strength: float = STRENGTH, *, flatten_all: bool = False) -> Logistic:
        """Ridge-penalised maximum likelihood.

        Args:
            strength: inverse of the penalty.
            flatten_all: flatten every feature; otherwise those whose skewness is above 1, as counts and amounts are.
        """
        present = np.isfinite(rows.x).any(axis=0)
        median = np.zeros(rows.x.shape[1])
        median[present] = np.nanmedian(rows.x[:, present], axis=0)
        flat = np.ones(median.size, np.bool_) if flatten_all else np.abs(_skewness(_filled(rows.x, median))) > _SKEWED
        made = _flattened(rows.x, median, flat)
        centre, scale = made.mean(axis=0), made.std(axis=0)
        scale = np.where(scale > _NOTHING, scale, 1.0)
        model: Any = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100)
        model.fit((made - centre) / scale, rows.y)
        weights = np.asarray(model.coef_[0], dtype=np.float64)
        return cls(median, flat, centre, scale, weights, float(model.intercept_[0]))

    def standardised(self, x: npt.NDArray[np.float32]) -> Floats:
        """z of rows (n, k), same shape."""
        return (_flattened(x, self.median, self.flat) - self.centre) / self.scale

    def contributions(self, x: npt.NDArray[np.float32]) -> Floats:
        """What each feature adds to the logit, shape (n, k): the Shapley values of a linear model."""
        return self.standardised(x) * self.weights

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for a model file."""
        return {**{name: getattr(self, name).tolist() for name in _ARRAYS}, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Logistic:
        """What :meth:`as_dict` wrote."""
        median, flat, centre, scale, weights = (floats(stored[name]) for name in _ARRAYS)
        return cls(median, flat > 0, centre, scale, weights, float(stored["intercept"]))

    def logits(self, x: npt.NDArray[np.float32]) -> Floats:
        """Log-odds (n,); a row's are equal to the last bit whatever rows are beside it, which BLAS does not promise."""
        parts = np.ascontiguousarray(self.contributions(x))
        found: Floats = parts.sum(axis=1) + self.intercept
        return found

    def probability(self, x: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (n,)."""
        return expit(self.logits(x))


def _filled(x: npt.NDArray[np.float32], median: Floats) -> Floats:
    filled: Floats = np.where(np.isfinite(x), x, median).astype(np.float64)
    return filled


def _flattened(x: npt.NDArray[np.float32], median: Floats, flat: npt.NDArray[np.bool_]) -> Floats:
    filled = _filled(x, median)
    chosen = filled[:, flat]
    filled[:, flat] = np.sign(chosen) * np.log1p(np.abs(chosen))
    return filled


def _skewness(values: Floats) -> Floats:
    """Third standardised moment of each column, 0 where nothing varies."""
    centred = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    third = np.mean(centred * centred * centred, axis=0)
    found: Floats = np.divide(third, deviation**3, out=np.zeros_like(third), where=deviation > _NOTHING)
    return found
