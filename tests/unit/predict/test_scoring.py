"""Scores as rows: columns, bounds, reasons, re-scoring, merges, and what refuses to score."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.condition import parse
from foretell.errors import ForetellError
from foretell.predict.binary import scored
from tests.support.prediction_shop import BOUGHT, CHURN, START, VALUE, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
MULTI: dict[str, Any] = {
    "outcome": {"did_not": BOUGHT}, "horizons": ["90d", "30d", "60d"], "population": CHURN["population"],
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), {"churn": CHURN, "multi": MULTI, "clv": VALUE, "new": CHURN})
    add(opened, buyers(400, 420, 1))
    for key in ("churn", "multi", "clv"):
        predict.train(*opened.places, key, as_of=T, now=opened.now)
        predict.score(*opened.places, key, as_of=T, now=opened.now)
    yield opened
    opened.engine.close()


def test_scores_have_the_contracts_columns_and_bounds(shop: Shop) -> None:
    found = predict.scores(shop.engine, "churn", as_of=T)
    told = ["profile_id", "user_id", "horizon", "score", "low", "high", "as_of", "model"]
    assert found.column_names == ["profile_key", *told]
    assert predict.export_scores(shop.engine, shop.catalog, "churn", as_of=T, now=T).rows.column_names == told
    score, low, high = (found[name].to_numpy() for name in ("score", "low", "high"))
    assert ((low <= score) & (score <= high) & (low >= 0) & (high <= 1)).all()
    assert (np.diff(score) <= 0).all()
    assert set(found["horizon"].to_pylist()) == {"60d"}
    first = found.slice(0, 1).to_pylist()[0]
    assert first["user_id"] == "u" + first["profile_id"].removeprefix("p_")


def test_the_population_is_scored_once_each_with_different_scores(shop: Shop) -> None:
    tree = parse(CHURN["population"])
    members = shop.reader.count(tree, as_of=T, known_at=T)
    found = predict.scores(shop.engine, "churn", as_of=T)
    assert found.num_rows == members == len(set(found["profile_id"].to_pylist()))
    assert found["score"].to_numpy().std() > 0.1


def test_many_people_are_scored_in_parts_with_the_same_rows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    at = T + timedelta(hours=1)
    whole = predict.score(*shop.places, "multi", as_of=at, now=shop.now).rows
    monkeypatch.setattr(scored, "AT_ONCE", 97)
    parts = predict.score(*shop.places, "multi", as_of=at, now=shop.now).rows
    assert whole.num_rows > 3 * 97
    assert parts.equals(whole)


def test_curves_over_horizons_do_not_cross(shop: Shop) -> None:
    found = predict.scores(shop.engine, "multi", as_of=T)
    by_horizon = {
        horizon: dict(zip(part["profile_id"].to_pylist(), part["score"].to_pylist(), strict=True))
        for horizon in ("30d", "60d", "90d")
        for part in [found.filter(pa.compute.equal(found["horizon"], horizon))]
    }
    people = by_horizon["30d"]
    assert all(people[one] >= by_horizon["60d"][one] >= by_horizon["90d"][one] for one in people)
    assert list(dict.fromkeys(found["horizon"].to_pylist())) == ["30d", "60d", "90d"]


def test_everybody_has_three_reasons_in_words(shop: Shop) -> None:
    texts = shop.engine.analytics.query("SELECT reasons FROM predictions WHERE prediction = 'churn'")["reasons"]
    found = [json.loads(text) for text in texts.to_pylist()]
    assert {len(one) for one in found} == {3}
    assert all(set(reason) == {"feature", "words", "effect"} and reason["words"] for one in found for reason in one)


def test_explain_says_why(shop: Shop) -> None:
    person = int(shop.engine.analytics.query("SELECT min(node_key) AS k FROM score_rows")["k"][0].as_py())
    curve = predict.explain(shop.engine, "multi", person, as_of=T)
    assert [one.horizon for one in curve] == ["30d", "60d", "90d"]
    assert all(one.low <= one.score <= one.high and len(one.reasons) == 3 for one in curve)
    value = predict.explain(shop.engine, "clv", person, as_of=T)[0].as_dict()
    assert [reason["feature"] for reason in value["reasons"]] == ["expected_purchases", "alive", "spend"]
    with pytest.raises(ForetellError) as refused:
        predict.explain(shop.engine, "churn", 999_999, as_of=T)
    assert refused.value.code == "NOT_IN_POPULATION"


def test_a_value_is_expected_spend_in_major_units(shop: Shop) -> None:
    found = predict.scores(shop.engine, "clv", as_of=T)
    score, low, high = (found[name].to_numpy() for name in ("score", "low", "high"))
    assert ((low <= score) & (score <= high) & (low >= 0)).all()
    whole = shop.engine.analytics.query("SELECT sum(amount_minor) / 100.0 AS spent FROM order_rows")["spent"][0].as_py()
    assert 0.05 < score.sum() / (whole * 84 / 420) < 2


def test_scoring_again_replaces_and_another_instant_adds(shop: Shop) -> None:
    def count() -> int:
        rows = shop.engine.analytics.query("SELECT count(*) AS n FROM score_rows WHERE prediction = 'churn'")
        return int(rows["n"][0].as_py())

    before, scores = count(), predict.scores(shop.engine, "churn", as_of=T)
    predict.score(*shop.places, "churn", as_of=T, now=shop.now)
    assert (count(), predict.scores(shop.engine, "churn", as_of=T)) == (before, scores)
    later = T + timedelta(days=30)
    made = predict.score(*shop.places, "churn", as_of=later, now=shop.now)
    assert count() == before + made.people
    assert predict.scores(shop.engine, "churn", as_of=T) == scores
    assert predict.scores(shop.engine, "churn", as_of=later) != scores


def test_conditions_read_the_scores(shop: Shop) -> None:
    found = predict.scores(shop.engine, "churn", as_of=T)
    middle = round(float(np.median(found["score"].to_numpy())), 3)
    tree = parse({"prediction": "churn", "gte": middle})
    assert shop.reader.count(tree, as_of=T) == int((found["score"].to_numpy() >= middle).sum())


def test_without_a_model_or_scores_nothing_is_read(shop: Shop) -> None:
    with pytest.raises(ForetellError) as refused:
        predict.score(*shop.places, "new", as_of=T, now=shop.now)
    assert refused.value.code == "NOT_TRAINED"
    with pytest.raises(ForetellError) as refused:
        predict.score(*shop.places, "churn", as_of=T - timedelta(days=1), now=shop.now)
    assert refused.value.code == "NOT_TRAINED"
    with pytest.raises(ForetellError) as refused:
        predict.scores(shop.engine, "new", as_of=T)
    assert refused.value.code == "NOT_SCORED"


def test_a_model_is_not_scored_with_another_models_trees(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"churn": CHURN})
    add(shop, buyers(300, 420, 1))
    made = [predict.train(*shop.places, "churn", as_of=T, now=shop.now, seed=seed).model for seed in (1, 2)]
    folder = shop.engine.data / "models" / "churn"
    shutil.copy(folder / made[0] / "60d.ubj", folder / made[1] / "60d.ubj")
    with pytest.raises(ForetellError) as refused:
        predict.score(*shop.places, "churn", as_of=T, now=shop.now)
    assert refused.value.code == "MODEL_OTHER"
    card = json.loads((folder / made[0] / "card.json").read_text())
    other = json.loads((folder / made[1] / "card.json").read_text())
    (folder / made[1] / "card.json").write_text(
        json.dumps({**other, "files": {**card["files"], "card.md": other["files"]["card.md"]}})
    )
    with pytest.raises(ForetellError) as refused:
        predict.score(*shop.places, "churn", as_of=T, now=shop.now)
    assert f"holds model {made[0]}" in refused.value.what
    shop.engine.close()


def test_merged_people_have_one_score(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"churn": CHURN})
    add(shop, buyers(300, 420, 1))
    predict.train(*shop.places, "churn", as_of=T, now=shop.now)
    predict.score(*shop.places, "churn", as_of=T, now=shop.now)
    found = predict.scores(shop.engine, "churn", as_of=T)
    loser, winner = (int(name.removeprefix("p_")) for name in found["profile_id"].to_pylist()[:2])
    merged = pa.table({"node_key": pa.array([loser], pa.int64()), "profile_key": pa.array([winner], pa.int64())})
    shop.engine.publish("test", {"merged": merged}, now=shop.now)
    after = predict.scores(shop.engine, "churn", as_of=T)
    kept = dict(zip(found["profile_id"].to_pylist(), found["score"].to_pylist(), strict=True))
    assert after.num_rows == found.num_rows - 1
    assert all(kept[row["profile_id"]] == row["score"] for row in after.to_pylist())
    assert f"p_{loser}" not in after["profile_id"].to_pylist()
    shop.engine.close()
