"""Exact reasons, words with what changed, drivers, curves, groups, cards and whether drivers stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.errors import ForetellError
from foretell.predict.binary import judge
from foretell.predict.binary.reasons import reasons
from foretell.predict.explaining.card import model_card
from foretell.predict.explaining.groups import Member, judged_groups
from foretell.predict.explaining.stability import steadiness
from foretell.predict.explaining.words import measured, said, theme
from foretell.predict.features import Feature
from tests.support.prediction_shop import CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
SPEC = {**CHURN, "features": ["orders_30d", "orders_90d", "days_since_order", "active_30d", "spent", "gap_mean"]}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), {"churn": SPEC, "plain": {**SPEC, "estimator": "logistic"}})
    add(opened, buyers(300, 420, 1))
    for key in ("churn", "plain"):
        predict.train(*opened.places, key, as_of=T, now=opened.now)
        predict.score(*opened.places, key, as_of=T, now=opened.now)
    yield opened
    opened.engine.close()


@pytest.mark.parametrize("key", ["churn", "plain"])
def test_exact_parts_add_up_to_the_logit_from_the_same_base(shop: Shop, key: str) -> None:
    people = predict.scores(shop.engine, key, as_of=T)["profile_key"].to_pylist()[::20]
    found = [predict.exactly(shop.engine, shop.catalog, key, person, as_of=T)[0] for person in people]
    for one in found:
        assert one.base + sum(part.effect for part in one.parts) == pytest.approx(one.total, abs=1e-5)
        assert one.said == pytest.approx(one.score, abs=1e-6), "features as of the score's instant are the same"
        assert {part.feature for part in one.parts} == set(SPEC["features"])
        assert sum(part.points or 0 for part in one.parts) == pytest.approx(
            one.said - found[0].said + sum(part.points or 0 for part in found[0].parts), abs=1e-4
        )
    assert np.ptp([one.base for one in found]) < 1e-5, "the base is nobody's"
    assert np.ptp([one.score for one in found]) > 0.01


def test_stored_reasons_are_the_exact_ones_by_theme(shop: Shop) -> None:
    person = predict.scores(shop.engine, "churn", as_of=T)["profile_key"][0].as_py()
    (exact,) = predict.exactly(shop.engine, shop.catalog, "churn", person, as_of=T)
    (stored,) = predict.explain(shop.engine, "churn", person, as_of=T)
    sums: dict[str, float] = {}
    for part in exact.parts:
        sums[part.theme] = sums.get(part.theme, 0.0) + part.effect
    strongest = sorted(sums.values(), key=lambda effect: -abs(effect))[:3]
    assert [one.effect for one in stored.reasons] == pytest.approx(strongest, abs=2e-4)


def test_the_report_says_what_moves_scores_and_how(shop: Shop) -> None:
    found = predict.dependence(shop.engine, "churn", as_of=T)
    assert found["horizon"] == "60d"
    assert sum(row["share"] for row in found["drivers"]) == pytest.approx(1)
    since = next(curve for curve in found["partial"] if curve["feature"] == "days_since_order")
    known = [point for point in since["points"] if point["value"] is not None]
    assert known[-1]["mean"] > known[0]["mean"], "who has not bought for long is likelier not to"
    assert all(point["low"] <= point["mean"] + 0.3 and point["low"] <= point["high"] for point in known)
    with pytest.raises(ForetellError, match="looked into over 7d"):
        predict.dependence(shop.engine, "churn", as_of=T, horizon="7d")


def test_a_card_is_written_from_the_report_and_lies_beside_the_model(shop: Shop) -> None:
    report = dict(predict.report(shop.engine, "churn", as_of=T))
    card = predict.card(shop.engine, "churn", as_of=T)
    kept = shop.engine.data / "models" / "churn" / card.model / "card.md"
    assert kept.read_text("utf-8") == card.markdown()
    assert f"{report['n']:,}" in card.markdown()
    assert {"Quality", "Calibration and season", "Limits"} <= {one.title for one in card.sections}
    calibration = {**report["calibration"], "calibrated": False}
    told = model_card({**report, "calibration": calibration}).markdown()
    assert "Not calibrated for this season: 60d." in told
    assert "accept_uncalibrated" in told
    with pytest.raises(ForetellError, match="no training"):
        predict.card(shop.engine, "churn", as_of=T, model="other")


def test_what_changed_is_said() -> None:
    visits = Feature("visits_30d", "visits a month: {}", family="sessions", before="visits_before")
    before = Feature("visits_before", "visits in the month before: {}", family="sessions")
    spent = Feature("spent_30d", "spent in 30 days: {} EUR", "money", before="spent_before")
    now, then = np.array([1, 9, 4, 3], np.float32), np.array([9, 1, 4, np.nan], np.float32)
    assert said(visits, now, then).to_pylist() == [
        "visits a month fell from 9 to 1", "visits a month rose from 1 to 9", "visits a month stayed at 4",
        "visits a month: 3",
    ]  # fmt: skip
    money = said(spent, np.array([0.5, -3.25, 1000], np.float32), np.array([12, 0, 1000], np.float32)).to_pylist()
    assert money == [
        "spent in 30 days fell from 12 EUR to 0.50 EUR", "spent in 30 days fell from 0 EUR to -3.25 EUR",
        "spent in 30 days stayed at 1000 EUR",
    ]  # fmt: skip
    since = Feature("days_since_order", "days since the last order: {}", "days")
    assert said(since, np.array([np.nan], np.float32))[0].as_py() == "days since the last order: no order yet"
    x, effects = np.array([[1, 9, 5]], np.float32), np.array([[0.3, 0.2, -0.4]], np.float32)
    (text,) = reasons(x, effects, (visits, before, spent)).to_pylist()
    found = json.loads(text)
    assert [(one["feature"], one["effect"]) for one in found] == [("visits_30d", 0.5), ("spent_30d", -0.4)]
    assert found[0]["words"] == "visits a month fell from 9 to 1"


def test_themes_keep_traits_apart_and_windows_together() -> None:
    names = {name: theme(Feature(name, "x", family=family)) for name, family in (
        ("event:Page Viewed:30d", "events"), ("event:Page Viewed:365d", "events"), ("event:Search:30d", "events"),
        ("orders_30d", ""), ("orders_trend", ""), ("trait:plan", "traits"), ("trait:city", "traits"),
    )}  # fmt: skip
    assert len(set(names.values())) == 5
    assert names["orders_30d"] == names["orders_trend"]
    assert measured(Feature("spent", "spent so far: {} EUR")) == "spent so far (EUR)"


def test_groups_off_beyond_chance_are_named_and_small_ones_are_not_judged() -> None:
    random = np.random.default_rng(5)
    n = 8_000
    p = random.uniform(0.1, 0.6, n)
    group = np.arange(n) % 20
    y = (random.random(n) < np.where(group == 3, p * 0.5, p)).astype(float)
    tested = judge.Tested(np.arange(n), T, y, p)
    members = [Member("segment", f"s{at}", f"S{at}", group == at) for at in range(20)]
    members.append(Member("segment", "rare", "Rare", (y == 1) & (np.arange(n) < 3_000)))
    found = judged_groups(tested, members)
    assert [row["key"] for row in found if row["off"]] == ["s3"]
    assert found[0]["key"] == "s3"
    assert "rare" not in {row["key"] for row in found}, "of one kind of outcome alone nothing can be said"
    assert found[0]["n"] == 400
    assert all(row["roc_auc_low"] < row["roc_auc"] < row["roc_auc_high"] for row in found)


def test_drivers_that_come_and_go_make_a_model_unsteady() -> None:
    def run(number: int, *shares: float) -> dict[str, Any]:
        rows = [{"feature": f"f{at}", "text": f"F{at}", "share": share} for at, share in enumerate(shares) if share]
        rows.sort(key=lambda row: -float(str(row["share"])))
        report = {"explained": {"30d": {"drivers": rows}}}
        return {"run": number, "as_of": "x", "model": str(number), "state": "done", "report": report}

    first, same, other = run(1, 0.4, 0.3, 0.2, 0.1), run(2, 0.4, 0.3, 0.2, 0.1), run(3, 0.0, 0.1, 0.2, 0.3, 0.4)
    assert steadiness([first], None).verdict == "one run"  # type: ignore[union-attr]
    steady = steadiness([same, first], None)
    assert steady is not None
    assert steady.verdict == "steady"
    assert steady.correlation == pytest.approx(1)
    turned = steadiness([other, same, first], "30d")
    assert turned is not None
    assert (turned.verdict, turned.came, turned.went) == ("unsteady", ("f4",), ("f0",))
    assert steadiness([], None) is None
