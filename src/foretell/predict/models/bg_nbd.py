"""BG/NBD: Poisson buying at gamma rates; after each purchase a customer may leave, chance beta.

Fader, Hardie & Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, expit, gammaln, hyp2f1

from foretell.predict.models.histories import Histories
from foretell.predict.models.likelihood import Objective
from foretell.predict.models.repeat_buying import RepeatBuying, by_repeats
from foretell.stats import Floats

_NEAR = 1e-5
_ROUNDING = 1e-6


@dataclass(frozen=True)
class BgNbd(RepeatBuying):
    """Fitted BG/NBD: ``r``, ``alpha`` of the rates (alpha in units of time), ``a``, ``b`` of leaving."""

    kind: ClassVar[str] = "bg_nbd"
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")

    def alive(self, histories: Histories) -> Floats:
        """P(alive) (rows,): 1 without repeats, since one leaves only after a repeat purchase."""
        r, alpha, a, b = self.values
        result: Floats = expit(-_log_odds_gone(histories, r, alpha, a, b))
        return result

    def expected_purchases(self, histories: Histories, horizon: float) -> Floats:
        """Equation 10 of the paper (rows,), its 2F1 by Euler's transformation.

        The transformed series has no parameter that grows with the repeats but the lower one, so
        heavy buyers lose no digits.
        """
        r, alpha, a, b = self.values
        x = histories.repeats
        # a = 1 and a + b = 1 are removable: the mean of both sides is exact to 1e-9 there.
        pairs = [(a, b)]
        if abs(a - 1) < _NEAR:
            pairs = [(side, max(b, 10 * _NEAR)) for side in (a - 2 * _NEAR, a + 2 * _NEAR)]
        elif abs(a + b - 1) < _NEAR:
            pairs = [(a, side) for side in (b - 2 * _NEAR, b + 2 * _NEAR) if side > 0]
        parts = [_expected_alive(x, histories.age, horizon, r, alpha, *pair) for pair in pairs]
        value: Floats = np.mean(parts, axis=0)
        return np.maximum(value, 0.0) * self.alive(histories)

    def _log_density(self, histories: Histories) -> Floats:
        r, alpha, a, b = self.values
        x, T = histories.repeats, histories.age
        each = by_repeats(x)
        value = each(lambda k: gammaln(r + k) + gammaln(b + k) - gammaln(a + b + k))
        value = value + gammaln(a + b) - gammaln(r) - gammaln(b) + r * np.log(alpha)
        gone = np.logaddexp(0.0, _log_odds_gone(histories, r, alpha, a, b))
        result: Floats = value - (r + x) * np.log(alpha + T) + gone
        return result

    @classmethod
    def _objective(cls, histories: Histories) -> Objective:
        x, t, T, n = histories.repeats, histories.last, histories.age, histories.people
        each, total = by_repeats(x), float(n.sum())

        def objective(theta: Floats) -> tuple[float, Floats]:
            r, alpha, a, b = np.exp(theta).tolist()
            odds = _log_odds_gone(histories, r, alpha, a, b)
            gone, here = expit(odds), expit(-odds)
            log_age, log_last = np.log(alpha + T), np.log(alpha + t)
            value = each(lambda k: gammaln(r + k) + gammaln(b + k) - gammaln(a + b + k))
            value = value - (r + x) * log_age + np.logaddexp(0.0, odds)
            fixed = gammaln(a + b) - gammaln(r) - gammaln(b) + r * np.log(alpha)
            by_r = each(lambda k: digamma(r + k)) - here * log_age - gone * log_last
            by_alpha = -(r + x) * (here / (alpha + T) + gone / (alpha + t))
            by_ab = -each(lambda k: digamma(a + b + k))
            by_b = by_ab + each(lambda k: digamma(b + k)) - gone / np.where(x > 0, b + x - 1, 1.0)
            shared = digamma(a + b)
            gradient = np.array([n @ by_r, n @ by_alpha, n @ (by_ab + gone / a), n @ by_b])
            once = [np.log(alpha) - digamma(r), r / alpha, shared, shared - digamma(b)]
            slopes = (gradient + total * np.array(once)) * np.array([r, alpha, a, b])
            return float(n @ value + total * fixed), slopes

        return objective

    @classmethod
    def _starts(cls, rate: float, age: float) -> tuple[Sequence[Floats], Floats]:
        shapes = [(0.3, 0.8, 2.5), (1.0, 0.5, 5.0), (3.0, 2.0, 3.0)]
        starts = [np.log([r, r / rate / 2, a, b]) for r, a, b in shapes]
        return starts, np.log([1.0, age, 1.0, 1.0])


def _log_odds_gone(histories: Histories, r: float, alpha: float, a: float, b: float) -> Floats:
    """Log odds (rows,) of having left right after the last purchase; -inf without repeats."""
    x, t, T = histories.repeats, histories.last, histories.age
    ratio = np.log(a / np.where(x > 0, b + x - 1, 1.0)) + (r + x) * np.log((alpha + T) / (alpha + t))
    return np.where(x > 0, ratio, -np.inf)


def _expected_alive(x: Floats, T: Floats, horizon: float, r: float, alpha: float, a: float, b: float) -> Floats:
    """Expected purchases (rows,) of a customer who is still there.

    Euler's form overflows where a or b run away (hundreds and more), and comes out anyhow where both vanish beside
    an r of thousands: there the paper's form holds, and past that the limit of one leaving chance for all. Nobody is
    expected to buy more than who never leaves.
    """
    share = horizon / (alpha + T + horizon)
    kept = np.log1p(-share)
    scale, most = (a + b + x - 1) / (a - 1), (r + x) / (alpha + T) * horizon

    def lost(value: Floats) -> npt.NDArray[np.bool_]:
        return ~((value >= -_ROUNDING * most) & (value <= (1 + _ROUNDING) * most))

    with np.errstate(all="ignore"):
        value = scale * (1 - np.exp((a - 1) * kept) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, share))
        if (rest := lost(value)).any():
            papers = np.exp((r + x) * kept) * hyp2f1(r + x, b + x, a + b + x - 1, share)
            value[rest] = (scale * (1 - papers))[rest]
            rest = lost(value)
            leaving = (1 / scale if a > 1 else a / (a + b + x))[rest]
            value[rest] = -np.expm1(-(r + x[rest]) * np.log1p(leaving * horizon / (alpha + T[rest]))) / leaving
    result: Floats = np.clip(value, 0.0, most)
    return result
