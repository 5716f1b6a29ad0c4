"""Amounts and times on a simulated shop that stands still: intervals and curves hold on weeks that came after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.stats import proportion_interval
from tests.statistics.test_churn import steady
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, open_shop

T = START + timedelta(days=330)
POPULATION = CHURN["population"]
PREDICTIONS: dict[str, dict[str, Any]] = {
    "orders": {"value": {"did": BOUGHT}, "horizon": "60d", "population": POPULATION},
    "spend": {
        "value": {"did": BOUGHT, "sum": "revenue"},
        "model": "boosted",
        "horizon": "60d",
        "population": POPULATION,
    },
    "next": {"outcome": {"did": BOUGHT}, "form": "hazard", "horizons": ["14d", "60d"], "population": POPULATION},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, steady(2_500, 4))
    yield opened
    opened.engine.close()


def had(shop: Shop, people: list[int], what: str, days: int) -> np.ndarray:
    """Of each of ``people`` over so many days after T."""
    rows = shop.engine.analytics.query(
        f"SELECT node_key, {what} AS n FROM order_rows WHERE ts > $a AND ts <= $b GROUP BY node_key",
        {"a": _naive(T), "b": _naive(T + timedelta(days=days))},
    )
    found = dict(zip(rows["node_key"].to_pylist(), rows["n"].to_pylist(), strict=True))
    return np.array([float(found.get(key, 0)) for key in people])


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


@pytest.mark.parametrize(("key", "what"), [("orders", "count(*)"), ("spend", "sum(amount_minor) / 100.0")])
def test_intervals_hold_nine_of_ten_amounts_that_came_after(shop: Shop, key: str, what: str) -> None:
    told = predict.train(*shop.places, key, as_of=T, now=shop.now)
    assert 0.86 <= told.metrics["coverage"] <= 0.94
    assert told.metrics["rmse"] < told.baseline["rmse"]
    rows = predict.score(*shop.places, key, as_of=T, now=shop.now).rows
    actual = had(shop, rows["node_key"].to_pylist(), what, 60)
    score, low, high = (rows[name].to_numpy() for name in ("score", "low", "high"))
    assert 0.86 <= ((actual >= low - 1e-9) & (actual <= high + 1e-9)).mean() <= 0.94
    assert abs(score.sum() / actual.sum() - 1) < 0.1


def test_curves_are_right_at_both_horizons(shop: Shop) -> None:
    told = predict.train(*shop.places, "next", as_of=T, now=shop.now)
    curve = told.horizons["60d"]["curve"]
    assert curve["integrated_brier"] < 0.6 * curve["baseline"]
    assert 0.72 <= curve["interval_held"] <= 0.95
    rows = predict.score(*shop.places, "next", as_of=T, now=shop.now).rows
    for horizon, days in (("14d", 14), ("60d", 60)):
        mine = rows.filter(np.asarray(rows["horizon"].to_pylist()) == horizon)
        came = had(shop, mine["node_key"].to_pylist(), "count(*)", days) > 0
        score = mine["score"].to_numpy()
        for low, high in ((0.0, 0.1), (0.1, 0.6), (0.6, 1.01)):
            chosen = (score >= low) & (score < high)
            found = proportion_interval(float(came[chosen].sum()), float(chosen.sum()), 0.999)
            assert found.low - 0.02 <= score[chosen].mean() <= found.high + 0.02, (horizon, low)
