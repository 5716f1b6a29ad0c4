"""Gradient-boosted trees, stopped early on a window that they did not see, from a part of the regression on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Floats, Rows, finite
from foretell.predict.files import StoredModel, refuse_other

MOST_ROUNDS = 600
PATIENCE = 40
STEP = 10
_MANY_ROWS = 100_000
PARAMETERS: Mapping[str, Any] = {
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
Values = Mapping[str, float]
"""Parameters of the library that differ from :data:`PARAMETERS`."""


@dataclass(frozen=True)
class Start:
    """Where trees begin: at a share of the logit of a regression; at the base rate without one."""

    share: float = 0.0
    line: Logistic | None = None

    def margin(self, x: Single) -> Floats | None:
        """The margins (n,) that trees add to; None where they begin at the base rate."""
        return None if self.line is None else self.share * self.line.logits(x)


NOTHING = Start()


def grow(
    rows: Rows, rounds: int, seed: int, values: Values | None = None, begun: Floats | None = None
) -> xgboost.Booster:
    """``rounds`` trees on all of ``rows``; equal rows and seeds give equal trees.

    Args:
        begun: margins (n,) that the trees add to; None: they begin at the base rate.
    """
    return xgboost.train(_parameters(len(rows), seed, values), _matrix(rows.x, rows.y, begun), rounds)


def grow_together(
    x: Single, y: Floats, rounds: int, seed: int, values: Values | None = None, begun: Floats | None = None
) -> xgboost.Booster:
    """``rounds`` trees on the rows (n, k) of all workers of the collective that this process is in; all get the same.

    A worker has one thread, since the cluster gave it one core.
    """
    parameters = {**_parameters(0, seed, values), "nthread": 1}
    return xgboost.train(parameters, xgboost.DMatrix(finite(x), label=y, base_margin=begun, nthread=1), rounds)


def stopped_early(
    learn: Rows, watch: Rows, seed: int, values: Values | None = None, start: Start = NOTHING
) -> Iterator[tuple[int, Floats]]:
    """Trees grown on ``learn`` until they have long done ``watch`` no good.

    Returns: numbers of trees, and the margins (n,) of ``watch`` by so many of them with what they began from.
    """
    watched = _matrix(watch.x, watch.y, start.margin(watch.x))
    grown = xgboost.train(
        _parameters(len(learn), seed, values),
        _matrix(learn.x, learn.y, start.margin(learn.x)),
        MOST_ROUNDS,
        evals=[(watched, "watch")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    for last in range(STEP, grown.num_boosted_rounds() + 1, STEP):
        margins = grown.predict(watched, output_margin=True, iteration_range=(0, last))
        yield last, np.asarray(margins, dtype=np.float64)


def logits(booster: xgboost.Booster, x: Single, begun: Floats | None = None) -> Floats:
    """Raw margins (n,) before calibration, with what the trees begin from."""
    return np.asarray(booster.predict(_matrix(x, None, begun), output_margin=True), dtype=np.float64)


def explained(
    booster: xgboost.Booster, x: Single, begun: Floats | None = None, *, exact: bool
) -> tuple[Floats, Single]:
    """:func:`logits` and :func:`contributions` of the same rows, which are handed over once."""
    handed = _matrix(x, None, begun)
    margins = np.asarray(booster.predict(handed, output_margin=True), dtype=np.float64)
    return margins, _contributions(booster, handed, exact=exact)


def contributions(booster: xgboost.Booster, x: Single, *, exact: bool) -> Single:
    """What each feature adds to the margin, shape (n, k).

    Args:
        exact: TreeSHAP (Lundberg et al. 2018); otherwise the cheap path attribution of the library,
            which correlates .996 with it.
    """
    return _contributions(booster, _matrix(x), exact=exact)


def _contributions(booster: xgboost.Booster, rows: xgboost.DMatrix, *, exact: bool) -> Single:
    found = booster.predict(rows, pred_contribs=True, approx_contribs=not exact)
    return np.asarray(found, dtype=np.float32)[:, :-1]


def _matrix(x: Single, y: Floats | None = None, begun: Floats | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(finite(x), label=y, base_margin=begun, nthread=threads_for(len(x)))


def _parameters(rows: int, seed: int, values: Values | None) -> dict[str, Any]:
    return {**PARAMETERS, **(values or {}), "seed": seed % (1 << 31), "nthread": threads_for(rows)}


def stored_trees(stored: StoredModel, file: str) -> xgboost.Booster:
    """The trees of a checked file that carries its model's id; raises ``MODEL_OTHER`` for those of another model."""
    booster = xgboost.Booster(model_file=bytearray(stored.files[file]))
    whose = booster.attr("foretell_model")
    refuse_other(stored, file, f"model {whose}", other=whose != stored.model)
    return booster


def threads_for(rows: int) -> int:
    """One thread for small tables, where starting more costs more than it saves."""
    return 2 if rows > _MANY_ROWS else 1
