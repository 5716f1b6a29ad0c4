"""What there is to learn from before a training: counts by hand, power, season, and every plain statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.clock import micros
from foretell.predict.looking.amounts import distribution
from foretell.predict.looking.power import power
from foretell.predict.looking.season import season_of
from foretell.predict.looking.statements import Evidence, about_evidence, verdict_of
from foretell.predict.looking.windows_counted import WindowCount
from foretell.stats import roc_auc
from tests.support.prediction_shop import BOUGHT, CHURN, DAY_US, START, VALUE, Happened, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
PREDICTIONS: dict[str, dict[str, Any]] = {
    "churn": CHURN,
    "multi": {**{key: value for key, value in CHURN.items() if key != "horizon"}, "horizons": ["30d", "280d", "60d"]},
    "clv": VALUE,
    "never": {**CHURN, "outcome": {"did": "Moon Landing"}},
    "nobody": {**CHURN, "population": {"did": "Moon Landing"}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, buyers(400, 420, 1))
    yield opened
    opened.engine.close()


def look(shop: Shop, key: str, **other: Any) -> predict.Look:
    return predict.look(*shop.places, key, **{"as_of": T, "now": shop.now, **other})


def codes(found: predict.HorizonLook) -> set[str]:
    return {one.code for one in found.statements}


def test_it_counts_what_the_training_then_learns_from(shop: Shop) -> None:
    (found,) = look(shop, "churn").horizons
    trained = predict.train(*shop.places, "churn", as_of=T, now=shop.now).as_dict()
    assert (found.learn_n, found.learn_positives) == (trained["n"], trained["positives"])
    test = next(one for one in found.windows if one.part == "test")
    calibration = trained["calibration"]
    assert (test.people, test.positives) == (calibration["test_n"], calibration["test_positives"])
    assert found.by == trained["horizons"]["60d"]["split"]["by"]
    assert test.low is not None
    assert test.rate is not None
    assert test.high is not None
    assert test.low < test.rate < test.high


def test_nothing_is_stored_or_fitted(shop: Shop) -> None:
    before = len(predict.runs(shop.engine.ops, "multi"))
    look(shop, "multi")
    assert len(predict.runs(shop.engine.ops, "multi")) == before == 0


def test_windows_lie_by_hand_where_the_log_says_so(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {"again": {**CHURN, "outcome": {"did": BOUGHT}, "horizon": "30d"}})
    days = {1: (0, 95), 2: (0, 40), 3: (0,)}
    people = np.array([who for who, at in days.items() for _ in at])
    ts = micros(START) + np.array([day for at in days.values() for day in at]) * DAY_US
    add(shop, Happened(people, ts, np.array([BOUGHT] * people.size), np.full(people.size, 1_000_000)))
    found = predict.look(*shop.places, "again", as_of=START + timedelta(days=100), now=shop.now).horizons[0]
    assert [(one.at, one.people, one.positives) for one in found.windows] == [
        (START + timedelta(days=40), 3, 0),
        (START + timedelta(days=70), 3, 1),
    ]
    assert (found.had, found.had_not) == (1, 3)
    assert found.verdict == "too_few"
    shop.engine.close()


def test_too_short_a_history_says_when_it_will_do(shop: Shop) -> None:
    found = look(shop, "multi")
    assert [one.horizon for one in found.horizons] == ["30d", "60d", "280d"]
    far = found.horizons[-1]
    assert far.by is None
    assert far.verdict == "impossible"
    (only,) = far.statements
    first = found.history_from
    assert only.code == "TOO_LITTLE_HISTORY"
    assert f"{first + timedelta(days=310):%-d %B %Y}" in only.text


def test_one_class_and_nobody_are_said(shop: Shop) -> None:
    (never,) = look(shop, "never").horizons
    assert "ONE_CLASS" in codes(never)
    assert never.verdict == "impossible"
    assert never.statements[0].text.startswith("Nobody had the outcome")
    empty = look(shop, "nobody")
    assert empty.people == 0
    assert [one.code for one in empty.statements] == ["NOBODY"]
    assert empty.horizons[0].windows[-1].rate is None


def test_values_have_a_distribution_that_adds_up(shop: Shop) -> None:
    found = look(shop, "clv")
    (horizon,) = found.horizons
    amounts = horizon.amounts
    assert found.unit == "money"
    assert amounts is not None
    assert amounts.zeros + sum(bar.people for bar in amounts.bars) == amounts.people == horizon.windows[-1].people
    assert amounts.people - amounts.zeros == horizon.windows[-1].positives
    assert 0.1 < (amounts.top_tenth or 0) < 1


def test_more_people_than_allowed_are_drawn(shop: Shop) -> None:
    whole, drawn = look(shop, "churn"), look(shop, "churn", most_people=150)
    assert whole.drawn == 1
    assert drawn.drawn == 150 / 400
    assert 90 < drawn.people / whole.people * 400 < 215
    assert {one.code for one in drawn.statements} == {"DRAWN"}
    assert drawn == look(shop, "churn", most_people=150)


def test_the_power_is_what_simulated_tests_show() -> None:
    told = power(30, 120)
    assert told.auc_least is not None
    assert told.auc_low is not None
    assert told.auc_high is not None
    random = np.random.default_rng(3)
    y = np.repeat([1.0, 0.0], [30, 120])
    # Normal scores apart by d have an area of Phi(d / sqrt 2).
    apart = np.sqrt(2) * 0.6745
    areas = np.array([roc_auc(y, random.normal(size=150) + apart * y) for _ in range(600)])
    assert np.quantile(areas, [0.05, 0.95]) == pytest.approx([told.auc_low, told.auc_high], abs=0.02)
    chance = np.quantile([roc_auc(y, random.normal(size=150)) for _ in range(600)], 0.95)
    assert chance == pytest.approx(0.5 + 1.645 * np.sqrt(151 / (12 * 30 * 120)), abs=0.012)
    assert 0.6 < told.auc_least < 0.68


def test_more_people_make_every_power_better() -> None:
    few, many = power(20, 80), power(200, 800)
    for name in ("auc_least", "calibration_error", "tenth_width"):
        assert getattr(many, name) < getattr(few, name)
    assert power(0, 50).auc_least is None
    assert power(1, 1).auc_least is None


def test_the_weeks_until_enough_follow_from_the_rate() -> None:
    short = Evidence(had=50, had_not=900, weekly=3.0)
    assert short.weeks_until(200) == 50
    assert verdict_of(short) == "few"
    (said,) = about_evidence(short, power(12, 200), T)
    assert "50 of the 200 people with the outcome" in said.text
    assert "3 a week, that takes 50 weeks" in said.text
    never = Evidence(had=5, had_not=900, weekly=0.0)
    assert never.weeks_until(200) is None
    assert verdict_of(never) == "too_few"
    assert "not in sight" in next(iter(about_evidence(never, power(0, 0), T))).text
    assert "without the outcome" in next(iter(about_evidence(Evidence(900, 50, 1), power(9, 1), T))).text


def _windows(rates: list[float], people: int = 1000) -> list[WindowCount]:
    return [
        WindowCount(
            START + timedelta(days=30 * place), START + timedelta(days=30 * place + 30), people, round(rate * people),
            rate, rate - 0.01, rate + 0.01, "learn",
        )
        for place, rate in enumerate(rates)
    ]  # fmt: skip


def test_a_season_moves_only_beyond_chance_and_a_year_is_a_year() -> None:
    moving = season_of(_windows([0.2, 0.3, 0.2, 0.1]), T)
    assert moving.moves
    assert (moving.low_rate, moving.high_rate) == (0.1, 0.3)
    assert moving.covered_days == 120
    assert moving.year_from == T + timedelta(days=245)
    steady = season_of(_windows([0.2, 0.21, 0.205] * 5), T)
    assert steady.moves is False
    assert steady.year_from is None
    assert season_of(_windows([0.2, 0.9]), T).moves is None


def test_the_last_bar_of_a_distribution_is_open() -> None:
    values = np.concatenate([np.zeros(50), np.linspace(1, 100, 400), [5_000.0]])
    found = distribution({START: values})
    assert found.bars[-1].high is None
    assert found.bars[-1].people >= 1
    assert sum(bar.people for bar in found.bars) == 401
    assert found.zeros == 50
    assert found.points[0].mean == pytest.approx(values.mean())
    assert distribution({START: np.zeros(4)}).bars == ()
