"""Gradient-boosted trees of an amount, by squared error or as Tweedie's (many nothings, a long tail, a log link)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from foretell.predict.binary.boosted import Single, contributions
from foretell.predict.binary.rows import Floats, Rows

MOST_ROUNDS = 400
PATIENCE = 30
OBJECTIVES: Mapping[str, Mapping[str, Any]] = {
    "squared": {"objective": "reg:squarederror", "eta": 0.04},
    "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": 1.3, "eta": 0.04},
}
"""Both aim at the mean; Tweedie's needs amounts that are not negative."""
_SHARED: Mapping[str, Any] = {
    "eval_metric": "rmse",
    "tree_method": "hist",
    "max_depth": 3,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 10,
    "reg_lambda": 1.0,
}


@dataclass(frozen=True)
class Amounts:
    """Trees that say an amount.

    Args:
        scale: what the trees call 1.
        least: no amount is below it; -inf where amounts can be negative.
    """

    booster: xgboost.Booster
    scale: float
    least: float

    def expected(self, x: Single) -> Floats:
        """Expected amounts (n,)."""
        said = self.booster.predict(xgboost.DMatrix(x, nthread=1)).astype(np.float64)
        return np.maximum(said * self.scale, self.least)

    def contributions(self, x: Single, *, exact: bool) -> Single:
        """What each feature adds, shape (n, k); of Tweedie's to the logarithm of the amount."""
        return contributions(self.booster, x, exact=exact)


def grow(rows: Rows, objective: str, rounds: int, seed: int) -> Amounts:
    """``rounds`` trees on all of ``rows``; equal rows and seeds give equal trees."""
    scale = scale_of(rows.y)
    return Amounts(
        xgboost.train(_parameters(rows, objective, seed), _matrix(rows, scale), rounds), scale, least(rows.y)
    )


def stopped_early(learn: Rows, watch: Rows, objective: str, seed: int) -> tuple[Floats, int]:
    """What trees grown on ``learn`` say of ``watch`` (n,), and how many of them make the least squared error there."""
    scale = scale_of(learn.y)
    grown = xgboost.train(
        _parameters(learn, objective, seed),
        _matrix(learn, scale),
        MOST_ROUNDS,
        evals=[(_matrix(watch, scale), "watch")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    rounds = int(grown.best_iteration) + 1
    said = grown.predict(xgboost.DMatrix(watch.x, nthread=1), iteration_range=(0, rounds)).astype(np.float64)
    return np.maximum(said * scale, least(learn.y)), rounds


def scale_of(y: Floats) -> float:
    """The mean of the amounts without sign, so that steps and penalties of the trees mean the same everywhere."""
    mean = float(np.abs(y).mean())
    return mean if mean > 0 else 1.0


def least(y: Floats) -> float:
    """0 where no amount is negative."""
    return 0.0 if (y >= 0).all() else -np.inf


def _parameters(rows: Rows, objective: str, seed: int) -> dict[str, Any]:
    begin = float(rows.y.mean()) / scale_of(rows.y)
    return {**_SHARED, **OBJECTIVES[objective], "base_score": begin, "seed": seed % (1 << 31), "nthread": 1}


def _matrix(rows: Rows, scale: float) -> xgboost.DMatrix:
    return xgboost.DMatrix(rows.x, label=rows.y / scale, nthread=1)
