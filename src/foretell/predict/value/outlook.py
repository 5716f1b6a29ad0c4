"""What people will spend: the expectation, and the range in which their actual spending will fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foretell.predict.models import BgNbd, GammaGamma, Histories, RepeatBuying
from foretell.predict.value.purchases import Purchases
from foretell.stats import LEVEL, Floats

DRAWS = 200
_CHUNK = 10_000


@dataclass(frozen=True)
class Outlook:
    """Expected spending over a horizon; all arrays (n,), money in major units.

    Args:
        value: expected (discounted) spend.
        low, high: 90 % of people spend, undiscounted, between these; drawn in to contain ``value``.
        purchases: expected days with a purchase, discounted like ``value``.
        alive: P(still a customer).
        spend: expected spend on such a day.
    """

    value: Floats
    low: Floats
    high: Floats
    purchases: Floats
    alive: Floats
    spend: Floats


@dataclass(frozen=True)
class ValueModel:
    """How often people buy and how much they spend.

    Args:
        spending: None where average spend cannot be modelled; then ``usual_spend`` stands for all.
        usual_spend: mean spend of a purchase day over everybody, major units.
        rate: discount for one model unit.
    """

    buying: RepeatBuying
    spending: GammaGamma | None
    usual_spend: float
    rate: float = 0.0

    def outlook(self, purchases: Purchases, horizon_days: float, seed: int) -> Outlook:
        """The outlook of people with these purchases over the ``horizon_days`` after the last observed day."""
        histories = purchases.histories
        horizon = self.buying.units(horizon_days)
        expected = self.buying.discounted_purchases(histories, horizon, self.rate)
        spend = self._spend(purchases)
        alive = self.buying.alive(histories)
        low, high = self._range(purchases, alive, horizon, seed)
        value = expected * spend
        return Outlook(value, np.minimum(low, value), np.maximum(high, value), expected, alive, spend)

    def _spend(self, purchases: Purchases) -> Floats:
        if self.spending is None:
            return np.full(len(purchases.histories), self.usual_spend)
        return self.spending.expected_spend(purchases.histories.repeats, purchases.mean_spend)

    def _range(self, purchases: Purchases, alive: Floats, horizon: float, seed: int) -> tuple[Floats, Floats]:
        """Quantiles of simulated spending, a chunk of people at a time."""
        random = np.random.default_rng(seed)
        low, high = np.zeros(alive.size), np.zeros(alive.size)
        for start in range(0, alive.size, _CHUNK):
            part = slice(start, start + _CHUNK)
            histories = _part(purchases.histories, part)
            bought = purchases_drawn(self.buying, histories, alive[part], horizon, random)
            spent = self._spent(bought, histories.repeats, purchases.mean_spend[part], random)
            low[part], high[part] = np.quantile(spent, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1)
        return low, high

    def _spent(self, bought: Floats, repeats: Floats, mean_spend: Floats, random: np.random.Generator) -> Floats:
        """Money spent (n, draws) at ``bought`` purchases: gamma(p) each, its rate from the posterior."""
        if self.spending is None:
            return bought * self.usual_spend
        p, q, v = self.spending.values
        known = (repeats > 0) & np.isfinite(mean_spend) & (np.nan_to_num(mean_spend) > 0)
        x, z = np.where(known, repeats, 0.0), np.where(known, mean_spend, 0.0)
        rate = random.gamma((q + p * x)[:, None], 1 / (v + x * z)[:, None], bought.shape)
        spent: Floats = random.gamma(p * bought) / np.maximum(rate, 1e-300)
        return spent


def purchases_drawn(
    buying: RepeatBuying, histories: Histories, alive: Floats, horizon: float, random: np.random.Generator
) -> Floats:
    """Simulated purchases (n, draws) in the horizon, from the posterior of each person.

    Who is still there buys at a rate from gamma(r + x, alpha + T). BG/NBD: leaving has chance
    beta(a, b + x) after each purchase. Pareto/NBD: leaving has rate gamma(s, beta + T).
    """
    x, age = histories.repeats[:, None], histories.age[:, None]
    shape = (len(histories), DRAWS)
    r, alpha, third, fourth = buying.values
    here = random.random(shape) < alive[:, None]
    rate = random.gamma(r + x, 1.0, shape) / (alpha + age)
    if isinstance(buying, BgNbd):
        leaving = np.maximum(random.beta(third, fourth + x, shape), 1e-9)
        bought = np.minimum(random.poisson(rate * horizon), random.geometric(leaving))
    else:
        leaving = np.maximum(random.gamma(third, 1.0, shape) / (fourth + age), 1e-300)
        stays = np.minimum(random.exponential(1.0, shape) / leaving, horizon)
        bought = random.poisson(rate * stays)
    return np.where(here, bought, 0).astype(np.float64)


def _part(histories: Histories, part: slice) -> Histories:
    return Histories(histories.repeats[part], histories.last[part], histories.age[part], histories.people[part])
