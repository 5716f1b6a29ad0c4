"""The time that is looked at: from when to when, and the instants at which people can enter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from foretell.clock import micros
from foretell.errors import UsageError

Instants = npt.NDArray[np.int64]
Places = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]
Draws = npt.NDArray[np.uint64]
Words = npt.NDArray[np.object_]
NEVER = np.int64(2**62)
MOST_TICKS = 20_000
MOST_DRAWS = 60
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """From ``begin`` to ``end``, both included, with a tick every so often."""

    begin: datetime
    end: datetime
    every: timedelta = DAY

    @classmethod
    def of(cls, begin: datetime, end: datetime, every: timedelta = DAY) -> Span:
        """A span; raises UsageError ``BAD_SPAN``."""
        if end <= begin:
            raise UsageError("BAD_SPAN", "--to is not after --from", next_step="Name an earlier --from.")
        if every <= timedelta(0) or (end - begin) / every > MOST_TICKS:
            raise UsageError(
                "BAD_SPAN", f"that is more than {MOST_TICKS:,} ticks", next_step="Choose a longer --every or less time."
            )
        return cls(begin, end, every)

    @cached_property
    def ticks(self) -> Instants:
        """The ticks, microseconds."""
        step = self.every // timedelta(microseconds=1)
        return np.arange(micros(self.begin), micros(self.end) + 1, step, dtype=np.int64)

    def column(self, instants: Instants) -> Places:
        """The first tick from each instant on; as many as there are where none is."""
        return np.searchsorted(self.ticks, instants, side="left")


def bits(count: int) -> np.uint64:
    """A mask of so many draws."""
    return np.uint64((1 << count) - 1)


def per_draw(draws: Draws, count: int, weights: Instants | None = None) -> Instants:
    """How many rows each draw has, or the sum of their weights."""
    found = np.zeros(count, np.int64)
    for draw in range(count):
        there = (draws >> np.uint64(draw)) & np.uint64(1) == 1
        found[draw] = int(there.sum()) if weights is None else int(weights[there].sum())
    return found
