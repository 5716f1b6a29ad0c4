"""Trees of the hazard: people × instants × stretches in which the outcome could still come, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from foretell.predict.binary.boosted import Single, contributions
from foretell.predict.binary.rows import Floats, Rows, folds
from foretell.predict.hazard.stretches import Stretches

MOST_ROUNDS = 500
PATIENCE = 30
LEAST_ROUNDS = 30
_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "tree_method": "hist",
    "max_depth": 4,
    "eta": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "min_child_weight": 10,
    "reg_lambda": 1.0,
}
_OF_STRETCH = 2
"""Columns that say which stretch a row is about."""


@dataclass(frozen=True)
class Spans:
    """People × instants with how long each was without the event.

    Args:
        rows: features; ``y`` is the day of the event, inf where none was seen.
        seen: days up to which each was seen (n,).
    """

    rows: Rows
    seen: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: np.ndarray[Any, np.dtype[np.bool_]]) -> Spans:
        """The spans that are chosen."""
        return Spans(self.rows.where(chosen), self.seen[chosen])

    def until(self, seen: Floats) -> Spans:
        """As they were when they had been seen no further than ``seen`` days (n,)."""
        known = np.minimum(self.seen, seen)
        y = np.where(self.rows.y <= known, self.rows.y, np.inf)
        return Spans(Rows(self.rows.x, y, self.rows.people, self.rows.origin), known)

    def spread(self, stretches: Stretches) -> tuple[Single, Floats]:
        """One row for each stretch that was seen whole, or in which the event came: x (m, k + 2) and y (m,).

        Who was not seen to a stretch's end counts up to the stretch before, and nothing is said of what came after.
        """
        begins, ends = stretches.begins, np.array(stretches.ends)
        day = self.rows.y[:, None]
        came = (day > begins) & (day <= ends)
        asked = (day > begins) & ((ends <= self.seen[:, None]) | came)
        who, which = np.nonzero(asked)
        return _beside(self.rows.x[who], which, stretches), came[who, which].astype(np.float64)


@dataclass(frozen=True)
class HazardTrees:
    """Trees that say the hazard of every stretch."""

    booster: xgboost.Booster
    stretches: Stretches

    def hazards(self, x: Single) -> Floats:
        """P(event in the stretch | not before it), shape (n, stretches)."""
        k = len(self.stretches.ends)
        found = np.empty((len(x), k))
        for place in range(k):
            rows = _beside(x, np.full(len(x), place), self.stretches)
            found[:, place] = self.booster.predict(_matrix(rows))
        return found

    def contributions(self, x: Single, days: float, *, exact: bool) -> Single:
        """What each feature adds to the logit of the hazard in the stretch where ``days`` end, shape (n, k)."""
        rows = _beside(x, np.full(len(x), self.stretches.place(days)), self.stretches)
        return contributions(self.booster, rows, exact=exact)[:, :-_OF_STRETCH]


def grow(spans: Spans, stretches: Stretches, rounds: int, seed: int) -> HazardTrees:
    """``rounds`` trees; equal spans and seeds give equal trees."""
    x, y = spans.spread(stretches)
    return HazardTrees(xgboost.train(_parameters(seed), _matrix(x, y), rounds), stretches)


def best_rounds(spans: Spans, stretches: Stretches, seed: str, number: int) -> int:
    """The number of trees with the lowest log-loss of people who were held out."""
    held = folds(spans.rows.people, 4, f"{seed}:rounds") == 0
    learn, watch = spans.where(~held).spread(stretches), spans.where(held).spread(stretches)
    if not len(watch[1]) or np.unique(learn[1]).size < 2:
        return LEAST_ROUNDS
    grown = xgboost.train(
        _parameters(number),
        _matrix(*learn),
        MOST_ROUNDS,
        evals=[(_matrix(*watch), "watch")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return max(LEAST_ROUNDS, int(grown.best_iteration) + 1)


def _beside(x: Single, which: np.ndarray[Any, Any], stretches: Stretches) -> Single:
    """Features with the middle and the length of a stretch beside them."""
    begins, ends = stretches.begins, np.array(stretches.ends)
    middle, length = (begins + ends) / 2, ends - begins
    return np.column_stack([x, middle[which], length[which]]).astype(np.float32)


def _matrix(x: Single, y: Floats | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(x, label=y, nthread=1)


def _parameters(seed: int) -> dict[str, Any]:
    return {**_PARAMETERS, "seed": seed % (1 << 31), "nthread": 1}
