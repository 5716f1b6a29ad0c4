"""From what people did to a space in which near means alike: habits only, winsorised rates, one spread for all.

What somebody does in one half of the window and not in the other tells of chance, not of a kind of people. A behaviour
counts where the two halves agree over people (split-half correlation)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foretell.segment.personas.behaviours import Behaviour
from foretell.segment.personas.reading import Behaved
from foretell.stats import Floats

TAILS = 0.02
"""Of each behaviour the values beyond these quantiles on either side are drawn in: one outlier is no kind of people."""
_RARE = 0.05
"""A behaviour that fewer people show, or that fewer do otherwise, distinguishes hardly anybody."""
_SAME = 0.9
"""Two behaviours so closely correlated say the same; the later one is left out."""
_HELD_BACK = 3.0
"""A share of few is drawn to that of everybody, as if so many more had been counted."""
_HABIT = 0.2
"""Correlation of the two halves of the window from which on a behaviour is a habit."""
_JUDGED_BY = 80
"""Fewer people who were there in both halves tell nothing of it."""


@dataclass(frozen=True)
class Scaled:
    """People as points.

    Args:
        points: (n, d), each column with mean 0 and spread 1.
        used: the behaviours of the columns.
        left_out: behaviour → why it is none of them.
        kept_up: behaviour → correlation of the two halves of the window; None where too few were there in both.
    """

    points: Floats
    used: tuple[Behaviour, ...]
    left_out: dict[str, str]
    kept_up: dict[str, float | None]


def scaled(behaved: Behaved, halves: tuple[Behaved, Behaved]) -> Scaled:
    """The behaviours that distinguish people, each on a scale of its own.

    Counts and amounts become rates a year (of the time somebody was observed), averages stay; these are winsorised and
    logarithmised. Shares are drawn to everybody's, the more the fewer they rest on.
    """
    columns: list[Floats] = []
    used: list[Behaviour] = []
    left_out: dict[str, str] = {}
    kept_up: dict[str, float | None] = {}
    for one in behaved.behaviours:
        column = _column(behaved, one)
        kept_up[one.key] = _kept_up(halves, one)
        reason = _refused(column, kept_up[one.key])
        twin = next((other for other, past in zip(used, columns, strict=True) if _alike(column, past)), None)
        if reason or twin is not None:
            left_out[one.key] = reason or f"says the same as {twin.title if twin else ''}"
            continue
        assert column is not None
        columns.append(column)
        used.append(one)
    points = np.column_stack(columns) if columns else np.empty((behaved.people.size, 0))
    return Scaled(points, tuple(used), left_out, kept_up)


def _column(behaved: Behaved, one: Behaviour) -> Floats | None:
    """A behaviour on its scale; None where nearly all people are alike in it."""
    rate = _rate(behaved, one)
    if rate.size == 0 or np.isnan(rate).all() or float(np.mean(np.abs(behaved.values[one.key]) > 0)) < _RARE:
        return None
    low, high = np.nanquantile(rate, [TAILS, 1 - TAILS])
    tame = np.clip(rate, low, high)
    column = tame if one.form == "share" else np.log1p(np.maximum(tame, 0.0))
    column = np.where(np.isnan(column), np.nanmean(column), column)
    spread = float(column.std())
    return (column - column.mean()) / spread if spread > 0 else None


def _refused(column: Floats | None, kept_up: float | None) -> str | None:
    if column is None:
        return "hardly anybody differs in it"
    if kept_up is not None and kept_up < _HABIT:
        return "is no habit: who does it in one half of the time does not in the other"
    return None


def _kept_up(halves: tuple[Behaved, Behaved], one: Behaviour) -> float | None:
    first, second = (_rate(half, one) for half in halves)
    if one.form != "share":
        first, second = (np.log1p(np.maximum(half, 0.0)) for half in (first, second))
    both = ~(np.isnan(first) | np.isnan(second))
    if both.sum() < _JUDGED_BY:
        return None
    one_half, other = first[both] - first[both].mean(), second[both] - second[both].mean()
    spread = float(np.sqrt((one_half**2).sum() * (other**2).sum()))
    return float((one_half * other).sum()) / spread if spread > 0 else 0.0


def _rate(behaved: Behaved, one: Behaviour) -> Floats:
    values = behaved.values[one.key]
    if one.form == "average":
        return values
    if one.form == "share":
        top, bottom = behaved.tops[one.key], behaved.bottoms[one.key]
        common = float(top.sum() / bottom.sum()) if bottom.sum() > 0 else 0.0
        return np.where(bottom > 0, (top + _HELD_BACK * common) / (bottom + _HELD_BACK), np.nan)
    return values / behaved.years


def _alike(one: Floats | None, other: Floats) -> bool:
    return one is not None and abs(float(np.mean(one * other))) > _SAME
