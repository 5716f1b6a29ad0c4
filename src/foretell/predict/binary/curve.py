"""Probabilities over several horizons as one curve that does not cross itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from foretell.predict.binary.rows import Floats

Direction = Literal["rises", "falls", "free"]


def direction(outcomes: Sequence[Floats]) -> Direction:
    """How an outcome behaves as the horizon grows, seen on the same people.

    "bought within" can only become true, "did not buy within" only untrue, and a mixture may do
    either.

    Args:
        outcomes: 0.0 or 1.0 (n,) for each horizon, shortest first.
    """
    pairs = list(pairwise(outcomes))
    if all((longer >= shorter).all() for shorter, longer in pairs):
        return "rises"
    if all((longer <= shorter).all() for shorter, longer in pairs):
        return "falls"
    return "free"


def without_crossing(curves: Floats, way: Direction) -> Floats:
    """Curves (n, horizons), shortest horizon first, made monotone.

    Each becomes the nearest monotone curve (isotonic regression; its min-max form in Robertson, Wright & Dykstra
    1988). The truth is monotone, so that the nearest curve is never farther from it than what was there before, which
    the running maximum cannot say.
    """
    if way == "free" or curves.shape[1] < 2:
        return curves
    return rising(curves) if way == "rises" else 1 - rising(1 - curves)


def rising(curves: Floats) -> Floats:
    """The nearest rising curve of each row (n, horizons), in squared distance."""
    n, count = curves.shape
    sums = np.concatenate([np.zeros((n, 1)), np.cumsum(curves, axis=1)], axis=1)
    found = np.full_like(curves, -np.inf)
    for first in range(count):
        means = (sums[:, first + 1 :] - sums[:, [first]]) / np.arange(1, count - first + 1)
        lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        found[:, first:] = np.maximum(found[:, first:], lowest)
    straight = (np.diff(curves, axis=1) >= 0).all(axis=1)
    found[straight] = curves[straight]
    return found
