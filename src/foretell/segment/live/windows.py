"""Where windows begin at an instant, and when an instant leaves them; for many people at once.

Instants and lengths are microseconds. Calendar lengths (``6mo``, ``1y``) do not begin at a steady distance: at the ends
of months and when clocks are changed the beginning jumps, and what had left can come back. So a distance holds up to a
*break*; what lies beyond one is looked at again there. Distances change at quarters of an hour alone, as zones do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from foretell.clock import Duration, from_micros, micros

Instants = npt.NDArray[np.int64]
NEVER = np.int64(2**62)
DAY_US = 86_400_000_000
SLOT_US = 900_000_000
LOOK_AHEAD_SLOTS = 5 * 96
SLACK_US = 4 * DAY_US
"""More than a calendar length differs from one day to another, and than its beginning jumps."""


class Window:
    """A length of time before an instant.

    Args:
        length: None is all of the past.
    """

    def __init__(self, length: Duration | None, zone: ZoneInfo) -> None:
        self.length, self.zone = length, zone
        exact = None if length is None else length.exact
        self.exact_us = None if exact is None else exact // timedelta(microseconds=1)
        self._distances: dict[int, int] = {}
        self._breaks: dict[int, int] = {}

    @property
    def reach_us(self) -> int:
        """What is older than so much has left for good."""
        if self.length is None:
            return int(NEVER)
        if self.exact_us is not None:
            return self.exact_us
        months = self.length.count * (12 if self.length.unit == "y" else 1)
        return months * 31 * DAY_US + SLACK_US

    def start(self, at: Instants) -> Instants:
        """Where the window begins, itself outside, at each instant."""
        if self.length is None:
            return np.full(len(at), -NEVER, np.int64)
        if self.exact_us is not None:
            return at - self.exact_us
        return at - self._by_slot(at, self._distance)

    def leaves(self, hit: Instants, at: Instants) -> Instants:
        """The first instant after ``at`` at which what happened at ``hit``, inside now, may be outside."""
        if self.length is None:
            return np.full(len(at), NEVER, np.int64)
        if self.exact_us is not None:
            return hit + self.exact_us
        then = hit + self._by_slot(at, self._distance)
        edge = self._by_slot(at, self._break)
        return np.where(then < edge, then, np.maximum(edge, then - SLACK_US))

    def returns(self, at: Instants) -> Instants | None:
        """When what left within the last :data:`SLACK_US` may be inside again; None where nothing ever is."""
        return None if self.length is None or self.exact_us is not None else self._by_slot(at, self._break)

    def _by_slot(self, at: Instants, of: Callable[[int], int]) -> Instants:
        slots, place = np.unique(at // SLOT_US, return_inverse=True)
        found = np.fromiter((of(int(slot)) for slot in slots), np.int64, len(slots))
        return found[place]

    def _distance(self, slot: int) -> int:
        found = self._distances.get(slot)
        if found is None:
            assert self.length is not None
            begin = slot * SLOT_US
            found = begin - micros(self.length.before(from_micros(begin), self.zone))
            self._distances[slot] = found
        return found

    def _break(self, slot: int) -> int:
        found = self._breaks.get(slot)
        if found is None:
            here = self._distance(slot)
            ahead = range(slot + 1, slot + LOOK_AHEAD_SLOTS)
            found = next((one for one in ahead if self._distance(one) != here), slot + LOOK_AHEAD_SLOTS) * SLOT_US
            self._breaks.update(dict.fromkeys(range(slot, found // SLOT_US), found))
        return found
