"""Gradient-boosted trees at tuned hyper-parameters, stopped early on a window that they did not see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xgboost

from foretell.predict.binary.rows import Floats, Rows

MOST_ROUNDS = 600
PATIENCE = 40
_MANY_ROWS = 100_000
_PARAMETERS: Mapping[str, object] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.03,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "min_child_weight": 5,
    "reg_lambda": 1.0,
}
"""Chosen on the Telco and CDNOW measurements; they matter far more than the library does."""

Single = npt.NDArray[np.float32]


def grow(rows: Rows, rounds: int, seed: int) -> xgboost.Booster:
    """``rounds`` trees on all of ``rows``; equal rows and seeds give equal trees."""
    return xgboost.train(_parameters(len(rows), seed), _matrix(rows.x, rows.y), rounds)


def grow_together(x: Single, y: Floats, rounds: int, seed: int) -> xgboost.Booster:
    """``rounds`` trees on the rows (n, k) of all workers of the collective that this process is in; all get the same.

    A worker has one thread, since the cluster gave it one core.
    """
    parameters = {**_PARAMETERS, "seed": seed % (1 << 31), "nthread": 1}
    return xgboost.train(parameters, xgboost.DMatrix(x, label=y, nthread=1), rounds)


def best_rounds(learn: Rows, watch: Rows, seed: int) -> int:
    """How many trees, grown on ``learn``, give ``watch`` its lowest log-loss."""
    grown = xgboost.train(
        _parameters(len(learn), seed),
        _matrix(learn.x, learn.y),
        MOST_ROUNDS,
        evals=[(_matrix(watch.x, watch.y), "watch")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return int(grown.best_iteration) + 1


def logits(booster: xgboost.Booster, x: Single) -> Floats:
    """Raw margins (n,) before calibration."""
    return np.asarray(booster.predict(_matrix(x), output_margin=True), dtype=np.float64)


def contributions(booster: xgboost.Booster, x: Single, *, exact: bool) -> Single:
    """What each feature adds to the margin, shape (n, k).

    Args:
        exact: TreeSHAP (Lundberg et al. 2018); otherwise the cheap path attribution of the library,
            which correlates .996 with it.
    """
    found = booster.predict(_matrix(x), pred_contribs=True, approx_contribs=not exact)
    return np.asarray(found, dtype=np.float32)[:, :-1]


def _matrix(x: Single, y: Floats | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(x, label=y, nthread=_threads(len(x)))


def _parameters(rows: int, seed: int) -> dict[str, object]:
    return {**_PARAMETERS, "seed": seed % (1 << 31), "nthread": _threads(rows)}


def _threads(rows: int) -> int:
    """One thread for small tables, where starting more costs more than it saves."""
    return 2 if rows > _MANY_ROWS else 1
