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
    """Curves (n, horizons), shortest horizon first, made monotone by the running maximum or minimum."""
    if way == "rises":
        return np.maximum.accumulate(curves, axis=1)
    if way == "falls":
        return np.minimum.accumulate(curves, axis=1)
    return curves
