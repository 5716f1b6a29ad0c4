"""What a repeat-buying model, fitted as of the instant itself, says about each person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from foretell.predict.features.crowd import Crowd, histories_of
from foretell.predict.features.plan import Feature, FeaturePlan, Floats
from foretell.predict.features.raw import Column, Raw


def repeat_buying(raw: Raw, plan: FeaturePlan, crowd: Crowd) -> list[Column]:
    """P(alive), expected purchases and P(no purchase) over each of the plan's horizons, of these what it keeps.

    By the crowd's model; NaN for people without an order, and for everybody where there is none.
    """
    if "repeat" not in plan.base:
        return []
    days, first, last = raw.count("order_days"), raw.number("first_day"), raw.number("last_day")
    buyers = np.flatnonzero(days > 0)
    model = crowd.buying
    described = [replace(feature, family="repeat") for feature in _features(plan)]
    if model is None or not buyers.size:
        return [(one, np.full(days.size, np.nan)) for one in described if plan.keeps(one.name)]
    histories = histories_of(days[buyers], first[buyers], last[buyers], crowd.today)
    values = [model.alive(histories)]
    for horizon in plan.horizons_days:
        units = model.units(horizon)
        values.append(model.expected_purchases(histories, units))
        values.append(model.no_purchase(histories, units))
    pairs = zip(described, values, strict=True)
    return [(one, _spread(answer, buyers, days.size)) for one, answer in pairs if plan.keeps(one.name)]


def of_horizon(names: Iterable[str], plan: FeaturePlan, days: float) -> tuple[str, ...]:
    """``names`` without the expectations over other horizons than the one of ``days``."""
    others = {
        name
        for horizon in plan.horizons_days
        if horizon != days
        for name in (f"expected_orders_{horizon:g}d", f"no_order_{horizon:g}d")
    }
    return tuple(name for name in names if name not in others)


def _features(plan: FeaturePlan) -> list[Feature]:
    found = [Feature("alive", "chance of still being a customer: {}", "share")]
    for horizon in plan.horizons_days:
        days = f"{horizon:g}"
        found.append(Feature(f"expected_orders_{days}d", f"orders to expect in {days} days: {{}}", "number"))
        words = f"chance of no order in {days} days from rhythm alone: {{}}"
        found.append(Feature(f"no_order_{days}d", words, "share"))
    return found


def _spread(values: Floats, rows: np.ndarray[tuple[int], np.dtype[np.intp]], n: int) -> Floats:
    """``values`` at ``rows`` of an array (n,) that is NaN elsewhere."""
    whole = np.full(n, np.nan)
    whole[rows] = values
    return whole
