"""Freshness and volume against a source's own rhythm of the week.

Arrivals are counted in quarters of an hour up to the last one that is over; the same place of an earlier week lies a
fixed number of quarters back.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

QUARTER_SECONDS = 900
WEEKS = 8
HOUR, DAY, WEEK = 4, 96, 7 * 96
QUARTERS = WEEKS * WEEK
LEAST_WEEKS = 3
"""Weeks of before without which nothing is usual yet."""
AROUND = 8
"""Quarters before and after the same instant of an earlier week in which its silence counts too."""
SILENCE_TIMES = 1.5
SILENT_EVENTS = 12.0
"""A silence is told only where so many events were expected in it: by chance that happens once in 160,000."""
WIDTH = 4.0
LEAST_WIDTH = 0.05
"""Of a day's events: two days of a shop never differ by chance alone."""
LEAST_EVENTS = 20.0
"""A day with fewer expected events is not judged."""
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bound:
    """What is usual.

    Args:
        value: what it is now.
        low, high: None where not learned, or where there is no such bound.
        out: beyond what is usual.
    """

    value: float
    low: float | None
    high: float | None
    out: bool


def silence(counts: Counts, seconds: float) -> Bound:
    """How long nothing came, against the longest silence at this time of earlier weeks.

    Args:
        counts: arrivals (:data:`QUARTERS`,), the last quarter is the last one that is over.
        seconds: since the last arrival.
    """
    filled = np.flatnonzero(counts)
    if not len(filled):
        return Bound(seconds, None, None, False)
    first, last = int(filled[0]), int(filled[-1])
    places = np.arange(len(counts))
    since = places - np.maximum.accumulate(np.where(counts > 0, places, -1))
    references = [
        since[place]
        for week in range(1, WEEKS)
        for place in range(QUARTERS - 1 - week * WEEK - AROUND, QUARTERS - week * WEEK + AROUND)
        if first < place <= last
    ]
    if (QUARTERS - 1 - first) // WEEK < LEAST_WEEKS or not references:
        return Bound(seconds, None, None, False)
    longest = (float(max(references)) + 1.0) * QUARTER_SECONDS * SILENCE_TIMES
    missed = expected(counts, last + 1, QUARTERS, first)
    return Bound(seconds, None, longest, seconds > longest and missed >= SILENT_EVENTS)


def expected(counts: Counts, start: int, end: int, first: int) -> float:
    """Arrivals to be expected in the quarters ``start`` to ``end``: the mean of the same ones of earlier weeks."""
    told = [
        counts[start - week * WEEK : end - week * WEEK].sum()
        for week in range(1, WEEKS)
        if start - week * WEEK >= first
    ]
    return float(np.mean(told)) if told else 0.0


def days(counts: Counts) -> list[Bound]:
    """Arrivals of the last 28 times 24 hours, the present last, each against the same one of the weeks before it."""
    filled = np.flatnonzero(counts)
    first = int(filled[0]) if len(filled) else QUARTERS
    sums = np.concatenate([[0], np.cumsum(counts)])
    found = []
    for back in range(27, -1, -1):
        end = QUARTERS - back * DAY
        found.append(_day(sums, end, first))
    return found


def _day(sums: Counts, end: int, first: int) -> Bound:
    def within(stop: int) -> float:
        return float(sums[stop] - sums[stop - DAY])

    before = [within(end - week * WEEK) for week in range(1, WEEKS) if end - week * WEEK - DAY >= first]
    value = within(end)
    if len(before) < LEAST_WEEKS:
        return Bound(value, None, None, False)
    middle = float(np.median(before))
    spread = 1.4826 * float(np.median(np.abs(np.array(before) - middle)))
    # A middle of few weeks is itself uncertain.
    width = WIDTH * sqrt(1 + 1.6 / len(before)) * max(spread, sqrt(max(middle, 1.0)), LEAST_WIDTH * middle)
    low, high = max(0.0, middle - width), middle + width
    return Bound(value, low, high, middle >= LEAST_EVENTS and not low <= value <= high)
