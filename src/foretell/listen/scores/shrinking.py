"""Many groups side by side: drawn towards all of them, and told to differ only where chance is no excuse.

Of many small groups some are far out by chance alone, and a list sorted by score has them at its top. So each group is
drawn towards the mean of all, the more the less it is known (empirical Bayes; the variance between groups by
DerSimonian and Laird, Controlled Clinical Trials 7, 1986), and those are marked as different that remain after
Benjamini and Hochberg (Journal of the Royal Statistical Society B 57, 1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.stats import LEVEL, Floats, normal_quantile


@dataclass(frozen=True)
class Drawn:
    """Groups drawn towards their mean, one element a group (g,); ``between`` is the standard deviation between them."""

    value: Floats
    low: Floats
    high: Floats
    between: float


def draw_together(value: Floats, error: Floats, level: float = LEVEL) -> Drawn:
    """Shrink groups' values (g,), known with standard errors (g,), all of them above 0."""
    if value.size < 2:
        half = normal_quantile(level) * error
        return Drawn(value, value - half, value + half, float("nan"))
    precision = error**-2.0
    mean = float((precision * value).sum() / precision.sum())
    excess = float((precision * (value - mean) ** 2).sum()) - (value.size - 1)
    between = max(excess / float(precision.sum() - (precision**2).sum() / precision.sum()), 0.0)
    both = 1 / (between + error**2)
    mean, mean_variance = float((both * value).sum() / both.sum()), float(1 / both.sum())
    towards = error**2 * both
    drawn = (1 - towards) * value + towards * mean
    half = normal_quantile(level) * np.sqrt((1 - towards) * error**2 + towards**2 * mean_variance)
    return Drawn(drawn, drawn - half, drawn + half, between**0.5)


def discoveries(p_values: Floats, rate: float = 1 - LEVEL) -> npt.NDArray[np.bool_]:
    """Which of the claims (g,) hold when at most ``rate`` of those that are told may be false (Benjamini, Hochberg)."""
    order = np.argsort(p_values, kind="stable")
    within = np.flatnonzero(p_values[order] <= rate * np.arange(1, p_values.size + 1) / max(p_values.size, 1))
    found = np.zeros(p_values.size, dtype=bool)
    if within.size:
        found[order[: within[-1] + 1]] = True
    return found
