"""Training a value prediction: the buying model is chosen on an inner hold-out, then fitted on everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.errors import ForetellError
from foretell.predict.models import BgNbd, GammaGamma, ParetoNbd, RepeatBuying, frequency_spend_correlation
from foretell.predict.population import Population
from foretell.predict.value.outlook import Outlook, ValueModel
from foretell.predict.value.purchases import PurchaseLog, Purchases
from foretell.stats import Floats

MODELS: Mapping[str, type[RepeatBuying]] = {"bg_nbd": BgNbd, "pareto_nbd": ParetoNbd}
_LEAST_HOLDOUT_UNITS = 2.0


@dataclass(frozen=True)
class ValueTask:
    """What is to be trained.

    Args:
        model: the buying model that is asked for; None: the better one.
        unit: model unit, as written.
        rate: discount for one unit.
        first: when the history begins.
    """

    thing: str
    model: str | None
    unit: str
    unit_days: float
    horizon_days: float
    rate: float
    currency: str
    first: datetime
    seed: int


@dataclass(frozen=True)
class TrainedValue:
    """A fitted model and what the inner hold-out said of its kind.

    Args:
        trials: buying model → metrics on the hold-out; empty where history is too short for one.
        holdout: plain values about the hold-out.
    """

    model: ValueModel
    purchases: Purchases
    trials: Mapping[str, Mapping[str, float]]
    holdout: Mapping[str, Any]
    independence: float
    digest: str


def train_value(log: PurchaseLog, population: Population, task: ValueTask, as_of: datetime) -> TrainedValue:
    """Fit on all purchases known at ``as_of``; raises where there are no repeat buyers."""
    purchases = log.until(population.somebody(as_of, task.thing), as_of)
    trials, holdout = _trials(log, population, task, as_of)
    orders = {name: metrics["orders_mae"] for name, metrics in trials.items()}
    chosen = task.model or (min(sorted(orders), key=lambda name: orders[name]) if orders else "bg_nbd")
    model = fitted(MODELS[chosen], purchases, task)
    independence = _independence(purchases)
    return TrainedValue(model, purchases, trials, holdout, independence, _digest(purchases))


def fitted(kind: type[RepeatBuying], purchases: Purchases, task: ValueTask) -> ValueModel:
    """One buying model with the spending model beside it, on these purchases."""
    try:
        buying = kind.fit(purchases.histories, task.unit)
    except ForetellError as error:
        error.thing = task.thing
        raise
    try:
        spending = GammaGamma.fit(purchases.histories.repeats, purchases.mean_spend, task.currency)
    except ForetellError:
        spending = None
    usual = float(purchases.total.sum() / max(purchases.days.sum(), 1.0))
    return ValueModel(buying, spending, usual, task.rate)


def holdout_metrics(outlook: Outlook, expected: Floats, days: Floats, spent: Floats) -> dict[str, float]:
    """Errors against what people did; ``expected`` purchases (n,) against ``days`` with a purchase.

    ``mae`` and ``total_error`` (share of the actual total) in money, ``orders_…`` in purchase days;
    ``coverage`` is the share of people whose spending fell between ``low`` and ``high``.
    """
    inside = (spent >= outlook.low) & (spent <= outlook.high)
    return {
        "mae": float(np.abs(outlook.value - spent).mean()),
        "correlation": _correlation(outlook.value, spent),
        "total_error": _total_error(outlook.value, spent),
        "orders_mae": float(np.abs(expected - days).mean()),
        "orders_correlation": _correlation(expected, days),
        "orders_total_error": _total_error(expected, days),
        "coverage": float(inside.mean()),
    }


def _trials(
    log: PurchaseLog, population: Population, task: ValueTask, as_of: datetime
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Each candidate fitted as of the middle of the history (or a horizon ago) and judged on the rest."""
    span = (as_of - task.first) / timedelta(days=1)
    length = float(int(min(task.horizon_days, span / 2)))
    cut = as_of - timedelta(days=length)
    holdout: dict[str, Any] = {"from": cut.isoformat(), "until": as_of.isoformat(), "days": length}
    members = population.population(cut) if length >= _LEAST_HOLDOUT_UNITS * task.unit_days else pa.table({})
    if not members.num_rows:
        return {}, {}
    known = log.until(members, cut)
    days, spent = log.between(known.people, cut, as_of)
    found = {}
    for name in [task.model] if task.model else sorted(MODELS):
        try:
            model = fitted(MODELS[name], known, task)
        except ForetellError:
            continue
        plain = ValueModel(model.buying, model.spending, model.usual_spend)
        outlook = plain.outlook(known, length, task.seed)
        found[name] = holdout_metrics(outlook, outlook.purchases, days, spent)
    return found, {**holdout, "people": int(known.people.size)} if found else {}


def _independence(purchases: Purchases) -> float:
    """Correlation of how often and how much; the spending model takes it as none. NaN where undefined."""
    try:
        return frequency_spend_correlation(purchases.histories.repeats, purchases.mean_spend)
    except ForetellError:
        return float("nan")


def _correlation(a: Floats, b: Floats) -> float:
    da, db = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((da @ da) * (db @ db)))
    return float(da @ db) / norm if norm > 0 else float("nan")


def _total_error(predicted: Floats, actual: Floats) -> float:
    total = float(actual.sum())
    return float(predicted.sum()) / total - 1 if total > 0 else float("nan")


def _digest(purchases: Purchases) -> str:
    """Hash of everything that was learnt from."""
    found = hashlib.blake2b(digest_size=16)
    histories = purchases.histories
    for array in (purchases.people, histories.repeats, histories.last, histories.age, purchases.mean_spend):
        found.update(array.tobytes())
    return found.hexdigest()
