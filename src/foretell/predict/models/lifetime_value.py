"""Customer lifetime value: expected discounted purchases × expected spend × margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.predict.models.fitted import parameter_interval
from foretell.predict.models.gamma_gamma import GammaGamma
from foretell.predict.models.histories import Histories
from foretell.predict.models.repeat_buying import RepeatBuying
from foretell.stats import LEVEL, Floats


@dataclass(frozen=True)
class Value:
    """Lifetime value in major currency units with the bounds of its expectation; all arrays (rows,)."""

    value: Floats
    low: Floats
    high: Floats
    purchases: Floats
    spend: Floats


def lifetime_value(
    buying: RepeatBuying,
    spending: GammaGamma,
    histories: Histories,
    mean_spend: npt.ArrayLike,
    *,
    horizon: float,
    rate: float = 0.0,
    margin: float = 1.0,
    draws: int = 0,
    seed: int = 0,
    level: float = LEVEL,
) -> Value:
    """Value (rows,) of the purchases expected in the ``horizon`` after the end of observation.

    Args:
        mean_spend: average spend of each row's repeat purchases (rows,), NaN where none.
        horizon: in units of ``buying``.
        rate: discount for one such unit; ``purchases`` are discounted by it.
        margin: share of spend that is earned.
        draws: parameter draws behind ``low`` and ``high`` (about 40 do); 0 leaves them NaN.
    Returns: see :class:`Value`. Equal seeds give equal bounds.
    """

    def worth(buys: RepeatBuying, spends: GammaGamma) -> tuple[Floats, Floats]:
        purchases = buys.discounted_purchases(histories, horizon, rate)
        return purchases, spends.expected_spend(histories.repeats, mean_spend)

    purchases, spend = worth(buying, spending)
    pairs = zip(buying.draws(draws, seed), _proper(spending, draws, seed + 1), strict=False)
    drawn = (np.multiply(*worth(*pair)) * margin for pair in pairs)
    value = purchases * spend * margin
    low, high = parameter_interval(value, drawn, level)
    return Value(value, low, high, purchases, spend)


def _proper(spending: GammaGamma, draws: int, seed: int) -> list[GammaGamma]:
    """Draws that have a mean (q > 1)."""
    return [drawn for drawn in spending.draws(2 * draws, seed) if drawn.parameters["q"] > 1][:draws]
