"""Population stability: how far a distribution has moved from the one a model was made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

BINS = 10
MOVING, MOVED = 0.1, 0.25
"""The usual limits of the index: below the first nothing happened, from the second on it has moved."""
CHANCE = 0.999
"""An index is worth a word only where so few samples of this size reach it by chance; there are dozens of features."""

Verdict = Literal["steady", "moving", "moved"]


@dataclass(frozen=True)
class Shares:
    """A distribution by bins.

    Args:
        edges: upper ends of the bins but the last, ascending; shape (k,).
        shares: of those who have a value, shape (k + 1,).
        missing: share of everybody without a value.
        n: everybody.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    missing: float
    n: int

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Shares | None:
        """In tenths of ``values`` (n,), fewer where many are equal; None where there is only one value."""
        known = np.asarray(values[np.isfinite(values)], dtype=np.float64)
        if known.size == 0 or known.min() == known.max():
            return None
        cuts = np.quantile(known, np.arange(1, BINS) / BINS, method="lower")
        edges = np.unique(cuts[cuts < known.max()])
        if edges.size == 0:
            edges = np.array([known.min()])
        return cls._counted(edges, values)

    @classmethod
    def _counted(cls, edges: npt.NDArray[np.float64], values: npt.NDArray[Any]) -> Shares:
        known = np.asarray(values[np.isfinite(values)], dtype=np.float64)
        counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=edges.size + 1)
        shares = counts / max(known.size, 1)
        missing = 1.0 - known.size / max(values.size, 1)
        return cls(tuple(edges.tolist()), tuple(shares.tolist()), float(missing), int(values.size))

    def again(self, values: npt.NDArray[Any]) -> Shares:
        """Other ``values`` (n,) in the same bins."""
        return self._counted(np.array(self.edges), values)

    def as_dict(self) -> dict[str, Any]:
        """For a model's card."""
        return {"edges": list(self.edges), "shares": list(self.shares), "missing": self.missing, "n": self.n}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Shares:
        """What :meth:`as_dict` gave."""
        return cls(tuple(told["edges"]), tuple(told["shares"]), float(told["missing"]), int(told["n"]))

    @property
    def parts(self) -> npt.NDArray[np.float64]:
        """Shares of everybody by bin, those without a value last, shape (k + 2,); none is zero."""
        counts = np.append(np.array(self.shares) * (1.0 - self.missing), self.missing) * self.n
        return np.asarray((counts + 0.5) / (self.n + 0.5 * counts.size), dtype=np.float64)


@dataclass(frozen=True)
class Moved:
    """How far a distribution has moved.

    Args:
        index: population stability index.
        by_chance: samples of these sizes of one distribution stay below this 999 times in 1,000.
    """

    index: float
    by_chance: float

    @property
    def verdict(self) -> Verdict:
        """``moved`` from .25 on and ``moving`` from .1 on, where chance does not explain it."""
        if self.index < max(MOVING, self.by_chance):
            return "steady"
        return "moved" if self.index >= max(MOVED, self.by_chance) else "moving"

    @property
    def limit(self) -> float:
        """From here on it counts as moved."""
        return max(MOVED, self.by_chance)


def moved(before: Shares, after: Shares) -> Moved:
    """How far ``after`` is from ``before``; both in the same bins.

    Where nothing moved, the index is about chi-squared with one degree less than there are bins, times the sum of
    the inverse sizes (Yurdakul and Naranjo 2020).
    """
    from scipy.special import chdtri  # loads slowly, and few callers need it

    first, second = before.parts, after.parts
    index = float(((second - first) * np.log(second / first)).sum())
    degrees = first.size - 1 if before.missing or after.missing else first.size - 2
    chance = float(chdtri(max(degrees, 1), 1.0 - CHANCE)) * (1.0 / max(before.n, 1) + 1.0 / max(after.n, 1))
    return Moved(index, chance)
