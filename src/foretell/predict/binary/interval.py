"""How far the truth was from the score on the test window, as an interval around every score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.predict.binary.rows import Floats
from foretell.stats import Reliability, floats


@dataclass(frozen=True)
class Margins:
    """Distances below and above a score, linear between the mean scores of the test window's bins.

    In each bin the 90 % Wilson interval of the observed rate says how low and how high the truth may
    lie, so a season that the model did not know widens the interval. All arrays (bins,).
    """

    score: Floats
    below: Floats
    above: Floats

    @classmethod
    def of(cls, bins: Reliability) -> Margins:
        """The margins that a reliability table shows."""
        below = np.maximum(bins.mean_p - bins.rate_low, 0.0)
        above = np.maximum(bins.rate_high - bins.mean_p, 0.0)
        return cls(bins.mean_p, below, above)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Margins:
        """What :meth:`as_dict` wrote."""
        return cls(floats(stored["score"]), floats(stored["below"]), floats(stored["above"]))

    def as_dict(self) -> dict[str, list[float]]:
        """Plain arrays for the card."""
        return {"score": self.score.tolist(), "below": self.below.tolist(), "above": self.above.tolist()}

    def around(self, p: Floats) -> tuple[Floats, Floats]:
        """Lower and upper bounds (n,) of probabilities (n,)."""
        low = np.clip(p - np.interp(p, self.score, self.below), 0.0, 1.0)
        high = np.clip(p + np.interp(p, self.score, self.above), 0.0, 1.0)
        return low, high
