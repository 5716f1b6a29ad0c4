"""The middle of how long something takes, where of some it has not happened yet."""

from __future__ import annotations

import numpy.typing as npt

from foretell.stats.product_limit import kaplan_meier
from foretell.stats.values import EMPTY, LEVEL, NAN, Interval

NOT_REACHED = "NOT_REACHED"
"""It has happened to fewer than half, so far as is known."""


def median_time(durations: npt.ArrayLike, happened: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """By when it has happened to half, by the product-limit estimate (Kaplan and Meier 1958).

    Args:
        durations: how long each was observed (n,), in any unit.
        happened: whether it then happened (n,), or was not known yet.
    Returns: the time with its bounds (Brookmeyer and Crowley 1982), NaN where a bound is not reached; reason
        :data:`NOT_REACHED` where the time itself is not.
    """
    found = kaplan_meier(durations, happened)
    n = int(found.waiting[0]) if found.waiting.size else 0
    if n == 0:
        return Interval(NAN, NAN, NAN, 0, level, EMPTY)
    value, low, high = found.median(level)
    return Interval(value, low, high, n, level, "" if value == value else NOT_REACHED)
