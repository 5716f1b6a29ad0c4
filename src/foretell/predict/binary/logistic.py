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
_ENOUGH_ROWS = 50_000
"""From so many rows on, more of them move a line of tens of weights by less than chance does."""
_AT_ONCE = 4_096
"""Rows that are worked on at a time: what is put between stays in the processor's cache."""
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

        Of more than 50,000 rows every so-manieth is read.
        """
        every = -(-len(rows) // _ENOUGH_ROWS)
        x, y = rows.x[::every], rows.y[::every]
        present = np.isfinite(x).any(axis=0)
        median = np.zeros(x.shape[1])
        median[present] = np.nanmedian(x[:, present], axis=0)
        flat = np.ones(median.size, np.bool_) if flatten_all else np.abs(_skewness(_filled(x, median))) > _SKEWED
        made = _flattened(x, median, flat)
        centre, scale = made.mean(axis=0), made.std(axis=0)
        scale = np.where(scale > _NOTHING, scale, 1.0)
        model: Any = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100)
        made -= centre
        made /= scale
        model.fit(made, y)
        weights = np.asarray(model.coef_[0], dtype=np.float64)
        return cls(median, flat, centre, scale, weights, float(model.intercept_[0]))

    def standardised(self, x: npt.NDArray[np.float32]) -> Floats:
        """z of rows (n, k), same shape."""
        found = np.empty(x.shape)
        for start in range(0, len(x), _AT_ONCE):
            found[start : start + _AT_ONCE] = self._some(x[start : start + _AT_ONCE])
        return found

    def _some(self, x: npt.NDArray[np.float32]) -> Floats:
        """z of a few rows."""
        part = _flattened(x, self.median, self.flat)
        part -= self.centre
        part /= self.scale
        return part

    def contributions(self, x: npt.NDArray[np.float32]) -> Floats:
        """What each feature adds to the logit, shape (n, k): the Shapley values of a linear model."""
        found = self.standardised(x)
        found *= self.weights
        return found

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
        found = np.empty(len(x))
        for start in range(0, len(x), _AT_ONCE):
            part = self._some(x[start : start + _AT_ONCE])
            part *= self.weights
            found[start : start + _AT_ONCE] = self.total(part)
        return found

    def total(self, contributions: Floats) -> Floats:
        """Log-odds (n,) from :meth:`contributions`."""
        found: Floats = np.ascontiguousarray(contributions).sum(axis=1) + self.intercept
        return found

    def probability(self, x: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (n,)."""
        return expit(self.logits(x))


def _filled(x: npt.NDArray[np.float32], median: Floats) -> Floats:
    filled: Floats = np.where(np.isfinite(x), x, median).astype(np.float64, copy=False)
    return filled


def _flattened(x: npt.NDArray[np.float32], median: Floats, flat: npt.NDArray[np.bool_]) -> Floats:
    filled = _filled(x, median)
    if flat.all():
        return _signed_log(filled)
    filled[:, flat] = _signed_log(filled[:, flat])
    return filled


def _signed_log(values: Floats) -> Floats:
    """sign(x) · log(1 + |x|), in the same array."""
    size = np.abs(values)
    np.log1p(size, out=size)
    return np.copysign(size, values, out=values)


def _skewness(values: Floats) -> Floats:
    """Third standardised moment of each column, 0 where nothing varies."""
    centred = values - values.mean(axis=0)
    deviation = values.std(axis=0)
    third = np.mean(centred * centred * centred, axis=0)
    found: Floats = np.divide(third, deviation**3, out=np.zeros_like(third), where=deviation > _NOTHING)
    return found
