"""The calibration gate: a calibrator has to have helped on windows that it did not see."""

from __future__ import annotations

import numpy as np

from foretell.predict.binary.calibrate import gate
from foretell.stats import expit

WINDOWS, PEOPLE = 4, 1_500
ORIGIN = np.repeat(np.arange(WINDOWS), PEOPLE)
FOLD = np.tile(np.arange(PEOPLE) % 3, WINDOWS)
BEFORE = [None, 0, 1, 2]


def outcomes(shifts: list[float], slope: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes and logits whose truth is ``slope * logit + shift`` of the window."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, ORIGIN.size)
    p = expit(slope * logits + np.array(shifts)[ORIGIN])
    return (random.random(ORIGIN.size) < p).astype(float), logits


def test_a_level_that_lasts_is_taken_from_the_latest_window() -> None:
    y, logits = outcomes([0.8] * 4)
    found = gate(y, logits, ORIGIN, FOLD, BEFORE)
    assert (found.source, found.checks, found.helped) == ("latest window", 3, 3)
    assert abs(found.calibrator.apply(np.zeros(1))[0] - expit(0.8)) < 0.03


def test_a_level_that_swings_is_not() -> None:
    y, logits = outcomes([0.9, -0.9, 0.9, -0.9])
    found = gate(y, logits, ORIGIN, FOLD, BEFORE)
    assert found.source != "latest window"
    assert found.gain is not None
    assert found.gain > 0
    assert abs(found.calibrator.apply(np.zeros(1))[0] - 0.5) < 0.03


def test_overconfidence_is_mended_even_where_the_level_swings() -> None:
    y, logits = outcomes([0.9, -0.9, 0.9, -0.9], slope=0.4)
    found = gate(y, logits, ORIGIN, FOLD, BEFORE)
    assert (found.source, found.kind) == ("all windows", "platt")
    assert found.calibrator.apply(np.array([3.0]))[0] < expit(1.6)


def test_perfect_probabilities_are_left_nearly_alone() -> None:
    y, logits = outcomes([0.0] * 4, seed=4)
    found = gate(y, logits, ORIGIN, FOLD, BEFORE)
    moved = found.calibrator.apply(logits) - expit(logits)
    assert np.abs(moved).mean() < 0.02


def test_one_class_is_left_alone() -> None:
    logits = np.linspace(-1, 1, ORIGIN.size)
    found = gate(np.zeros(ORIGIN.size), logits, ORIGIN, FOLD, BEFORE)
    assert (found.kind, found.source) == ("none", "none")


def test_without_an_earlier_window_people_held_out_decide() -> None:
    y, logits = outcomes([0.8] * 4)
    found = gate(y, logits, ORIGIN, FOLD, [None] * WINDOWS)
    assert (found.source, found.checks, found.gain) == ("latest window", 0, None)
