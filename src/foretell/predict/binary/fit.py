"""One fit as it would have been made at an instant: rounds, gate and trees from complete windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import xgboost

from foretell.predict.binary.boosted import best_rounds, grow, logits
from foretell.predict.binary.calibrate import Gate, gate
from foretell.predict.binary.rows import Floats, Ints, Rows, folds
from foretell.predict.features import Matrix
from foretell.predict.windows import complete_by

FOLDS = 3
FOLDS_OF_MANY = 2
_MANY_ROWS = 50_000
LEAST_ROUNDS = 20
_YEAR = timedelta(days=365)
_SEASON = ("season_sin", "season_cos")


@dataclass(frozen=True)
class Fit:
    """Trees and their calibrator.

    Args:
        names: the features they read, in order.
        base_rate: share of positives they learnt from.
    """

    booster: xgboost.Booster
    gate: Gate
    rounds: int
    names: tuple[str, ...]
    base_rate: float

    def probability(self, x: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Floats:
        """Calibrated probabilities (n,)."""
        return self.gate.calibrator.apply(logits(self.booster, x))


def fit(
    rows: Rows,
    names: tuple[str, ...],
    origins: Sequence[datetime],
    horizon: str,
    zone: ZoneInfo,
    seed: str,
    number: int,
) -> Fit:
    """Learn from ``rows`` of ``origins`` (all complete when the fit is made).

    1. The number of trees: grown on windows complete before the latest one, stopped on the latest;
       with one window only, grown and stopped on different people.
    2. Out-of-fold logits by person decide on the calibrator.
    3. The trees are grown on everything.

    Args:
        seed: names the folds; ``number`` seeds the trees.
    """
    count = FOLDS_OF_MANY if len(rows) > _MANY_ROWS else FOLDS
    fold = folds(rows.people, count, seed)
    rounds = max(LEAST_ROUNDS, _rounds(rows, fold, origins, horizon, zone, number))
    raw = np.zeros(len(rows))
    for place in range(count):
        held = fold == place
        if held.any() and not held.all():
            raw[held] = logits(grow(rows.where(~held), rounds, number), rows.x[held])
    before = [_latest_complete(origins, place, horizon, zone) for place in range(len(origins))]
    decided = gate(rows.y, raw, rows.origin, fold, before)
    return Fit(grow(rows, rounds, number), decided, rounds, names, float(rows.y.mean()))


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
    return tuple(name for name in names if name not in _SEASON)


def _extreme(matrix: Matrix, reduce: np.ufunc, start: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = reduce.reduce(
        matrix.values, axis=0, initial=np.float32(start)
    )
    return found


def _rounds(rows: Rows, fold: Ints, origins: Sequence[datetime], horizon: str, zone: ZoneInfo, number: int) -> int:
    earlier = _latest_complete(origins, len(origins) - 1, horizon, zone)
    latest = rows.origin == rows.origin.max()
    learn = rows.origin <= earlier if earlier is not None else fold != 0
    watch = latest if earlier is not None else latest & (fold == 0)
    if learn.any() and watch.any() and np.unique(rows.y[learn]).size > 1:
        return best_rounds(rows.where(learn), rows.where(watch), number)
    return 0


def _latest_complete(origins: Sequence[datetime], place: int, horizon: str, zone: ZoneInfo) -> int | None:
    """Index of the latest origin that was complete when the one at ``place`` began."""
    found = len(complete_by(origins, origins[place], horizon, zone))
    return found - 1 if found else None
