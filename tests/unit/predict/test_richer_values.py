"""Values by trees are taken where covariates help, and values are summed by cohort and by segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.errors import ForetellError
from tests.support.prediction_shop import BOUGHT, CHURN, START, VALUE, Happened, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
DAY_US = 86_400_000_000
PREDICTIONS: dict[str, dict[str, Any]] = {
    "clv": {**VALUE, "horizon": "8w"},
    "pareto": {**VALUE, "horizon": "8w", "model": "pareto_nbd"},
    "churn": CHURN,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop in which a wish tells that a purchase follows, which rhythm alone cannot know."""
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    happened = buyers(600, 420, 3)
    bought = happened.where(happened.event == BOUGHT)
    look = replace(
        bought, ts=bought.ts - 20 * DAY_US, event=np.full(bought.ts.size, "Wish Added"), micro=bought.micro * 0
    )
    both = [
        np.concatenate([getattr(happened, name), getattr(look, name)]) for name in ("people", "ts", "event", "micro")
    ]
    whole = Happened(*both)
    add(opened, whole.where(np.argsort(whole.ts, kind="stable")))
    yield opened
    opened.engine.close()


def test_trees_are_taken_where_they_foresee_better(shop: Shop) -> None:
    told = predict.train(*shop.places, "clv", as_of=T, now=shop.now).as_dict()
    duel = told["horizons"]["duel"]
    assert told["kind"] == "numeric"
    assert duel["won"]
    assert duel["trees"] < duel["buying"]
    assert duel["difference"] == pytest.approx(duel["trees"] - duel["buying"])
    assert set(told["horizons"]["candidates"]) == {"bg_nbd", "pareto_nbd"}
    assert {"r", "alpha"} <= set(told["params"])
    assert "Trees were taken over" in told["verdict"]
    rows = predict.score(*shop.places, "clv", as_of=T, now=shop.now).rows
    assert (rows["score"].to_numpy() >= 0).all()


def test_a_model_that_is_named_is_taken(shop: Shop) -> None:
    told = predict.train(*shop.places, "pareto", as_of=T, now=shop.now).as_dict()
    assert told["kind"] == "pareto_nbd"
    assert "duel" not in told["horizons"]


def test_values_are_summed_by_the_month_of_the_first_purchase(shop: Shop) -> None:
    predict.train(*shop.places, "pareto", as_of=T, now=shop.now)
    rows = predict.score(*shop.places, "pareto", as_of=T, now=shop.now).rows
    found = predict.value_by(*shop.places, "pareto", as_of=T, by="cohort")
    assert sum(group.people for group in found.groups) == found.total.people == rows.num_rows
    assert sum(group.total for group in found.groups) == pytest.approx(rows["score"].to_numpy().sum())
    first = shop.engine.analytics.query(
        "SELECT strftime(f.ts, '%Y-%m') AS month, count(*) AS n FROM (SELECT node_key, min(ts) AS ts FROM order_rows "
        "WHERE ts <= $t GROUP BY node_key) f GROUP BY 1 ORDER BY 1",
        {"t": T.replace(tzinfo=None)},
    ).to_pylist()
    assert [(group.group, group.people) for group in found.groups] == [(row["month"], row["n"]) for row in first]
    for group in (*found.groups, found.total):
        if group.low is not None and group.high is not None:
            assert group.low <= group.total <= group.high
    assert found.total.mean_low is not None
    assert found.total.mean_high is not None
    assert found.total.mean_low < found.total.mean < found.total.mean_high


def test_what_is_no_value_or_not_scored_has_no_groups(shop: Shop) -> None:
    with pytest.raises(ForetellError) as refused:
        predict.value_by(*shop.places, "churn", as_of=T, by="cohort")
    assert refused.value.code == "NOT_A_VALUE"
    with pytest.raises(ForetellError) as unscored:
        predict.value_by(*shop.places, "pareto", as_of=START, by="cohort")
    assert unscored.value.code == "NOT_SCORED"
