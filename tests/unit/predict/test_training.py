"""Training end to end on a small shop: reports, records, determinism, and every refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.clock import micros
from foretell.errors import ForetellError
from tests.support.prediction_shop import BOUGHT, CHURN, DAY_US, START, VALUE, Happened, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
POPULATION = CHURN["population"]
PREDICTIONS: dict[str, dict[str, Any]] = {
    "churn": CHURN,
    "multi": {"outcome": {"did_not": BOUGHT}, "horizons": ["60d", "30d"], "population": POPULATION},
    "clv": VALUE,
    "pareto": {**VALUE, "model": "pareto_nbd", "discount_rate": 0.1},
    "never": {**CHURN, "outcome": {"did": "Moon Landing"}},
    "always": {**CHURN, "outcome": {"did_not": "Moon Landing"}},
    "nobody": {**CHURN, "population": {"did": "Moon Landing"}},
    "far": {**CHURN, "horizon": "290d"},
    "rare": {**CHURN, "outcome": {"did": BOUGHT, "sum": "revenue", "gte": 400}},
    "misnamed": {**CHURN, "features": ["orders_30d", "horoscope"]},
    "few": {**CHURN, "features": ["orders_30d", "days_since_order"]},
    "loss": {"value": {"did": BOUGHT, "sum": "cost"}, "horizon": "12w"},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, buyers(400, 420, 1))
    yield opened
    opened.engine.close()


def train(shop: Shop, key: str, **other: Any) -> dict[str, Any]:
    return predict.train(*shop.places, key, **{"as_of": T, "now": shop.now, **other}).as_dict()


@pytest.fixture(scope="module")
def churn(shop: Shop) -> dict[str, Any]:
    """The report of a training as most tests ask for it."""
    return train(shop, "churn")


def test_a_report_has_what_the_contract_names(churn: dict[str, Any]) -> None:
    found = churn
    assert set(found["metrics"]) == {"roc_auc", "pr_auc", "log_loss", "brier", "ece"}
    assert set(found["baseline"]) == set(found["metrics"])
    assert found["metrics"]["roc_auc"] > 0.75
    assert 0 < found["positives"] < found["n"]
    assert found["trained_as_of"] == T.isoformat()
    calibration = found["calibration"]
    assert {"base_rate_train", "base_rate_test", "base_rate_shift_low", "at_70_percent", "bins", "gate"} <= set(
        calibration
    )
    assert found["verdict"].startswith("Ranking is ")
    json.dumps(found, allow_nan=False)


def test_the_test_window_was_complete_and_is_not_learnt_from(churn: dict[str, Any]) -> None:
    split = churn["horizons"]["60d"]["split"]
    assert split["test"] == (T - timedelta(days=60)).isoformat()
    assert max(split["fit"]) <= (T - timedelta(days=120)).isoformat()
    assert split["by"] == "time"


def test_several_horizons_give_metrics_by_horizon(shop: Shop) -> None:
    found = train(shop, "multi")
    assert list(found["metrics"]) == list(found["baseline"]) == ["30d", "60d"]
    assert found["horizons"]["30d"]["n"] == found["n"]
    names = found["horizons"]["30d"]["features"]
    assert "no_order_30d" in names
    assert "no_order_60d" not in names


def test_equal_seeds_give_equal_models_and_files(shop: Shop) -> None:
    def files() -> dict[str, bytes]:
        folder = shop.engine.data / "models" / "churn" / first["model"]
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}

    first = train(shop, "churn", seed=7)
    before = files()
    assert train(shop, "churn", seed=7) == first
    assert files() == before
    assert sorted(before) == ["60d.ubj", "card.json", "card.md"]
    assert train(shop, "churn", seed=8)["model"] != first["model"]
    assert train(shop, "churn", seed=7, as_of=T + timedelta(days=1))["model"] != first["model"]


def test_what_happens_after_the_instant_changes_nothing(tmp_path: Path, churn: dict[str, Any]) -> None:
    whole = buyers(400, 420, 1)
    other = open_shop(tmp_path, PREDICTIONS)
    add(other, whole.where(whole.ts <= micros(T)))
    alone = train(other, "churn")
    late = replace(whole, micro=whole.micro * 5, known_at=np.full(whole.ts.size, micros(T) + 1))
    add(other, late, 5_000_000)
    assert train(other, "churn") == alone
    assert alone["model"] == churn["model"]
    other.engine.close()


def test_runs_are_kept_with_the_split_fixed_before_fitting(shop: Shop) -> None:
    with pytest.raises(ForetellError):
        train(shop, "rare")
    failed = predict.runs(shop.engine.ops, "rare")[0]
    assert failed["state"] == "failed"
    assert failed["report"]["code"] == "TOO_FEW_OUTCOMES"
    assert failed["split"]["60d"]["test"] == (T - timedelta(days=60)).isoformat()
    found = train(shop, "few")
    kept = predict.runs(shop.engine.ops, "few")[0]
    assert (kept["state"], kept["model"], kept["report"]) == ("done", found["model"], found)
    assert predict.report(shop.engine, "few", as_of=T) == found
    assert found["horizons"]["60d"]["features"] == ["orders_30d", "days_since_order"], "a list of features is kept to"


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ("never", "ONE_CLASS", "over 60d nobody had the outcome in the training windows"),
        ("always", "ONE_CLASS", "over 60d everybody had the outcome in the training windows"),
        ("nobody", "NOBODY", "the population has nobody as of 2024-10-27 00:00 UTC"),
        ("far", "TOO_LITTLE_HISTORY", "hold no complete window of 290d"),
        ("rare", "TOO_FEW_OUTCOMES", "20 of each are needed"),
        ("misnamed", "UNKNOWN_FEATURE", "there is no feature called 'horoscope'"),
        ("loss", "UNKNOWN_PROPERTY", "'cost' is no number that 'Order Completed' has"),
        ("missing", "UNKNOWN_DEFINITION", "there is no prediction called 'missing'"),
    ],
)
def test_what_cannot_be_learnt_is_refused_plainly(shop: Shop, key: str, code: str, words: str) -> None:
    with pytest.raises(ForetellError) as refused:
        train(shop, key)
    assert refused.value.code == code
    assert words in refused.value.what
    assert refused.value.next_step


def test_a_clock_at_the_first_event_is_refused(shop: Shop) -> None:
    first = START + timedelta(microseconds=int(buyers(400, 420, 1).ts.min()) - micros(START))
    for instant in (first, START - timedelta(days=1)):
        with pytest.raises(ForetellError) as refused:
            train(shop, "churn", as_of=instant)
        assert refused.value.code == "NO_HISTORY"


def test_constant_features_are_refused(tmp_path: Path) -> None:
    opened = open_shop(tmp_path, {"churn": {**CHURN, "features": ["cancelled"]}})
    add(opened, buyers(200, 420, 1))
    with pytest.raises(ForetellError) as refused:
        train(opened, "churn")
    assert refused.value.code == "NOTHING_VARIES"
    opened.engine.close()


def test_value_reports_parameters_likelihood_and_holdout(shop: Shop) -> None:
    found = train(shop, "clv")
    assert found["kind"] in ("bg_nbd", "pareto_nbd")
    assert {"p", "q", "v", "r", "alpha"} <= set(found["params"])
    assert found["log_likelihood"] < 0
    candidates = found["horizons"]["candidates"]
    assert set(candidates) == {"bg_nbd", "pareto_nbd"}
    assert candidates[found["kind"]]["orders_mae"] == min(one["orders_mae"] for one in candidates.values())
    assert 0.8 < found["metrics"]["coverage"] <= 1
    assert found["verdict"].startswith("The score is the expected spend in EUR over 84 days.")


def test_a_named_model_is_used_and_discounted(shop: Shop) -> None:
    found = train(shop, "pareto")
    assert (found["kind"], list(found["horizons"]["candidates"])) == ("pareto_nbd", ["pareto_nbd"])
    assert "expected discounted spend" in found["verdict"]


def test_nobody_who_bought_twice_is_refused(tmp_path: Path) -> None:
    opened = open_shop(tmp_path, {"clv": VALUE})
    ts = micros(START) + np.arange(40) * DAY_US
    add(opened, Happened(np.arange(1, 41), ts, np.full(40, BOUGHT, object), np.full(40, 5_000_000)))
    with pytest.raises(ForetellError) as refused:
        train(opened, "clv")
    assert refused.value.code == "NO_REPEAT_BUYERS"
    opened.engine.close()
