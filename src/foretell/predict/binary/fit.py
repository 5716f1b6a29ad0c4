"""One fit as it would have been made at an instant: setting, rounds, gate and model from complete windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from foretell.predict.binary.calibrate import Gate, gate
from foretell.predict.binary.rows import Floats, Rows, folds
from foretell.predict.binary.tuning import Choice, choose, cuts, rounds_of
from foretell.predict.estimators.base import Estimator, Model
from foretell.predict.estimators.boosted import ESTIMATOR as BOOSTED
from foretell.predict.features import SEASON, Matrix
from foretell.predict.windows import latest_complete

FOLDS = 3
FOLDS_OF_MANY = 2
_MANY_ROWS = 50_000
LEAST_ROUNDS = 20
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Fit:
    """A model and its calibrator.

    Args:
        choice: which setting of the estimator it is, and why.
        names: the features it reads, in order.
        base_rate: share of positives it learnt from.
    """

    model: Model
    gate: Gate
    choice: Choice
    rounds: int
    names: tuple[str, ...]
    base_rate: float

    def probability(self, x: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Floats:
        """Calibrated probabilities (n,)."""
        return self.gate.calibrator.apply(self.model.logits(x))


def fit(
    rows: Rows,
    names: tuple[str, ...],
    origins: Sequence[datetime],
    horizon: str,
    zone: ZoneInfo,
    seed: str,
    number: int,
    estimator: Estimator = BOOSTED,
    settled: Choice | None = None,
) -> Fit:
    """Learn from ``rows`` of ``origins`` (all complete when the fit is made).

    1. The setting, and the number of rounds: learnt from windows complete before the latest one, stopped on the
       latest; with one window only, learnt from and stopped on different people.
    2. Out-of-fold logits by person decide on the calibrator.
    3. The model learns from everything.

    Args:
        seed: names the folds; ``number`` seeds the trees.
        settled: the choice of an earlier fit, whose setting is kept.
    """
    many = len(rows) > _MANY_ROWS
    count = FOLDS_OF_MANY if many else FOLDS
    fold = folds(rows.people, count, seed)
    steps = cuts(rows, fold, origins, horizon, zone)
    choice = choose(estimator, rows, steps, seed, number) if settled is None else settled
    if settled is not None and steps and not many:
        choice = replace(settled, rounds=rounds_of(estimator, settled.setting, rows, steps, number))
    rounds = max(LEAST_ROUNDS, choice.rounds)

    def learnt(some: Rows) -> Model:
        return estimator.learnt(choice.setting, some, rounds, number)

    raw = np.zeros(len(rows))
    for place in range(count):
        held = fold == place
        if held.any() and not held.all():
            raw[held] = learnt(rows.where(~held)).logits(rows.x[held])
    before = [latest_complete(origins, place, horizon, zone) for place in range(len(origins))]
    decided = gate(rows.y, raw, rows.origin, fold, before)
    return Fit(learnt(rows), decided, choice, rounds, names, float(rows.y.mean()))


def usable(matrices: Sequence[Matrix], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the features that vary over ``matrices``, of those ``wanted`` (None: of all)."""
    low = np.fmin.reduce([_extreme(matrix, np.fmin, np.inf) for matrix in matrices])
    high = np.fmax.reduce([_extreme(matrix, np.fmax, -np.inf) for matrix in matrices])
    named = zip(matrices[0].features, high > low, strict=True)
    return tuple(feature.name for feature, varies in named if varies and (wanted is None or feature.name in wanted))


def in_season(names: tuple[str, ...], origins: Sequence[datetime]) -> tuple[str, ...]:
    """Without the time of the year where the origins do not span a year: it would name the origin."""
    if max(origins) - min(origins) >= _YEAR:
        return names
    return tuple(name for name in names if not name.startswith(SEASON))


def _extreme(matrix: Matrix, reduce: np.ufunc, start: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = reduce.reduce(
        matrix.values, axis=0, initial=np.float32(start)
    )
    return found
