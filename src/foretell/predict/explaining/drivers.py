"""What moves the scores of everybody: mean parts of features, and how the probability goes with each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.ids import unit_intervals
from foretell.predict.binary.rows import Floats, Rows
from foretell.predict.explaining.words import Single, measured, theme
from foretell.predict.features import Feature

SAMPLE = 5_000
"""Person-instants whose exact parts are averaged."""
CURVES = 1_000
"""Person-instants that each curve is drawn from."""
STRONGEST = 10
_QUANTILES = np.linspace(0.05, 0.95, 10)
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Shown:
    """A model over one horizon, as far as it is looked into.

    Args:
        rows: what it learnt from.
        contributions: features (n, k) → parts of the logit (n, k), exact.
        probability: features (n, k) → calibrated probabilities (n,).
    """

    horizon: str
    features: tuple[Feature, ...]
    rows: Rows
    contributions: Callable[[Single], Single]
    probability: Callable[[Single], Floats]

    def sample(self, most: int) -> Single:
        """Features (n, k) of at most ``most`` rows, drawn by a hash of person and instant."""
        rows = self.rows
        if len(rows) <= most:
            return rows.x
        named = rows.people.astype(np.uint64) * np.uint64(1_009) + rows.origin.astype(np.uint64)
        order = np.argsort(unit_intervals("explained", named), kind="stable")[:most]
        return rows.x[np.sort(order)]


def global_drivers(shown: Shown) -> list[dict[str, Any]]:
    """Every feature that moves anything, strongest first.

    ``share`` is its part of all that features move (mean of the absolute parts of the logit, TreeSHAP); ``mean`` the
    mean absolute part itself; ``rises``: higher values go with higher scores.
    """
    x = shown.sample(SAMPLE)
    parts = shown.contributions(x).astype(np.float64)
    moved = np.abs(parts).mean(axis=0)
    total = float(moved.sum())
    return [
        {
            "feature": shown.features[place].name,
            "theme": theme(shown.features[place]),
            "text": measured(shown.features[place]),
            "share": float(moved[place]) / total,
            "mean": float(moved[place]),
            "rises": _rises(x[:, place], parts[:, place]),
        }
        for place in np.argsort(-moved, kind="stable").tolist()
        if moved[place] > 0
    ]


def partial_dependence(shown: Shown, names: Sequence[str]) -> list[dict[str, Any]]:
    """For each feature: its values (deciles; null: unknown), and the probability were everybody to have that value.

    ``mean`` over people; a tenth of them lie below ``low``, a tenth above ``high``; ``people``: how many of the sample
    have about that value.
    """
    x = shown.sample(CURVES)
    places = {feature.name: place for place, feature in enumerate(shown.features)}
    return [_curve(shown, x, places[name]) for name in names]


def _curve(shown: Shown, x: Single, place: int) -> dict[str, Any]:
    column = x[:, place]
    known = column[np.isfinite(column)]
    grid = np.unique(np.quantile(known, _QUANTILES, method="nearest")) if known.size else np.zeros(0, np.float32)
    values = np.append(grid, np.float32(np.nan)) if known.size < column.size else grid
    asked = np.tile(x, (values.size, 1))
    asked[:, place] = np.repeat(values, len(x))
    p = shown.probability(asked).reshape(values.size, len(x))
    low, high = np.quantile(p, _LOW, axis=1), np.quantile(p, _HIGH, axis=1)
    people = _near(column, grid, values.size)
    feature = shown.features[place]
    points = [
        {
            "value": None if np.isnan(value) else float(value),
            "mean": float(p[at].mean()),
            "low": float(low[at]),
            "high": float(high[at]),
            "people": int(people[at]),
        }
        for at, value in enumerate(values.tolist())
    ]
    return {"feature": feature.name, "text": measured(feature), "unit": feature.unit, "points": points}


def _near(column: Single, grid: Single, size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many of ``column`` are nearest to each value of the grid; the unknown ones come last."""
    known = np.isfinite(column)
    middles = (grid[1:] + grid[:-1]) / 2
    place = np.where(known, np.searchsorted(middles, column), size - 1)
    return np.bincount(place, minlength=size)


def _rises(column: Single, parts: Floats) -> bool:
    known = np.isfinite(column)
    values = column[known].astype(np.float64)
    return bool(((values - values.mean()) * parts[known]).sum() >= 0) if values.size else True
