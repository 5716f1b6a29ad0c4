"""What a test with so many positives could tell: before a model is made, not after."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from foretell.stats import Floats, normal_quantile, wilson_bounds

POWER = 0.8
USUAL_AUC = 0.75
"""A ranking of everyday quality, whose interval is told."""
BINS = 10


@dataclass(frozen=True)
class Power:
    """What the test window could tell of a model.

    Args:
        positives, negatives: people of the test window with and without the outcome.
        auc_least: the smallest area under the ROC curve whose 90 % interval would leave out .5 in four of five tests;
            None where there is none.
        auc_low, auc_high: the 90 % interval that a ranking of .75 would have.
        calibration_error: how far perfect probabilities would look off on average, in tenths of the people.
        tenth_width: width of the 90 % interval of the rate in one tenth of the people.
    """

    positives: int
    negatives: int
    auc_least: float | None
    auc_low: float | None
    auc_high: float | None
    calibration_error: float | None
    tenth_width: float | None


def power(positives: int, negatives: int) -> Power:
    """What a test of so many people of either kind can tell.

    The spread of the area under the curve is that of Hanley and McNeil (Radiology 143, 1982); by chance alone it
    is that of the rank-sum test.
    """
    if positives < 1 or negatives < 1:
        return Power(positives, negatives, None, None, None, None, None)
    n = positives + negatives
    rate, tenth = positives / n, n / BINS
    half = normal_quantile(0.9) * float(auc_spread(np.array([USUAL_AUC]), positives, negatives)[0])
    low, high = wilson_bounds(rate * tenth, tenth)
    return Power(
        positives,
        negatives,
        _least(positives, negatives),
        max(0.0, USUAL_AUC - half),
        min(1.0, USUAL_AUC + half),
        math.sqrt(2 / math.pi * rate * (1 - rate) / tenth),
        float(high[0] - low[0]),
    )


def auc_spread(auc: Floats, positives: int, negatives: int) -> Floats:
    """Standard error of areas ``auc`` (k,) under the ROC curve, (k,)."""
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    return np.sqrt(np.maximum(variance, 0.0) / (positives * negatives))


def _least(positives: int, negatives: int) -> float | None:
    by_chance = math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
    areas = np.linspace(0.5, 0.999, 500)
    one_sided = normal_quantile(2 * POWER - 1)
    needed = normal_quantile(0.9) * by_chance + one_sided * auc_spread(areas, positives, negatives)
    found = np.flatnonzero(areas - 0.5 >= needed)
    return float(areas[found[0]]) if found.size else None
