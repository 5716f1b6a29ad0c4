"""Stretches of time: where a hazard is told apart, and curves through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretell.predict.binary.rows import Floats

_SHARES = (1 / 24, 1 / 12, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1.0)
_NEAR = 0.15


@dataclass(frozen=True)
class Stretches:
    """Consecutive stretches from the instant on.

    Args:
        ends: in days from the instant, ascending, shape (k,).
    """

    ends: tuple[float, ...]

    @classmethod
    def of(cls, horizons_days: Sequence[float]) -> Stretches:
        """Stretches that end at every horizon, and finer ones where no horizon is near."""
        asked = sorted(horizons_days)
        longest = asked[-1]
        finer = [max(1.0, float(round(longest * share))) for share in _SHARES]
        kept = [end for end in finer if end <= longest and not any(abs(end - one) < _NEAR * one for one in asked)]
        return cls(tuple(sorted({*asked, *kept})))

    @property
    def begins(self) -> Floats:
        """In days (k,)."""
        return np.array([0.0, *self.ends[:-1]])

    def place(self, days: float) -> int:
        """Index of the stretch in which so many days end."""
        return min(int(np.searchsorted(self.ends, days)), len(self.ends) - 1)

    def without(self, hazards: Floats, days: float) -> Floats:
        """P(not yet) (n,) after ``days``, from hazards (n, k); within a stretch at a constant rate."""
        log = self.logs(hazards)
        edges = np.array([0.0, *self.ends])
        place = min(int(np.searchsorted(edges, days, side="right")) - 1, len(self.ends) - 1)
        share = (days - edges[place]) / (edges[place + 1] - edges[place])
        found: Floats = np.exp(log[:, place] + share * (log[:, place + 1] - log[:, place]))
        return found

    def day(self, hazards: Floats, share: float) -> Floats:
        """The day (n,) by which the outcome has come true for ``share``, NaN where it lies beyond the last stretch."""
        log, edges = self.logs(hazards), np.array([0.0, *self.ends])
        wanted = np.log1p(-share)
        place = (log > wanted).sum(axis=1) - 1
        inside = place < len(self.ends)
        at = np.minimum(place, len(self.ends) - 1)
        rows = np.arange(len(log))
        fall = log[rows, at] - log[rows, at + 1]
        part = np.divide(log[rows, at] - wanted, fall, out=np.zeros(len(log)), where=fall > 0)
        found: Floats = np.where(inside, edges[at] + part * (edges[at + 1] - edges[at]), np.nan)
        return found

    def logs(self, hazards: Floats) -> Floats:
        """log P(not yet) at the beginning and at every end, shape (n, k + 1)."""
        falls = np.log1p(-np.clip(hazards, 0.0, 1 - 1e-12))
        return np.concatenate([np.zeros((len(hazards), 1)), np.cumsum(falls, axis=1)], axis=1)
