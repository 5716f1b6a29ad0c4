"""Numeric outcomes end to end on a small shop, and the parts that they are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.errors import ForetellError
from foretell.predict.binary.rows import Rows
from foretell.predict.numeric.boosted import grow, least, scale_of, stopped_early
from foretell.predict.numeric.conformal import Conformal
from foretell.predict.numeric.judge import JudgedAmounts, errors
from tests.support.prediction_shop import BOUGHT, CHURN, START, VALUE, Happened, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
PREDICTIONS: dict[str, dict[str, Any]] = {
    "orders": {"value": {"did": BOUGHT}, "horizon": "60d", "population": CHURN["population"]},
    "large": {"value": {"did": BOUGHT, "sum": "revenue", "where": {"revenue": {"gt": 40}}}, "horizon": "60d"},
    "trees": {**VALUE, "model": "boosted"},
    "never": {"value": {"did": "Moon Landing"}, "horizon": "60d", "population": CHURN["population"]},
    "misnamed": {"value": {"did": BOUGHT}, "horizon": "60d", "features": ["horoscope"]},
}
AFTER = timedelta(days=60)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, buyers(500, 420, 3))
    yield opened
    opened.engine.close()


def train(shop: Shop, key: str, **other: Any) -> dict[str, Any]:
    return predict.train(*shop.places, key, **{"as_of": T, "now": shop.now, **other}).as_dict()


@pytest.fixture(scope="module")
def orders(shop: Shop) -> dict[str, Any]:
    return train(shop, "orders")


def test_a_report_has_errors_and_coverage_beside_the_last_window(orders: dict[str, Any]) -> None:
    assert orders["kind"] == "numeric"
    assert set(orders["metrics"]) == {"mae", "rmse", "correlation", "total_error", "coverage", "interval_width"}
    assert orders["metrics"]["rmse"] < orders["baseline"]["rmse"]
    assert orders["metrics"]["mae"] < orders["horizons"]["60d"]["constant"]["mae"]
    assert orders["horizons"]["60d"]["split"]["by"] == "time"
    assert "as in the last window" in orders["verdict"]
    json.dumps(orders, allow_nan=False)


def test_scores_are_amounts_within_their_intervals(shop: Shop, orders: dict[str, Any]) -> None:
    rows = predict.score(*shop.places, "orders", as_of=T, now=shop.now).rows
    score, low, high = (rows[name].to_numpy() for name in ("score", "low", "high"))
    assert (low >= 0).all()
    assert (low <= score).all()
    assert (score <= high).all()
    bought = shop.engine.analytics.query(
        "SELECT node_key, count(*) AS n FROM order_rows WHERE ts > $a AND ts <= $b GROUP BY node_key",
        {"a": T.replace(tzinfo=None), "b": (T + AFTER).replace(tzinfo=None)},
    )
    had = dict(zip(bought["node_key"].to_pylist(), bought["n"].to_pylist(), strict=True))
    actual = np.array([had.get(key, 0) for key in rows["node_key"].to_pylist()])
    assert np.corrcoef(score, actual)[0, 1] > 0.6
    assert json.loads(rows["reasons"][0].as_py())[0]["words"]
    assert predict.score(*shop.places, "orders", as_of=T, now=shop.now).rows == rows


def test_where_narrows_the_amount_and_money_is_in_major_units(shop: Shop) -> None:
    large, trees = train(shop, "large"), train(shop, "trees")
    mean = {name: part["calibration"]["mean_actual"] for name, part in (("large", large), ("trees", trees))}
    rows = shop.engine.analytics.query("SELECT amount_minor FROM order_rows")["amount_minor"].to_numpy() / 100
    share = rows[rows > 40].sum() / rows.sum()
    assert mean["large"] / mean["trees"] * 84 / 60 == pytest.approx(share, rel=0.3)
    assert trees["calibration"]["mean_expected"] == pytest.approx(mean["trees"], rel=0.35)


def test_equal_data_and_seed_give_the_same_model(shop: Shop, orders: dict[str, Any]) -> None:
    assert train(shop, "orders")["model"] == orders["model"]
    assert train(shop, "orders", seed=5)["model"] != orders["model"]


def test_what_comes_after_the_instant_changes_no_score(tmp_path: Any) -> None:
    told = []
    for name, change in (("a", 0), ("b", 1)):
        shop = open_shop(tmp_path / name, {"orders": PREDICTIONS["orders"]})
        happened = buyers(300, 420, 5)
        later = happened.ts > (T - START) / timedelta(microseconds=1) + START.timestamp() * 1e6
        moved = happened.micro * np.where(later & (change == 1), 3, 1)
        add(
            shop,
            Happened(happened.people, happened.ts, happened.event, moved).where(
                ~later | (change == 0) | (happened.people % 2 == 0)
            ),
        )
        predict.train(*shop.places, "orders", as_of=T, now=shop.now)
        rows = predict.score(*shop.places, "orders", as_of=T, now=shop.now).rows
        told.append(rows.drop_columns(["model"]))
        shop.engine.close()
    assert told[0] == told[1]


@pytest.mark.parametrize(("key", "code"), [("never", "ONE_CLASS"), ("misnamed", "UNKNOWN_FEATURE")])
def test_what_cannot_be_learnt_is_said(shop: Shop, key: str, code: str) -> None:
    with pytest.raises(ForetellError) as refused:
        train(shop, key)
    assert refused.value.code == code


def amounts(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 1) that are the mean, and amounts that are mostly nothing."""
    random = np.random.default_rng(seed)
    mean = random.gamma(0.6, 2.0, n)
    return mean, random.poisson(mean) * random.gamma(4.0, 5.0, n)


@pytest.mark.parametrize("negative", [False, True])
def test_intervals_hold_as_often_as_they_say(negative: bool) -> None:
    mean, y = amounts(20_000, 1)
    expected = mean * 20
    if negative:
        y = y - 15
        expected = expected - 15
    other = np.arange(y.size) % 2 == 0
    found = Conformal.of(expected[:10_000], y[:10_000], other[:10_000], -np.inf if negative else 0.0)
    assert found is not None
    low, high = found.around(expected[10_000:])
    inside = (y[10_000:] >= low) & (y[10_000:] <= high)
    assert inside.mean() == pytest.approx(0.9, abs=0.015)
    again = Conformal.from_dict(json.loads(json.dumps(found.as_dict())))
    assert np.array_equal(again.around(expected)[1], found.around(expected)[1])


def test_too_few_people_have_no_interval() -> None:
    mean, y = amounts(100, 2)
    assert Conformal.of(mean, y, np.arange(100) % 2 == 0, 0.0) is None
    tested = JudgedAmounts.of(np.arange(100), T, y, mean, None)
    assert np.isnan(tested.metrics["coverage"])


@pytest.mark.parametrize("objective", ["squared", "tweedie"])
def test_trees_learn_the_mean_whatever_the_unit(objective: str) -> None:
    mean, y = amounts(6_000, 3)
    rows = Rows(mean[:, None].astype(np.float32), y, np.arange(y.size), np.zeros(y.size, np.int64))
    said, rounds = stopped_early(rows.where(rows.people < 4_000), rows.where(rows.people >= 4_000), objective, 1)
    assert said.sum() == pytest.approx(y[4_000:].sum(), rel=0.08)
    trees = grow(rows, objective, rounds, 1).expected(rows.x)
    cents = grow(replace(rows, y=y * 100), objective, rounds, 1).expected(rows.x)
    assert cents == pytest.approx(trees * 100, rel=1e-3, abs=1e-2)
    assert np.corrcoef(trees, mean)[0, 1] > 0.9


def test_scales_and_errors_of_nothing_are_told() -> None:
    assert scale_of(np.zeros(3)) == 1.0
    assert least(np.array([-1.0, 2.0])) == -np.inf
    found = errors(np.ones(3), np.zeros(3))
    assert found["mae"] == 1.0
    assert np.isnan(found["total_error"])
    assert np.isnan(found["correlation"])
