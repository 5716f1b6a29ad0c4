"""The judgement: chance's share of the calibration error, the season, and what is said."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from foretell.predict.binary.judge import Judgement, at_trigger, expected_error, judged, measured, verdict
from foretell.predict.binary.rows import Rows
from foretell.predict.windows import Split
from foretell.stats import calibration_error, reliability

N = 4_000
AT = datetime(2025, 1, 1, tzinfo=UTC)
SPLIT = Split("90d", (AT, AT), (AT,), AT, "time")


def rows(y: np.ndarray) -> Rows:
    return Rows(np.zeros((y.size, 1), np.float32), y, np.arange(y.size), np.zeros(y.size, np.int64))


def drawn(p: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(p.size) < p).astype(float)


def judgement(shift: float, train_rate: float) -> Judgement:
    p = np.random.default_rng(1).beta(2, 2, N)
    y = drawn(np.clip(p + shift, 0, 1), 2)
    return judged(rows(y), p, rows(drawn(np.full(N, train_rate), 3)))


def test_perfect_probabilities_stay_below_the_expected_error_as_often_as_said() -> None:
    random = np.random.default_rng(0)
    below = 0
    for seed in range(200):
        p = random.beta(2, 3, 800)
        y = drawn(p, seed)
        below += calibration_error(y, p) <= expected_error(reliability(y, p))
    assert 0.90 <= below / 200 <= 1.0


def test_good_probabilities_are_called_calibrated() -> None:
    found = judgement(0.0, 0.5)
    assert found.calibrated
    assert verdict(found, found.metrics, SPLIT).count("Calibrated:") == 1


def test_a_season_is_said_plainly_with_its_shift() -> None:
    found = judgement(-0.15, 0.5)
    said = verdict(found, found.metrics, SPLIT)
    assert not found.calibrated
    assert "Not calibrated for this season" in said
    assert "the base rate went from" in said
    assert "do not take a threshold such as 70 % at its word" in said


def test_a_base_rate_that_the_probabilities_followed_is_mentioned_only() -> None:
    found = judgement(0.0, 0.3)
    said = verdict(found, found.metrics, SPLIT)
    assert found.calibrated
    assert found.shifted
    assert "Take care all the same" in said


def test_a_test_on_other_people_says_so() -> None:
    found = judgement(0.0, 0.5)
    said = verdict(found, found.metrics, Split("180d", (AT, AT), (AT,), AT, "people"))
    assert "other people in overlapping windows" in said


def test_at_seventy_percent_precision_stands_beside_the_mean_probability() -> None:
    y, p = np.array([1.0, 1.0, 0.0, 0.0, 1.0]), np.array([0.9, 0.8, 0.7, 0.69, 0.1])
    found = at_trigger(y, p)
    assert (found["n"], found["mean_probability"], found["precision"]) == (3, np.mean([0.9, 0.8, 0.7]), 2 / 3)
    assert at_trigger(y, p / 2)["n"] == 0


def test_permuted_outcomes_are_no_better_than_chance() -> None:
    p = np.random.default_rng(1).beta(2, 2, N)
    found = measured(np.random.default_rng(5).permutation(drawn(p, 2)), p)
    assert abs(found["roc_auc"] - 0.5) < 0.03
