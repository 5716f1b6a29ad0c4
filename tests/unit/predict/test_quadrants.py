"""Short against long risk: thresholds, groups, money, and conditions that say the same people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import micros, naive_utc
from foretell.condition import parse
from foretell.definitions import Positions, WorkspaceSettings, catalog_of
from foretell.errors import ForetellError
from tests.support.prediction_shop import BOUGHT, CHURN, DAY_US, START, VALUE, Happened, Shop, add, open_shop

T = START + timedelta(days=100)
MULTI = {"outcome": {"did_not": BOUGHT}, "horizons": ["30d", "90d", "180d"], "population": CHURN["population"]}
WRITTEN = {**MULTI, "quadrant": {"short": {"horizon": "90d", "gte": 0.5}, "long": {"horizon": "180d", "gte": 0.4}}}
SHORT = np.array([0.95, 0.95, 0.70, 0.70, 0.80])
LONG = np.array([0.60, 0.20, 0.60, 0.20, 0.40])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Five people with scores of three predictions, of whom two have a model with base rates."""
    opened = open_shop(
        tmp_path_factory.mktemp("shop"), {"multi": MULTI, "written": WRITTEN, "clv": VALUE, "one": CHURN, "no": MULTI}
    )
    people = np.arange(1, 6)
    bought = np.full(5, micros(START) + DAY_US)
    add(opened, Happened(people, bought, np.array([BOUGHT] * 5), np.full(5, 1_000_000)))
    store(opened, "multi", "30d", SHORT)
    store(opened, "multi", "90d", SHORT)
    store(opened, "multi", "180d", LONG)
    store(opened, "written", "90d", SHORT)
    store(opened, "written", "180d", LONG)
    store(opened, "clv", "12w", np.array([10.0, 20.0, 30.0, 40.0, 50.0]))
    base = {horizon: {"calibration": {"base_rate_test": rate}} for horizon, rate in (("30d", 0.79999), ("180d", 0.4))}
    with opened.engine.ops.write() as tx:
        tx.execute(
            "INSERT INTO models (model, prediction, trained_as_of, run, report) VALUES ('m', 'multi', ?, 1, ?)",
            (micros(T), json.dumps({"horizons": base})),
        )
    yield opened
    opened.engine.close()


def store(shop: Shop, key: str, horizon: str, scores: Any, at: Any = T, people: Any = None) -> None:
    n = len(scores)
    keys = np.arange(1, n + 1) if people is None else people
    rows = pa.table(
        {
            "prediction": [key] * n, "horizon": [horizon] * n, "node_key": keys,
            "as_of": pa.array([naive_utc(at)] * n, pa.timestamp("us")), "score": scores, "low": scores, "high": scores,
            "model": ["m"] * n, "reasons": ["[]"] * n,
        }
    )  # fmt: skip
    shop.engine.publish("predict", {"score_rows": rows}, now=shop.now)


def test_each_horizon_is_held_against_its_own_base_rate(shop: Shop) -> None:
    found = predict.quadrant(shop.engine, shop.catalog, "multi", as_of=T)
    assert (found.short.horizon, found.short.gte, found.short.by) == ("30d", 0.8, "base rate")
    assert (found.long.horizon, found.long.gte, found.long.by) == ("180d", 0.4, "base rate")
    people = {one.name: one.people for one in found.cells}
    assert people == {"act_now": 2, "noisy": 1, "slow_drift": 1, "healthy": 1}
    assert sum(one.share for one in found.cells) == pytest.approx(1)
    assert {one.name: one.money for one in found.cells} == {
        "act_now": 60, "noisy": 20, "slow_drift": 30, "healthy": 40,
    }  # fmt: skip
    assert found.value == "clv"
    assert found.people == 5
    assert found.points.num_rows == 5
    act = next(one for one in found.cells if one.name == "act_now")
    assert act.short == pytest.approx(0.875)
    assert act.long == pytest.approx(0.5)


def test_the_document_decides_where_it_says_so(shop: Shop) -> None:
    found = predict.quadrant(shop.engine, shop.catalog, "written", as_of=T)
    assert (found.short.horizon, found.short.gte, found.short.by) == ("90d", 0.5, "document")
    assert {one.name: one.people for one in found.cells} == {"act_now": 3, "noisy": 2, "slow_drift": 0, "healthy": 0}


def test_without_a_model_the_mean_of_the_scores_is_the_threshold(shop: Shop) -> None:
    store(shop, "no", "30d", SHORT)
    store(shop, "no", "180d", LONG)
    found = predict.quadrant(shop.engine, shop.catalog, "no", as_of=T)
    assert (found.short.by, found.short.gte) == ("mean", 0.82)


@pytest.mark.parametrize("key", ["multi", "written"])
def test_the_condition_of_a_group_says_its_people(shop: Shop, key: str) -> None:
    # Somebody who left the population long ago still has a stored score over both horizons.
    for horizon in ("30d", "90d", "180d"):
        store(shop, key, horizon, np.array([0.99]), at=T - timedelta(days=5), people=np.array([77]))
    for cell in predict.quadrant(shop.engine, shop.catalog, key, as_of=T).cells:
        said = shop.reader.members(parse(cell.condition), as_of=T)["profile_key"].to_pylist()
        found = predict.quadrant_people(shop.engine, shop.catalog, key, as_of=T, cell=cell.name)
        assert sorted(said) == sorted(found["profile_key"].to_pylist()), cell.name


def test_people_come_with_the_most_money_first(shop: Shop) -> None:
    found = predict.quadrant_people(shop.engine, shop.catalog, "multi", as_of=T, cell="act_now")
    assert found["profile_id"].to_pylist() == ["p_5", "p_1"]
    with pytest.raises(ForetellError, match="no group called"):
        predict.quadrant_people(shop.engine, shop.catalog, "multi", as_of=T, cell="doomed")


def test_those_above_a_cut_off_can_be_said(shop: Shop) -> None:
    spec = predict.spec_of(shop.catalog, "multi")
    said = predict.scored_condition(spec, "multi", horizon="180d", gte=0.6)
    assert sorted(shop.reader.members(parse(said), as_of=T)["profile_key"].to_pylist()) == [1, 3]


@pytest.mark.parametrize("key", ["one", "clv"])
def test_one_horizon_has_no_quadrant(shop: Shop, key: str) -> None:
    with pytest.raises(ForetellError) as told:
        predict.quadrant(shop.engine, shop.catalog, key, as_of=T)
    assert told.value.code == "NO_QUADRANT"


@pytest.mark.parametrize(
    ("quadrant", "said"),
    [
        ({"short": {"horizon": "180d"}, "long": {"horizon": "30d"}}, "short horizon is shorter"),
        ({"short": {"horizon": "7d"}, "long": {"horizon": "30d"}}, "among the prediction's"),
        ({"short": {"horizon": "30d", "gte": 3}, "long": {"horizon": "90d"}}, "less than or equal to 1"),
    ],
)
def test_a_quadrant_that_cannot_be_is_refused(tmp_path: Path, quadrant: dict[str, Any], said: str) -> None:
    raw = {"kind": "prediction", "key": "p", "spec": {**MULTI, "quadrant": quadrant}}
    _, problems = catalog_of(
        [(raw, Positions("p.yaml"))], [predict.KIND], root=tmp_path, settings=WorkspaceSettings(currency="EUR")
    )
    assert said in problems[0].message
