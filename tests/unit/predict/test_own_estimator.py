"""A prediction learnt by what its document names: the workspace's own code, or the regression; and whom it excludes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.errors import ForetellError
from foretell.predict.estimators import estimators
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=240)
FREQUENT = {"did": BOUGHT, "within": "90d", "times": {"gte": 3}}
PREDICTIONS: dict[str, dict[str, Any]] = {
    "own": {**CHURN, "estimator": "mine"},
    "nobodys": {**CHURN, "estimator": "yours"},
    "line": {**CHURN, "estimator": "logistic"},
    "some": {**CHURN, "exclude": FREQUENT, "estimator": "logistic"},
    "nobody": {**CHURN, "exclude": {"did": BOUGHT}},
    "all": {**CHURN, "estimator": "logistic"},
}
MINE = '''
import json

import numpy as np


class Estimator:
    """The rate of either side of the first feature's median."""

    def __init__(self, found=None):
        self.found = found

    def fit(self, x, y):
        middle = float(np.nanmedian(x[:, 0]))
        above = x[:, 0] > middle
        self.found = [middle, float(y[~above].mean()), float(y[above].mean())]

    def predict_proba(self, x):
        middle, low, high = self.found
        return np.where(x[:, 0] > middle, high, low)

    def to_bytes(self):
        return json.dumps(self.found).encode()

    @classmethod
    def from_bytes(cls, data):
        return cls(json.loads(data))
'''


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    (opened.catalog.root / "models").mkdir(exist_ok=True)
    (opened.catalog.root / "models" / "mine.py").write_text(MINE)
    add(opened, buyers(300, 300, 3))
    yield opened
    opened.engine.close()


def train(shop: Shop, key: str) -> dict[str, Any]:
    return predict.train(*shop.places, key, as_of=T, now=shop.now).as_dict()


def folder(shop: Shop, key: str, model: str) -> Path:
    return shop.engine.data / "models" / key / model


def test_own_code_learns_is_kept_and_scores(shop: Shop) -> None:
    report = train(shop, "own")
    part = report["horizons"]["60d"]
    assert part["estimator"] == "mine"
    assert predict.runs(shop.engine.ops, "own")[0]["split"]["60d"]["estimator"] == "mine"
    place = folder(shop, "own", report["model"])
    assert sorted(path.name for path in place.iterdir()) == ["60d.own", "card.json", "card.md"]
    before = (place / "60d.own").read_bytes()
    assert train(shop, "own") == report
    assert (place / "60d.own").read_bytes() == before
    scored = predict.score(*shop.places, "own", as_of=T, now=shop.now)
    assert len(np.unique(scored.rows["score"].to_numpy())) == 2
    assert "effect" in scored.rows["reasons"][0].as_py()


def test_other_code_is_another_model_and_does_not_score_for_the_old_one(shop: Shop) -> None:
    file = shop.catalog.root / "models" / "mine.py"
    first = train(shop, "own")["model"]
    card = folder(shop, "own", first) / "card.json"
    file.write_text(MINE + "\n# changed\n")
    card.touch()
    with pytest.raises(ForetellError) as refused:
        predict.score(*shop.places, "own", as_of=T, now=shop.now)
    assert refused.value.code == "ESTIMATOR_CHANGED"
    assert train(shop, "own")["model"] != first
    file.write_text(MINE)


def test_the_regression_can_be_chosen(shop: Shop) -> None:
    report = train(shop, "line")
    part = report["horizons"]["60d"]
    assert part["estimator"] == "logistic"
    assert part["tuning"]["chosen"]["name"] in [one.name for one in estimators()["logistic"].settings]
    assert (folder(shop, "line", report["model"]) / "60d.json").exists()
    scored = predict.score(*shop.places, "line", as_of=T, now=shop.now)
    assert 0 < scored.rows["score"].to_numpy().min() < scored.rows["score"].to_numpy().max() < 1


def test_whom_a_prediction_excludes_is_neither_learnt_from_nor_scored(shop: Shop) -> None:
    whole, some = train(shop, "all"), train(shop, "some")
    assert some["n"] < whole["n"]
    scored, everybody = (predict.score(*shop.places, key, as_of=T, now=shop.now) for key in ("some", "all"))
    assert 0 < scored.people < everybody.people


@pytest.mark.parametrize(("key", "code"), [("nobodys", "ESTIMATOR_MISSING"), ("nobody", "NOBODY")])
def test_nobody_and_no_code_are_refused_before_a_run_begins(shop: Shop, key: str, code: str) -> None:
    with pytest.raises(ForetellError) as refused:
        train(shop, key)
    assert refused.value.code == code
    assert predict.runs(shop.engine.ops, key) == []
