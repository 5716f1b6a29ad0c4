"""How far off expected amounts were on a window they did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from foretell.predict.binary.rows import Floats, Ints
from foretell.predict.numeric.conformal import Conformal

FIFTHS = 5


@dataclass(frozen=True)
class JudgedAmounts:
    """The people of the test window, what was said of them and what they had.

    Args:
        people: profile keys, each once, shape (n,).
        origin: the instant as of which they were scored.
        y, expected: amounts (n,); ``expected`` is of a model that learnt from neither.
        low, high: ends of the 90 % interval (n,).
    """

    people: Ints
    origin: datetime
    y: Floats
    expected: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(
        cls, people: Ints, origin: datetime, y: Floats, expected: Floats, interval: Conformal | None
    ) -> JudgedAmounts:
        """With the interval around each expectation; NaN where there is none."""
        nothing = np.full(y.size, np.nan)
        low, high = (nothing, nothing) if interval is None else interval.around(expected)
        return cls(people, origin, y, expected, low, high)

    @property
    def metrics(self) -> dict[str, float]:
        """``mae rmse correlation total_error``, ``coverage`` and ``interval_width`` of the interval."""
        inside = (self.y >= self.low) & (self.y <= self.high)
        bounded = bool(np.isfinite(self.low).all())
        return {
            **errors(self.expected, self.y),
            "coverage": float(inside.mean()) if bounded else float("nan"),
            "interval_width": float((self.high - self.low).mean()),
        }

    def fifths(self) -> list[dict[str, Any]]:
        """By fifth of the expectation: people, mean expectation, mean amount, and how often the interval held."""
        order = np.argsort(self.expected, kind="stable")
        found = []
        for part in np.array_split(order, FIFTHS):
            if not part.size:
                continue
            inside = (self.y[part] >= self.low[part]) & (self.y[part] <= self.high[part])
            found.append(
                {
                    "n": int(part.size),
                    "mean_expected": float(self.expected[part].mean()),
                    "mean_actual": float(self.y[part].mean()),
                    "coverage": float(inside.mean()),
                    "mean_width": float((self.high[part] - self.low[part]).mean()),
                }
            )
        return found


def errors(expected: Floats, y: Floats) -> dict[str, float]:
    """``mae rmse correlation``, and ``total_error``: by how much of the actual total the expected one is off."""
    off, total = expected - y, float(y.sum())
    return {
        "mae": float(np.abs(off).mean()),
        "rmse": float(np.sqrt(np.square(off).mean())),
        "correlation": correlation(expected, y),
        "total_error": float(off.sum()) / total if total > 0 else float("nan"),
    }


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's; NaN where either is constant."""
    da, db = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((da @ da) * (db @ db)))
    return float(da @ db) / norm if norm > 0 else float("nan")
