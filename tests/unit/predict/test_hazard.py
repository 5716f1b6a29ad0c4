"""The time to an outcome: stretches, people who are not through, curves that do not cross, dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.errors import ForetellError
from foretell.predict.binary.rows import Rows
from foretell.predict.hazard.judge import judged_curves
from foretell.predict.hazard.stretches import Stretches
from foretell.predict.hazard.trees import Spans, best_rounds, grow
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
FEW = ["orders_90d", "days_since_order", "days_since_event", "alive", "event:Page Viewed:30d"]
HAZARD = {**CHURN, "form": "hazard", "outcome": {"did": BOUGHT}}
PREDICTIONS: dict[str, dict[str, Any]] = {
    "next": {
        "outcome": {"did": BOUGHT},
        "form": "hazard",
        "horizons": ["30d", "60d"],
        "population": CHURN["population"],
    },
    "stays": {**HAZARD, "features": FEW, "outcome": {"did_not": BOUGHT}},
    "twice": {**HAZARD, "features": FEW, "outcome": {"did": BOUGHT, "times": {"gte": 2}}},
    "once": {**HAZARD, "features": FEW, "outcome": {"did": BOUGHT, "times": 1}},
    "never": {**HAZARD, "outcome": {"did": "Moon Landing"}},
    "far": {**HAZARD, "horizon": "290d"},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, buyers(500, 420, 3))
    yield opened
    opened.engine.close()


def train(shop: Shop, key: str) -> dict[str, Any]:
    return predict.train(*shop.places, key, as_of=T, now=shop.now).as_dict()


@pytest.fixture(scope="module")
def told(shop: Shop) -> dict[str, Any]:
    return train(shop, "next")


def test_a_report_has_every_horizon_and_the_whole_curve(told: dict[str, Any]) -> None:
    assert told["kind"] == "hazard"
    assert list(told["metrics"]) == list(told["calibration"]) == ["30d", "60d"]
    assert told["metrics"]["60d"]["roc_auc"] > 0.75
    curve = told["horizons"]["60d"]["curve"]
    assert curve["integrated_brier"] < 0.8 * curve["baseline"]
    assert told["horizons"]["60d"]["censored"] > 0.05
    split = told["horizons"]["60d"]["split"]
    assert split["test"] == (T - timedelta(days=60)).isoformat()
    assert max(split["fit"]) < split["test"]
    assert max(split["origins"]) > split["test"]
    assert "was not yet through" in told["verdict"]
    assert "estimator: logistic" not in told["verdict"]


def test_curves_do_not_cross_and_dates_lie_on_them(shop: Shop, told: dict[str, Any]) -> None:
    rows = predict.score(*shop.places, "next", as_of=T, now=shop.now).rows
    n = rows.num_rows // 2
    short, long = rows["score"].to_numpy()[:n], rows["score"].to_numpy()[n:]
    assert (short <= long).all()
    found = shop.engine.analytics.query("SELECT * FROM event_date_rows ORDER BY node_key")
    assert found.num_rows == n
    chance = found["chance"].to_numpy()
    assert chance == pytest.approx(long)
    known = np.array([value is not None for value in found["expected_at"].to_pylist()])
    assert (known == (chance >= 0.5)).all()
    dates = found.filter(known)
    assert all(T.replace(tzinfo=None) < at for at in dates["earliest_at"].to_pylist())
    pairs = zip(dates["earliest_at"].to_pylist(), dates["expected_at"].to_pylist(), strict=True)
    assert all(early < middle for early, middle in pairs)
    person = int(dates["node_key"][0].as_py())
    (expected,) = predict.expected_dates(shop.engine.analytics, person, as_of=T)
    assert expected.prediction == "next"
    assert expected.expected_at is not None
    assert T < expected.expected_at < T + timedelta(days=60)


def test_not_doing_is_the_complement_of_doing(shop: Shop, told: dict[str, Any]) -> None:
    train(shop, "stays")
    stays = predict.score(*shop.places, "stays", as_of=T, now=shop.now).rows["score"].to_numpy()
    rows = predict.score(*shop.places, "next", as_of=T, now=shop.now).rows
    goes = rows["score"].to_numpy()[stays.size :]
    assert np.corrcoef(1 - stays, goes)[0, 1] > 0.9
    assert (1 - stays).mean() == pytest.approx(goes.mean(), abs=0.04)


def test_an_outcome_of_several_events_is_read_by_stretches(shop: Shop) -> None:
    assert train(shop, "twice")["metrics"]["roc_auc"] > 0.7


@pytest.mark.parametrize(
    ("key", "code"), [("once", "OUTCOME_TURNS_BACK"), ("never", "ONE_CLASS"), ("far", "TOO_LITTLE_HISTORY")]
)
def test_what_cannot_be_learnt_is_said(shop: Shop, key: str, code: str) -> None:
    with pytest.raises(ForetellError) as refused:
        train(shop, key)
    assert refused.value.code == code


def test_stretches_end_at_every_horizon() -> None:
    found = Stretches.of([30.0, 90.0])
    assert {30.0, 90.0} <= set(found.ends)
    assert found.ends == tuple(sorted(found.ends))
    assert 6 <= len(found.ends) <= 11
    assert Stretches.of([7.0]).ends[-1] == 7.0


def test_curves_and_dates_follow_a_constant_rate() -> None:
    stretches = Stretches((10.0, 20.0, 40.0))
    rate = 0.03
    widths = np.array([10.0, 10.0, 20.0])
    hazards = np.tile(1 - np.exp(-rate * widths), (2, 1))
    for days in (0.0, 5.0, 10.0, 33.0, 40.0):
        assert stretches.without(hazards, days) == pytest.approx(np.exp(-rate * days))
    assert stretches.day(hazards, 0.5) == pytest.approx(np.log(2) / rate)
    assert np.isnan(stretches.day(hazards, 0.9)).all()


def spans(n: int, seed: int) -> tuple[Spans, np.ndarray]:
    """People with a rate of their own that the one feature tells; half were seen for 20 days only."""
    random = np.random.default_rng(seed)
    rate = random.gamma(2.0, 0.01, n)
    day = random.exponential(1 / rate)
    seen = np.where(np.arange(n) % 2 == 0, 20.0, 60.0)
    day = np.where(day <= seen, day, np.inf)
    return Spans(Rows(rate[:, None].astype(np.float32), day, np.arange(n), np.zeros(n, np.int64)), seen), rate


def test_who_is_not_through_counts_as_far_as_they_were_seen() -> None:
    stretches = Stretches((10.0, 20.0, 60.0))
    people = Spans(
        Rows(np.zeros((4, 1), np.float32), np.array([5.0, np.inf, np.inf, 30.0]), np.arange(4), np.zeros(4, np.int64)),
        np.array([60.0, 20.0, 60.0, 40.0]),
    )
    x, y = people.spread(stretches)
    assert y.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert x.shape == (9, 3)
    earlier = people.until(np.full(4, 25.0))
    assert np.isinf(earlier.rows.y[3])
    assert earlier.seen.tolist() == [25.0, 20.0, 25.0, 25.0]


def test_censored_people_do_not_bend_the_curve() -> None:
    stretches = Stretches((10.0, 20.0, 40.0, 60.0))
    learn, _ = spans(8_000, 1)
    trees = grow(learn, stretches, best_rounds(learn, stretches, "s", 1), 1)
    fresh, rate = spans(4_000, 2)
    by = 1 - stretches.without(trees.hazards(fresh.rows.x), 60.0)
    truth = 1 - np.exp(-rate * 60)
    assert by.mean() == pytest.approx(truth.mean(), abs=0.015)
    assert np.abs(by - truth).mean() < 0.04
    assert trees.contributions(fresh.rows.x[:5], 30.0, exact=True).shape == (5, 1)


def test_a_perfect_curve_is_judged_better_than_the_usual_one() -> None:
    stretches = Stretches((10.0, 20.0))
    day = np.array([5.0, 15.0, np.inf, np.inf])
    perfect = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    found = judged_curves(stretches, perfect, np.array([0.25, 0.33]), day)
    assert found.integrated_brier == pytest.approx(0.0, abs=1e-9)
    assert found.baseline > 0.15
    assert found.dated == 0.5
