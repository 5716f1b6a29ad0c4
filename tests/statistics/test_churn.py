"""Churn on simulated shops: honest probabilities where the world stands still, a warning where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell import predict
from foretell.predict import TrainingReport
from foretell.predict.binary.fit import fit
from foretell.predict.binary.judge import judged
from foretell.predict.binary.rows import Rows
from tests.support.prediction_shop import BOUGHT, CHURN, START, VALUE, Happened, Shop, add, buyers, open_shop

LENGTH = 420
T = START + timedelta(days=330)


def steady(people: int, seed: int) -> Happened:
    """A shop that neither grows nor shrinks: who leaves is followed by somebody new."""
    parts = []
    for wave in range(5):
        one = buyers(people // 5, LENGTH, seed * 10 + wave)
        shift = int((wave * 84 - 168) * 86_400_000_000)
        moved = Happened(one.people + wave * people, one.ts + shift, one.event, one.micro)
        parts.append(moved.where((moved.ts > one.ts.min()) & (moved.ts < one.ts.min() + LENGTH * 86_400_000_000)))
    whole = Happened(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("people", "ts", "event", "micro"))
    )
    return whole.where(np.argsort(whole.ts, kind="stable"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), {"churn": CHURN, "clv": VALUE})
    add(opened, steady(2_500, 4))
    yield opened
    opened.engine.close()


@pytest.fixture(scope="module")
def report(shop: Shop) -> TrainingReport:
    return predict.train(*shop.places, "churn", as_of=T, now=shop.now)


def test_ranking_is_found_out_of_time(report: TrainingReport) -> None:
    assert report.metrics["roc_auc"] > 0.85
    assert report.metrics["log_loss"] < report.baseline["log_loss"] + 0.02


def test_intervals_hold_what_happened_next(shop: Shop, report: TrainingReport) -> None:
    """Scored at T, judged on the 60 days after T that training never saw."""
    scored = predict.score(*shop.places, "churn", as_of=T, now=shop.now).rows
    after = shop.engine.analytics.query(
        "SELECT DISTINCT node_key FROM order_rows WHERE ts > $a AND ts <= $b",
        {"a": T.replace(tzinfo=None), "b": (T + timedelta(days=60)).replace(tzinfo=None)},
    )
    p, low, high = (scored[name].to_numpy() for name in ("score", "low", "high"))
    y = ~np.isin(scored["node_key"].to_numpy(), after["node_key"].to_numpy())
    groups = np.array_split(np.argsort(p), 10)
    inside = [low[group].mean() - 0.05 <= y[group].mean() <= high[group].mean() + 0.05 for group in groups]
    assert sum(inside) >= 8
    assert report.calibration["test_n"] > 500


def test_value_intervals_hold_about_ninety_percent(shop: Shop) -> None:
    found = predict.train(*shop.places, "clv", as_of=T, now=shop.now)
    assert 0.86 <= found.metrics["coverage"] <= 0.97


def test_a_season_is_warned_of(tmp_path_factory: pytest.TempPathFactory) -> None:
    opened = open_shop(tmp_path_factory.mktemp("season"), {"churn": CHURN})
    add(opened, buyers(1_200, LENGTH, 4, season=2.0))
    found = predict.train(*opened.places, "churn", as_of=START + timedelta(days=LENGTH), now=opened.now)
    opened.engine.close()
    assert "Not calibrated for this season" in found.verdict
    assert not found.calibration["calibrated"]
    assert found.metrics["roc_auc"] > 0.7


def test_permuted_outcomes_rank_like_chance() -> None:
    random = np.random.default_rng(6)
    x = random.normal(size=(9_000, 12)).astype(np.float32)
    people = np.tile(np.arange(3_000), 3)
    y = (random.random(9_000) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    rows = Rows(x, random.permutation(y), people, np.repeat([0, 1, 2], 3_000))
    origins = [START + timedelta(days=90 * place) for place in range(3)]
    learnt, test = rows.where(rows.origin < 2), rows.where(rows.origin == 2)
    names = tuple(f"x{place}" for place in range(12))
    made = fit(learnt, names, origins[:2], "60d", ZoneInfo("UTC"), "seed", 5)
    assert abs(judged(test, made.probability(test.x), learnt).metrics["roc_auc"] - 0.5) < 0.03


def test_the_simulated_shop_stands_still() -> None:
    """What the tests above rest on: as many purchases in the second half as in the first."""
    shop = steady(2_500, 4)
    bought = shop.ts[shop.event == BOUGHT]
    middle = (bought.min() + bought.max()) // 2
    assert 0.6 < (bought > middle).sum() / (bought <= middle).sum() < 1.6
