"""Differences between groups drawn by lot: published values, an independent oracle, coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ttest_ind

from foretell.stats import CONSTANT, EMPTY, TOO_FEW, base_rate_shift, difference_of_means, difference_of_shares

DRAWS = 1_500


@pytest.mark.parametrize(
    ("hits", "n", "other", "m"), [(56, 70, 48, 80), (9, 10, 3, 10), (0, 60, 5, 40), (4, 30, 2, 12)]
)
def test_shares_are_newcombes_drawn_in_by_what_effects_must_differ(hits: int, n: int, other: int, m: int) -> None:
    found, newcombe = difference_of_shares(hits, n, other, m, 0.95), base_rate_shift(other, m, hits, n, 0.95)
    value = hits / n - other / m
    shares = [((k + 1) / (size + 2), size) for k, size in ((hits, n), (other, m))]
    variance = sum(share * (1 - share) / size for share, size in shares)
    assert found.value == pytest.approx(value)
    assert newcombe.low < found.low < found.value < found.high < newcombe.high
    for bound, outer in ((found.low, newcombe.low), (found.high, newcombe.high)):
        left = 1 - abs(bound) * (1 - abs(bound)) / (n + m) / variance
        assert (value - bound) ** 2 == pytest.approx((value - outer) ** 2 * left)


def test_around_no_effect_nothing_is_drawn_in() -> None:
    # The lower bound is 0.0002 here, and Newcombe's too: whether 0 is in does not hang on the bound of effects.
    found, newcombe = difference_of_shares(40, 100, 23, 80), base_rate_shift(23, 80, 40, 100, 0.90)
    assert (found.low > 0) == (newcombe.low > 0)
    assert found.low == pytest.approx(newcombe.low, abs=2e-3)


def test_shares_turned_around_are_the_same_mirrored() -> None:
    one, other = difference_of_shares(17, 40, 30, 90), difference_of_shares(30, 90, 17, 40)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


def test_means_are_welchs() -> None:
    x, y = np.array([0.0, 0, 0, 12.5, 40, 3, 0, 99]), np.array([0.0, 0, 7, 15, 2])
    expected = ttest_ind(x, y, equal_var=False).confidence_interval(0.90)
    found = difference_of_means(x, y)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.value == pytest.approx(x.mean() - y.mean())


def test_degenerate_groups_say_so() -> None:
    assert difference_of_shares(0, 0, 3, 10).reason == EMPTY
    assert difference_of_means([], [1.0]).reason == EMPTY
    assert difference_of_means([1.0], [1.0, 2.0]).reason == TOO_FEW
    assert difference_of_means([0.0, 0.0], [0.0, 0.0]).reason == CONSTANT
    assert math.isnan(difference_of_means([0.0, 0.0], [0.0, 0.0]).low)


def worlds(n: int, base: float, won: float, lost: float) -> tuple[np.ndarray, ...]:
    """What ``n`` people do without and with the treatment, and what each spends; the same on every run."""
    rng = np.random.default_rng(n)
    without = rng.random(n) < base
    chance = rng.random(n)
    with_it = np.where(without, chance >= lost, chance < won)
    spend = np.exp(3 + 0.9 * rng.standard_normal(n))
    return without, with_it, without * spend, with_it * spend


@pytest.mark.parametrize(
    ("n", "base", "won", "lost"),
    [(133, 0.25, 0.0, 0.0), (133, 0.25, 0.2, 0.0), (60, 0.3, 0.25, 0.05), (40, 0.2, 0.6, 0.0)],
)
def test_both_intervals_cover_the_effect_on_these_people(n: int, base: float, won: float, lost: float) -> None:
    without, with_it, spent, spent_with = worlds(n, base, won, lost)
    rng = np.random.default_rng(7)
    truth, truth_spent = with_it.mean() - without.mean(), spent_with.mean() - spent.mean()
    covered = np.zeros(2)
    for _ in range(DRAWS):
        held = rng.random(n) < 0.3
        m = int(held.sum())
        shares = difference_of_shares(int(with_it[~held].sum()), n - m, int(without[held].sum()), m)
        means = difference_of_means(spent_with[~held], spent[held])
        covered += shares.low <= truth <= shares.high, means.low <= truth_spent <= means.high
    # Two-sided 99.9 % of a simulation of this size is 0.026 to each side.
    assert 0.86 < covered[0] / DRAWS < 0.95
    assert covered[1] / DRAWS > 0.86  # wider than it need be where effects differ much
