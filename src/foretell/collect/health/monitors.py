"""What a monitor says, and the bounds of shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Literal

State = Literal["ok", "warn", "broken", "learning", "silent"]
Unit = Literal["seconds", "events", "share"]
LEAST_NOW, LEAST_BEFORE = 50, 500
"""Events of the last day, and of the time before, without which a share is not judged."""
DEVIATIONS = 5.0


@dataclass(frozen=True)
class Monitor:
    """One thing that is watched of a source.

    Args:
        name: freshness, volume, late, repeated, quarantined, violations, present, type, gone or new.
        subject: event and property (``Order Completed.order_id``); empty where it is about the whole source.
        value: what it is now; None where nothing can be said.
        low, high: what is usual; None where there is no such bound or it is not learned yet.
        since: from when on, where that is known.
        sentence: what is, where.
        next_step: what to do; empty where there is nothing to do.
    """

    source: str
    name: str
    subject: str
    unit: Unit
    value: float | None
    low: float | None
    high: float | None
    state: State
    sentence: str
    next_step: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """0 where there is nothing."""
        return self.part / self.whole if self.whole else 0.0


def most(before: Share, now: Share, least: float) -> float | None:
    """The largest share that is usual: that of before, its chance at the size of now, and at least ``least`` more.

    None where one of the two is too small to tell.
    """
    if before.whole < LEAST_BEFORE or now.whole < LEAST_NOW:
        return None
    return min(1.0, before.value + _room(before, now, least))


def least_of(before: Share, now: Share, least: float) -> float | None:
    """The smallest share that is usual, see :func:`most`."""
    if before.whole < LEAST_BEFORE or now.whole < LEAST_NOW:
        return None
    return max(0.0, before.value - _room(before, now, least))


def _room(before: Share, now: Share, least: float) -> float:
    # One more of each kind keeps the chance of a share of 0 or 1 from being none.
    smoothed = (before.part + 1) / (before.whole + 2)
    return max(least, DEVIATIONS * sqrt(smoothed * (1 - smoothed) * (1 / now.whole + 1 / before.whole)))


def span_words(seconds: float) -> str:
    """A span in words: 40 minutes, 7 hours, 3 days."""
    for size, one in ((86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        number = round(seconds / size)
        if seconds >= 2 * size or one == "minute":
            return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
    raise AssertionError("minutes are always said")
