"""Amounts, times and propensities on PostgreSQL and Spark are those of the embedded stores, to the model's id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from tests.support.pairs import open_pair
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=150)
ZONE = "Europe/Berlin"
SHORT = {"population": CHURN["population"], "horizon": "30d", "features": ["orders_90d", "days_since_order", "alive"]}
PREDICTIONS: dict[str, dict[str, Any]] = {
    "orders": {**SHORT, "value": {"did": BOUGHT, "where": {"category": {"is_not": "tea"}}}},
    "next": {**SHORT, "outcome": {"did": BOUGHT}, "form": "hazard"},
    "buys": {**SHORT, "outcome": {"did": BOUGHT}, "per": "category", "features": ["pair:near", "pair:place", "alive"]},
}
Shops = tuple[Shop, Shop]


@pytest.fixture(scope="module", params=["postgresql+spark"])
def shops(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("shops")
    happened = buyers(400, 300, 5)
    kinds = np.array(["tea", "shoes"])[np.random.default_rng(1).integers(0, 2, happened.ts.size)]
    told = replace(happened, category=np.where(happened.event == BOUGHT, kinds, ""))
    with open_pair(request.param) as pair:
        here = open_shop(folder / "here", PREDICTIONS, zone=ZONE)
        there = open_shop(folder / "there", PREDICTIONS, zone=ZONE, settings=pair.settings(folder / "there"))
        with here.engine, there.engine:
            for shop in (here, there):
                add(shop, told)
            yield here, there


@pytest.mark.parametrize("key", list(PREDICTIONS))
def test_the_same_model_and_the_same_scores(shops: Shops, key: str) -> None:
    made = [predict.train(*shop.places, key, as_of=T, now=shop.now) for shop in shops]
    assert made[0].model == made[1].model
    rows = [_ordered(predict.score(*shop.places, key, as_of=T, now=shop.now).rows) for shop in shops]
    assert rows[0].num_rows > 0
    assert rows[0].equals(rows[1])


def test_dates_and_groups_are_read_the_same(shops: Shops) -> None:
    person = shops[0].engine.analytics.query("SELECT min(node_key) AS n FROM event_date_rows")["n"][0].as_py()
    dates = [predict.expected_dates(shop.engine.analytics, person, as_of=T) for shop in shops]
    assert dates[0] == dates[1]
    assert dates[0]
    groups = [predict.value_by(*shop.places, "orders", as_of=T, by="cohort") for shop in shops]
    assert groups[0] == groups[1]
    assert len(groups[0].groups) > 2


def _ordered(rows: pa.Table) -> pa.Table:
    return rows.sort_by([("prediction", "ascending"), ("horizon", "ascending"), ("node_key", "ascending")])
