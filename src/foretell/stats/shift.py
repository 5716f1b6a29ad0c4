"""Has the base rate moved?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from foretell.stats.intervals import wilson_bounds
from foretell.stats.values import EMPTY, LEVEL, NAN, ONE_CLASS


@dataclass(frozen=True)
class Shift:
    """Two base rates and their difference ``after - before`` with bounds, z and two-sided p value."""

    before: float
    after: float
    difference: float
    low: float
    high: float
    z: float
    p_value: float
    reason: str = ""


def base_rate_shift(
    before_hits: float, before_n: float, after_hits: float, after_n: float, level: float = LEVEL
) -> Shift:
    """Has the base rate moved? Two-proportion z test, interval by Newcombe's hybrid score (1998, no. 10).

    ``EMPTY`` where a side has no rows; ``ONE_CLASS`` where both are all 0 or all 1 (z 0, p 1).
    """
    if not (before_n > 0 and after_n > 0):
        return Shift(NAN, NAN, NAN, NAN, NAN, NAN, NAN, EMPTY)
    a, b = before_hits / before_n, after_hits / after_n
    low, high = wilson_bounds([before_hits, after_hits], [before_n, after_n], level)
    down = math.hypot(b - float(low[1]), float(high[0]) - a)
    up = math.hypot(float(high[1]) - b, a - float(low[0]))
    pooled = (before_hits + after_hits) / (before_n + after_n)
    error = math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / before_n + 1 / after_n))
    z = (b - a) / error if error > 0 else 0.0
    p_value = 2 * NormalDist().cdf(-abs(z))
    return Shift(a, b, b - a, b - a - down, b - a + up, z, p_value, "" if error > 0 else ONE_CLASS)
