"""Platt, isotonic and the gate, on ordinary and on degenerate data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from foretell.stats import (
    Calibrator,
    calibration_gate,
    calibrator_from_dict,
    expit,
    fit_isotonic,
    fit_platt,
    log_loss,
)

RNG = np.random.default_rng(8)
LOGITS = RNG.normal(-1, 1.5, 5_000)
Y = (RNG.random(5_000) < expit(LOGITS)).astype(float)
FOLDS = np.arange(5_000) % 5


def test_platt_is_the_logistic_regression_on_the_logit() -> None:
    found = fit_platt(Y, 3 * LOGITS + 2)
    model = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit((3 * LOGITS + 2)[:, None], Y)
    assert found.slope == pytest.approx(model.coef_[0, 0], rel=5e-3)
    assert found.intercept == pytest.approx(model.intercept_[0], rel=5e-3)


@pytest.mark.parametrize("stretch", [1.0, 1e-6, 1e6])
def test_platt_is_finite_on_separable_data(stretch: float) -> None:
    found = fit_platt([0, 0, 0, 1, 1], np.array([-2.0, -1.0, -0.5, 0.5, 3.0]) * stretch)
    assert found.reason == ""
    assert found.slope > 0
    p = found.apply(np.array([-2.0, 3.0]) * stretch)
    assert 0.05 < p[0] < 0.4
    assert 0.6 < p[1] < 0.95


@pytest.mark.parametrize(
    ("y", "logits", "reason"),
    [
        ([], [], "EMPTY"),
        ([1, 1], [0.1, 0.2], "ONE_CLASS"),
        ([0, 0], [0.1, 0.2], "ONE_CLASS"),
        ([1, 0], [0.1, np.inf], "NOT_FINITE"),
        ([1, 0], [0.1, np.nan], "NOT_FINITE"),
    ],
)
def test_platt_is_the_identity_where_nothing_can_be_learnt(y: list[float], logits: list[float], reason: str) -> None:
    found = fit_platt(y, logits)
    assert (found.slope, found.intercept, found.reason) == (1.0, 0.0, reason)


def test_platt_on_constant_and_on_reversed_scores() -> None:
    constant = fit_platt([1, 0, 0, 0], [2.0] * 4)
    assert constant.reason == "CONSTANT"
    assert constant.apply([2.0])[0] == pytest.approx(0.25)
    assert fit_platt(Y, -LOGITS).reason == "REVERSED"


def test_isotonic_is_the_pooled_rate() -> None:
    found = fit_isotonic(Y, LOGITS)
    theirs = IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip").fit(LOGITS, Y)
    at = np.linspace(-6, 5, 200)
    assert found.apply(at) == pytest.approx(theirs.predict(at), abs=1e-4)
    assert found.logits.size < 200
    assert np.all(np.diff(found.p) >= 0)


def test_isotonic_on_ties_one_class_and_nothing() -> None:
    assert fit_isotonic([0, 1, 1, 1], [0.0, 0.0, 1.0, 1.0]).apply([0.0, 1.0]) == pytest.approx([0.5, 0.875])
    flat = fit_isotonic([0, 0], [1.0, 2.0])
    assert flat.reason == "ONE_CLASS"
    assert flat.apply([9.0])[0] == pytest.approx(0.25)
    assert fit_isotonic([0, 1], [1.0, 1.0]).reason == "CONSTANT"
    assert fit_isotonic([], []).reason == "EMPTY"


@pytest.mark.parametrize("calibrator", [fit_platt(Y, LOGITS), fit_isotonic(Y, LOGITS)])
def test_a_calibrator_survives_its_file(calibrator: Calibrator) -> None:
    again = calibrator_from_dict(json.loads(json.dumps(calibrator.as_dict())))
    assert np.array_equal(again.apply(LOGITS), calibrator.apply(LOGITS))


def test_a_file_of_another_calibrator_is_refused() -> None:
    with pytest.raises(ValueError, match="'beta'"):
        calibrator_from_dict({"kind": "beta"})


def test_the_gate_takes_what_lowers_the_held_out_loss() -> None:
    found = calibration_gate(Y, 2 * LOGITS, FOLDS)
    assert (found.kind, found.reason) == ("platt", "")
    assert found.log_loss_after < found.log_loss_before
    assert log_loss(Y, found.calibrator.apply(2 * LOGITS)) < log_loss(Y, expit(2 * LOGITS))


def test_the_gate_takes_isotonic_for_a_bent_curve_with_enough_positives() -> None:
    bent = np.sign(LOGITS) * np.abs(LOGITS) ** 0.2
    assert calibration_gate(Y, bent, FOLDS).kind == "platt"
    assert calibration_gate(Y, bent, FOLDS, isotonic_from_positives=500).kind == "isotonic"


def test_the_gate_stays_shut() -> None:
    noise = np.random.default_rng(2)
    y = (noise.random(60) < 0.5).astype(float)
    assert calibration_gate(y, np.zeros(60) + noise.normal(0, 1e-3, 60), np.arange(60) % 5).kind == "none"
    one_fold = calibration_gate(Y, 2 * LOGITS, np.zeros(5_000))
    assert (one_fold.kind, one_fold.reason) == ("none", "NO_GAIN")
    assert one_fold.calibrator.apply([0.3]) == pytest.approx(expit([0.3]))
    assert calibration_gate(np.ones(5), np.arange(5.0), np.arange(5)).reason == "ONE_CLASS"
    assert calibration_gate([], [], []).reason == "EMPTY"
    assert calibration_gate(Y, -LOGITS, FOLDS).reason == "REVERSED"
