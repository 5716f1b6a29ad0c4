"""Intervals that hold as often as they say: split conformal prediction on windows of people who were held out.

Around an expected amount lies what people of whom as much was expected really had: in bins of the expectation, the
distribution of (amount - expectation) ÷ expectation. Nested intervals, one for each level, are read off these; the
level is then the least at which the intervals held for 90 % of other people (Gupta, Kuchibhotla & Ramdas 2022, nested
conformal prediction). Where many had nothing at all, the interval begins at nothing and all that may lie outside lies
above, since an interval between two quantiles would hold too often there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.stats import LEVEL, Floats, floats

_LEVELS = np.round(np.arange(0.5, 0.996, 0.005), 3)
MOST_BINS = 20
LEAST_IN_BIN = 40
LEAST_ROWS = 3 * LEAST_IN_BIN
"""Held-out rows below which an interval says nothing."""


@dataclass(frozen=True)
class Conformal:
    """An interval around every expectation, linear between bins of expectations.

    Args:
        expected: mean expectation of each bin, shape (bins,).
        below, above: ends of the interval as shares of the expectation away from it, shape (bins,).
        smallest: an expectation counts as at least this much, so that shares of it mean something.
        least: no amount is below it.
        level: nominal level at which the intervals held for 90 % of the people they were tried on.
        held: for how many they did, as a share.
    """

    expected: Floats
    below: Floats
    above: Floats
    smallest: float
    least: float
    level: float
    held: float

    @classmethod
    def of(cls, expected: Floats, y: Floats, other: npt.NDArray[np.bool_], least: float) -> Conformal | None:
        """From people held out: expectations and amounts (n,). None where there are too few.

        Args:
            other: True for people on whom the level is found (n,); the bins are those of the rest.
        """
        if y.size < 2 * LEAST_ROWS or not other.any() or other.all():
            return None
        smallest = max(1e-3 * float(np.abs(y).mean()), 1e-9)
        bins = _Bins.of(expected[~other], y[~other], smallest, least)
        needed = min(1.0, LEVEL * (1 + 1 / int(other.sum())))
        for level in _LEVELS:
            found = cls(bins.expected, *bins.ends(float(level)), smallest, least, float(level), 0.0)
            low, high = found.around(expected[other])
            held = float(((y[other] >= low) & (y[other] <= high)).mean())
            if held >= needed:
                break
        return cls(found.expected, found.below, found.above, smallest, least, found.level, held)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Conformal:
        """What :meth:`as_dict` wrote."""
        least = -np.inf if stored["least"] is None else float(stored["least"])
        expected, below, above = (floats(stored[name]) for name in ("expected", "below", "above"))
        return cls(expected, below, above, stored["smallest"], least, stored["level"], stored["held"])

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the card."""
        return {
            "expected": self.expected.tolist(),
            "below": self.below.tolist(),
            "above": self.above.tolist(),
            "smallest": self.smallest,
            "least": None if np.isinf(self.least) else self.least,
            "level": self.level,
            "held": self.held,
        }

    def around(self, expected: Floats) -> tuple[Floats, Floats]:
        """Lower and upper ends (n,) around expectations (n,), which they hold."""
        reach = np.maximum(np.abs(expected), self.smallest)
        low = expected + reach * np.interp(expected, self.expected, self.below)
        high = expected + reach * np.interp(expected, self.expected, self.above)
        return np.minimum(np.maximum(low, self.least), expected), np.maximum(high, expected)


@dataclass(frozen=True)
class _Bins:
    """Distances from the expectation in units of it, by bins of the expectation."""

    expected: Floats
    distances: tuple[Floats, ...]
    nothing: Floats

    @classmethod
    def of(cls, expected: Floats, y: Floats, smallest: float, least: float) -> _Bins:
        count = max(1, min(MOST_BINS, y.size // LEAST_IN_BIN))
        order = np.argsort(expected, kind="stable")
        parts = np.array_split(order, count)
        distances = (y - expected) / np.maximum(np.abs(expected), smallest)
        return cls(
            np.array([expected[part].mean() for part in parts]),
            tuple(np.sort(distances[part]) for part in parts),
            np.array([(y[part] <= least).mean() for part in parts]),
        )

    def ends(self, level: float) -> tuple[Floats, Floats]:
        """Both ends (bins,) of the nested interval at ``level``."""
        from_nothing = self.nothing > (1 - level) / 2
        below = [_quantile(part, (1 - level) / 2) for part in self.distances]
        above = [
            _quantile(part, level if whole else (1 + level) / 2)
            for part, whole in zip(self.distances, from_nothing, strict=True)
        ]
        return np.where(from_nothing, -1.0, below), np.array(above)


def _quantile(ordered: Floats, share: float) -> float:
    return float(np.quantile(ordered, share))
