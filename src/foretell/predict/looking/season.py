"""How much a rate moves from month to month, and whether a year is there to see it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from foretell.predict.looking.windows_counted import WindowCount
from foretell.stats import LEVEL

YEAR = timedelta(days=365)
LEAST_WINDOWS = 3


@dataclass(frozen=True)
class Season:
    """How the rate moves between windows.

    Args:
        lowest, highest: when the window with the lowest and the highest rate began; None where there are too few.
        low_rate, high_rate: their rates.
        moves: the rates differ more than chance explains (chi-squared test of homogeneity; people who are in several
            windows make it cautious); None where there are fewer than three windows.
        covered_days: from the beginning of the first window to the end of the last.
        year_from: when the windows will cover a year; None where they do.
    """

    lowest: datetime | None
    highest: datetime | None
    low_rate: float | None
    high_rate: float | None
    moves: bool | None
    covered_days: int
    year_from: datetime | None


def season_of(windows: Sequence[WindowCount], until: datetime) -> Season:
    """The season of ``windows`` (oldest first), as seen at ``until``."""
    seen = [one for one in windows if one.rate is not None]
    if not seen:
        return Season(None, None, None, None, None, 0, None)
    covered = seen[-1].until - seen[0].at
    year_from = None if covered >= YEAR else until + (YEAR - covered)
    lowest, highest = (choose(seen, key=lambda one: one.rate or 0.0) for choose in (min, max))
    moves = differ(seen) if len(seen) >= LEAST_WINDOWS else None
    return Season(lowest.at, highest.at, lowest.rate, highest.rate, moves, covered.days, year_from)


def differ(windows: Sequence[WindowCount]) -> bool:
    """Whether the rates differ more than chance explains, at 90 %."""
    from scipy.special import chdtrc  # loads slowly, and few callers need it

    n = np.array([one.people for one in windows], dtype=np.float64)
    k = np.array([one.positives for one in windows], dtype=np.float64)
    rate = k.sum() / n.sum()
    if not 0 < rate < 1:
        return False
    statistic = float(((k - n * rate) ** 2 / (n * rate * (1 - rate))).sum())
    return float(chdtrc(len(windows) - 1, statistic)) < 1 - LEVEL
