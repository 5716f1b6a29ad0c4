"""A probability for each value of a property: one model over pairs, rows that conditions read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.condition import parse, references
from foretell.errors import ForetellError
from tests.support.prediction_shop import BOUGHT, CHURN, START, Happened, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
KINDS = np.array(["shoes", "books", "tea"])
FEW = [
    "pair:near",
    "pair:year",
    "pair:share",
    "pair:days_since",
    "pair:place",
    "orders_90d",
    "days_since_order",
    "alive",
]
PREDICTIONS: dict[str, dict[str, Any]] = {
    "buys": {**CHURN, "outcome": {"did": BOUGHT}, "per": "category", "features": FEW},
    "odd": {**CHURN, "outcome": {"did": BOUGHT}, "per": "colour"},
    "plain": CHURN,
}


def with_tastes(happened: Happened) -> Happened:
    """Everybody has a favourite that two thirds of their purchases are of."""
    random = np.random.default_rng(4)
    favourite = happened.people % 3
    own = random.random(happened.people.size) < 0.67
    chosen = np.where(own, favourite, random.integers(0, 3, happened.people.size))
    return replace(happened, category=np.where(happened.event == BOUGHT, KINDS[chosen], ""))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, with_tastes(buyers(500, 420, 3)))
    yield opened
    opened.engine.close()


@pytest.fixture(scope="module")
def told(shop: Shop) -> dict[str, Any]:
    return predict.train(*shop.places, "buys", as_of=T, now=shop.now).as_dict()


@pytest.fixture(scope="module")
def rows(shop: Shop, told: dict[str, Any]) -> Any:
    return predict.score(*shop.places, "buys", as_of=T, now=shop.now).rows


def test_a_report_says_how_each_value_did(told: dict[str, Any]) -> None:
    assert told["kind"] == "propensity"
    assert told["metrics"]["roc_auc"] > 0.75
    parts = told["horizons"]["60d"]["by_value"]
    assert sorted(part["value"] for part in parts) == sorted(KINDS)
    assert sum(part["n"] for part in parts) == told["calibration"]["test_n"]
    assert told["verdict"].startswith("One model for 3 values of category.")
    json.dumps(told, allow_nan=False)


def test_favourites_are_more_probable(rows: Any) -> None:
    for place, kind in enumerate(KINDS):
        mine = rows.filter(np.asarray(rows["prediction"].to_pylist()) == f"buys.{kind}")
        score, own = mine["score"].to_numpy(), mine["node_key"].to_numpy() % 3 == place
        assert score[own].mean() > 1.5 * score[~own].mean()


def test_the_best_value_stands_under_the_key_itself(rows: Any) -> None:
    names = np.asarray(rows["prediction"].to_pylist())
    best = rows.filter(names == "buys")
    each = np.stack([rows.filter(names == f"buys.{kind}")["score"].to_numpy() for kind in KINDS])
    assert best["score"].to_numpy() == pytest.approx(each.max(axis=0))
    first = [json.loads(text)[0] for text in best["reasons"].to_pylist()]
    chosen = {one["words"].removeprefix("most probable category: ") for one in first}
    assert chosen <= set(KINDS)
    assert len(chosen) == 3


def test_conditions_read_the_rows_of_one_value(shop: Shop, rows: Any) -> None:
    condition = parse({"prediction": "buys.tea", "gte": 0.3})
    assert references(condition).predictions == ("buys",)
    found = set(shop.reader.members(condition, as_of=T)["profile_key"].to_pylist())
    mine = rows.filter(np.asarray(rows["prediction"].to_pylist()) == "buys.tea")
    assert found == {row["node_key"] for row in mine.select(["node_key", "score"]).to_pylist() if row["score"] >= 0.3}
    assert 0 < len(found) < mine.num_rows
    listed = predict.scores(shop.engine, "buys.tea", as_of=T)
    assert listed.num_rows == mine.num_rows


def test_a_value_of_a_prediction_without_per_is_refused(shop: Shop) -> None:
    with pytest.raises(ForetellError) as refused:
        shop.reader.members(parse({"prediction": "plain.tea", "gte": 0.3}), as_of=T)
    assert refused.value.code == "NO_SUCH_VALUE"


def test_a_property_that_no_event_has_is_refused(shop: Shop) -> None:
    with pytest.raises(ForetellError) as refused:
        predict.train(*shop.places, "odd", as_of=T, now=shop.now)
    assert refused.value.code == "UNKNOWN_PROPERTY"
