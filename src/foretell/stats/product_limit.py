"""How long it takes until something happens, where of some it is not known yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.stats.intervals import wilson_bounds
from foretell.stats.values import LEVEL, Floats, floats

_SAME = 1e-12
"""Shares that lie no further apart are the same but for rounding."""


@dataclass(frozen=True)
class Survival:
    """The product-limit estimate of the share to whom it has happened (Kaplan and Meier 1958).

    Args:
        times: the durations at which it happened to somebody, ascending (k,).
        share: to whom it has happened by then, 0 to 1, rising (k,).
        variance: of ``share`` (Greenwood 1926) (k,).
        at_risk: of whom it was not known yet just before then (k,).
        durations: all durations, ascending (m,), and ``waiting``: how many were observed for so long or longer (m,);
            ``before``: to how many it had happened before (m,).
    """

    times: Floats
    share: Floats
    variance: Floats
    at_risk: Floats
    durations: Floats
    waiting: Floats
    before: Floats

    def reach(self, fewest: float) -> float:
        """For how long something can be told; 0 where nothing can.

        The longest duration for which at least ``fewest`` were observed, or by which it is known of at least half, and
        of ``fewest``, whether it has happened.
        """
        known = self.waiting + self.before
        half = self.waiting[:1].sum() / 2
        enough = self.durations[(self.waiting >= fewest) | ((known >= fewest) & (known >= half))]
        return float(enough[-1]) if enough.size else 0.0

    def by(self, duration: float, level: float = LEVEL) -> tuple[float, float, float]:
        """The share to whom it has happened by ``duration``, with its bounds at ``level``.

        The bounds are Wilson's, with the number of people that a plain share of the same variance would have
        (Rothman, Journal of Chronic Diseases 31, 1978): with nobody censored they are Wilson's own.
        """
        share, low, high = self._bounds(level)
        place = int(np.searchsorted(self.times, duration, side="right")) - 1
        if place < 0:
            beyond = self.waiting[self.durations >= duration]
            bounds = wilson_bounds(0.0, float(beyond[0]) if beyond.size else 0.0, level)
            return 0.0, float(bounds[0][0]), float(bounds[1][0])
        return float(share[place]), float(low[place]), float(high[place])

    def middle(self, duration: float, level: float = LEVEL) -> tuple[float, float, float]:
        """Of those to whom it happens within ``duration``: by when to half of them, with bounds at ``level``.

        The bounds are where those of the share pass half of what it comes to (Brookmeyer and Crowley, Biometrics
        38, 1982), so they take what it comes to as given. NaN where it happens to nobody; a bound that is not reached
        within ``duration`` is ``duration``.
        """
        within = self.times <= duration
        if not within.any():
            return float("nan"), float("nan"), float("nan")
        share, low, high = (values[within] for values in self._bounds(level))
        half = float(share[-1]) / 2
        found = [_first(self.times[within], values, half, duration) for values in (share, high, low)]
        return found[0], found[1], found[2]

    def median(self, level: float = LEVEL) -> tuple[float, float, float]:
        """By when it has happened to half of all, with bounds at ``level``; NaN for what is not reached."""
        share, low, high = self._bounds(level)
        found = [_first(self.times, values, 0.5, float("nan")) for values in (share, high, low)]
        return found[0], found[1], found[2]

    def _bounds(self, level: float) -> tuple[Floats, Floats, Floats]:
        inner = (self.variance > 0) & (self.share < 1)
        spread = np.where(inner, self.variance, 1.0)
        people = np.where(inner, self.share * (1 - self.share) / spread, self.at_risk)
        if people.size > 1 and not inner[-1]:
            people[-1] = people[-2]  # it has happened to all who were left, who tell as much as just before
        low, high = wilson_bounds(self.share * people, people, level)
        return self.share, low, high


def kaplan_meier(durations: npt.ArrayLike, happened: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Survival:
    """Estimate from how long each was observed (n,), and whether it then happened (n,) or was not known yet.

    Args:
        weights: how many people each row stands for (n,); None: one. Of equal durations it happens first.
    """
    length, event = floats(durations), np.asarray(happened, dtype=bool).reshape(-1)
    weight = np.ones(length.size) if weights is None else floats(weights)
    if not length.size == event.size == weight.size:
        raise ValueError(f"lengths differ: {length.size}, {event.size}, {weight.size}")
    points, place = np.unique(length, return_inverse=True)
    all_ = np.bincount(place, weight, points.size)
    events = np.bincount(place, weight * event, points.size)
    waiting = np.cumsum(all_[::-1])[::-1]
    some = events > 0
    risk, died = waiting[some], events[some]
    surviving = np.cumprod(1 - died / risk)
    left = risk - died
    terms = np.where(left > 0, died / (risk * np.where(left > 0, left, 1.0)), 0.0)
    variance = surviving**2 * np.cumsum(terms)
    parts = (points[some], 1 - surviving, variance, risk, points, waiting, np.cumsum(events) - events)
    return Survival(*(floats(part) for part in parts))


def _first(times: Floats, values: Floats, least: float, otherwise: float) -> float:
    reached = np.flatnonzero(values >= least - _SAME)
    return float(times[reached[0]]) if reached.size else otherwise
