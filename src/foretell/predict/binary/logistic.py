"""The baseline beside every model: logistic regression on imputed, flattened, standardised features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from foretell.predict.binary.rows import Floats, Rows
from foretell.stats import expit

_STRENGTH = 1.0


@dataclass(frozen=True)
class Logistic:
    """p = expit(z · weights + intercept) of z = (flattened x - centre) / scale; arrays (k,).

    Missing values take the median of the rows it learnt from; large numbers are flattened by
    sign(x) · log(1 + |x|).
    """

    median: Floats
    centre: Floats
    scale: Floats
    weights: Floats
    intercept: float

    @classmethod
    def fit(cls, rows: Rows) -> Logistic:
        """Ridge-penalised maximum likelihood."""
        present = np.isfinite(rows.x).any(axis=0)
        median = np.zeros(rows.x.shape[1])
        median[present] = np.nanmedian(rows.x[:, present], axis=0)
        flat = _flat(rows.x, median)
        centre, scale = flat.mean(axis=0), flat.std(axis=0)
        scale = np.where(scale > 1e-9, scale, 1.0)
        model: Any = LogisticRegression(C=_STRENGTH, solver="newton-cholesky", max_iter=100)
        model.fit((flat - centre) / scale, rows.y)
        return cls(median, centre, scale, np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0]))

    def probability(self, x: npt.NDArray[np.float32]) -> Floats:
        """Probabilities (n,)."""
        return expit(((_flat(x, self.median) - self.centre) / self.scale) @ self.weights + self.intercept)


def _flat(x: npt.NDArray[np.float32], median: Floats) -> Floats:
    filled = np.where(np.isfinite(x), x, median).astype(np.float64)
    flat: Floats = np.sign(filled) * np.log1p(np.abs(filled))
    return flat
