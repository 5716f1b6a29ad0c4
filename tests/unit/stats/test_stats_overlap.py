"""Comparing groups that nobody drew by lot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from foretell.stats import CONSTANT, EMPTY, NOT_FINITE, TOO_FEW, expit, overlap_difference


def test_it_balances_the_covariates_exactly() -> None:
    draw = np.random.default_rng(1)
    x = draw.normal(size=(600, 3))
    a = draw.random(600) < expit(x[:, 0] - 0.5 * x[:, 1])
    found = overlap_difference(draw.random(600), a, x)
    assert np.abs(found.before).max() > 0.3
    assert np.abs(found.after).max() < 1e-4
    assert 0 < found.treated_effective <= a.sum()


def test_without_covariates_it_is_the_difference_of_means() -> None:
    y, a = np.array([1.0, 0, 1, 1, 0, 0, 0, 1] * 20), np.array([True, True, True, False] * 40)
    found = overlap_difference(y, a, np.zeros((160, 1)))
    assert found.difference.value == pytest.approx(y[a].mean() - y[~a].mean())


def test_what_cannot_be_compared_is_told() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=200)
    apart = overlap_difference(draw.random(200), x > 0, x)
    assert (apart.difference.reason, math.isnan(apart.difference.value)) == (TOO_FEW, True)
    assert overlap_difference([0.0, 1.0], [True, True], [[1.0], [2.0]]).difference.reason == EMPTY
    assert overlap_difference([0.0, math.nan], [True, False], [[1.0], [2.0]]).difference.reason == NOT_FINITE
    assert overlap_difference(np.ones(200), draw.random(200) < 0.5, x).difference.reason == CONSTANT
    with pytest.raises(ValueError, match="lengths differ"):
        overlap_difference([0.0, 1.0], [True], [[1.0], [2.0]])
