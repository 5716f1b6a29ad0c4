"""Curves that do not cross, intervals around scores, and reasons in words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from foretell.predict.binary.curve import Direction, direction, without_crossing
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.reasons import reasons, said
from foretell.predict.features import Feature
from foretell.stats import reliability

BOUGHT_BY = [np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])]


@pytest.mark.parametrize(
    ("outcomes", "way"),
    [
        (BOUGHT_BY, "rises"),
        ([1 - part for part in BOUGHT_BY], "falls"),
        ([np.array([0.0, 1.0]), np.array([1.0, 0.0])], "free"),
    ],
)
def test_the_direction_is_read_from_the_outcomes(outcomes: list[np.ndarray], way: str) -> None:
    assert direction(outcomes) == way


@pytest.mark.parametrize(
    ("way", "expected"),
    [("rises", [0.3, 0.45, 0.45]), ("falls", [0.4, 0.4, 0.4]), ("free", [0.3, 0.5, 0.4])],
)
def test_curves_are_made_monotone(way: Direction, expected: list[float]) -> None:
    assert without_crossing(np.array([[0.3, 0.5, 0.4]]), way)[0] == pytest.approx(expected)


def test_a_curve_that_does_not_cross_stays_as_it_is() -> None:
    curves = np.sort(np.random.default_rng(0).random((50, 5)), axis=1)
    assert (without_crossing(curves, "rises") == curves).all()
    assert without_crossing(1 - curves, "falls") == pytest.approx(1 - curves, abs=1e-15)


def test_curves_agree_with_pool_adjacent_violators_and_never_move_away_from_a_monotone_truth() -> None:
    random = np.random.default_rng(1)
    curves, truth = random.random((400, 6)), np.sort(random.random((400, 6)), axis=1)
    found = without_crossing(curves, "rises")
    assert (np.diff(found, axis=1) >= 0).all()
    pooled = np.stack([isotonic_regression(curve).x for curve in curves])
    assert found == pytest.approx(pooled, abs=1e-12)
    before, after = (((one - truth) ** 2).sum(axis=1) for one in (curves, found))
    assert (after <= before + 1e-12).all()
    running = np.maximum.accumulate(curves, axis=1)
    assert (((running - truth) ** 2).sum(axis=1) > before).any(), "the running maximum does at times"


def test_margins_hold_the_observed_rates_of_the_test_window() -> None:
    random = np.random.default_rng(0)
    p = random.random(5_000)
    y = (random.random(5_000) < p * 0.7).astype(float)
    bins = reliability(y, p)
    margins = Margins.from_dict(Margins.of(bins).as_dict())
    low, high = margins.around(bins.mean_p)
    assert (low <= bins.rate).all()
    assert (high >= bins.rate).all()
    assert (low <= bins.mean_p).all()
    assert (high >= bins.mean_p).all()
    assert low[-1] < 0.72


FEATURES = (
    Feature("orders", "orders so far: {}"),
    Feature("share", 'share of "big" ones: {}', "share"),
    Feature("spent", "spent {} EUR", "money"),
    Feature("season", "time of the year", "number"),
)


def test_reasons_are_the_strongest_features_in_words() -> None:
    x = np.array([[3, 0.256, 12.5, 1], [np.nan, 0, 0, 1]], np.float32)
    effects = np.array([[0.1, -0.5, 0.3, 0.0], [2.0, 0.1, 0.2, -0.9]], np.float32)
    first, second = (json.loads(text) for text in reasons(x, effects, FEATURES).to_pylist())
    assert [(one["feature"], one["words"], one["effect"]) for one in first] == [
        ("share", 'share of "big" ones: 26 %', -0.5),
        ("spent", "spent 12.50 EUR", 0.3),
        ("orders", "orders so far: 3", 0.1),
    ]
    assert [one["words"] for one in second] == ["orders so far: unknown", "time of the year", "spent 0 EUR"]


def test_reasons_agree_with_a_person_by_person_reading() -> None:
    random = np.random.default_rng(3)
    x = random.poisson(5, (300, 4)).astype(np.float32)
    effects = random.normal(size=(300, 4)).astype(np.float32)
    for row, text in enumerate(reasons(x, effects, FEATURES).to_pylist()):
        strongest = sorted(range(4), key=lambda place: -abs(effects[row, place]))[:3]
        found = json.loads(text)
        assert [one["feature"] for one in found] == [FEATURES[place].name for place in strongest]
        assert [one["effect"] for one in found] == pytest.approx(effects[row, strongest].tolist(), abs=1e-4)
        assert found[0]["words"] == said(FEATURES[strongest[0]], x[row, strongest[:1]])[0].as_py()


def test_fewer_features_than_reasons() -> None:
    found = reasons(np.ones((2, 1), np.float32), np.ones((2, 1), np.float32), FEATURES[:1])
    assert [len(json.loads(text)) for text in found.to_pylist()] == [1, 1]
    assert reasons(np.ones((0, 1), np.float32), np.ones((0, 1), np.float32), FEATURES[:1]).to_pylist() == []
