"""The product-limit estimate against worked examples, and its bounds against plain shares."""

from __future__ import annotations

import math

import numpy as np
import pytest

from foretell.stats import kaplan_meier, proportion_interval


def test_a_worked_example() -> None:
    """Remission of leukaemia patients on 6-MP (Freireich et al. 1963; Cox and Oakes 1984, table 1.1)."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    relapsed = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    found = kaplan_meier(weeks, relapsed)
    assert found.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    surviving = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert (1 - found.share).tolist() == pytest.approx(surviving, abs=5e-5)
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert np.sqrt(found.variance).tolist() == pytest.approx(errors, abs=5e-5)
    assert found.median()[0] == 23


def test_with_nobody_censored_it_is_the_share_with_wilsons_interval() -> None:
    durations, happened = [1, 2, 3, 9, 9, 9, 9, 9], [1, 1, 1, 0, 0, 0, 0, 0]
    found, plain = kaplan_meier(durations, happened).by(9), proportion_interval(3, 8)
    assert found == pytest.approx((plain.value, plain.low, plain.high))
    assert kaplan_meier(durations, happened).by(2)[0] == pytest.approx(2 / 8)


def test_weights_stand_for_rows() -> None:
    rows = kaplan_meier([1, 1, 1, 4, 4, 5], [1, 1, 0, 1, 0, 0])
    told = kaplan_meier([1, 1, 4, 4, 5], [1, 0, 1, 0, 0], [2, 1, 1, 1, 1])
    for name in ("times", "share", "variance", "at_risk", "durations", "waiting", "before"):
        assert getattr(told, name).tolist() == pytest.approx(getattr(rows, name).tolist()), name


def test_the_ends() -> None:
    nobody = kaplan_meier([3, 4, 5], [0, 0, 0])
    value, low, high = nobody.by(4)
    assert (value, low) == (0, 0)
    assert high == pytest.approx(proportion_interval(0, 2).high)
    assert math.isnan(nobody.middle(5)[0])
    assert math.isnan(nobody.median()[0])
    everybody = kaplan_meier([1, 1, 2], [1, 1, 1])
    assert everybody.by(2)[::2] == (1, 1)
    assert everybody.by(2)[1] == pytest.approx(proportion_interval(3, 3).low)
    empty = kaplan_meier([], [])
    assert (empty.reach(1), empty.times.size) == (0, 0)
    assert math.isnan(empty.median()[0])
    with pytest.raises(ValueError, match="lengths differ"):
        kaplan_meier([1, 2], [1])


def test_the_middle_is_of_those_to_whom_it_happens_in_time() -> None:
    found = kaplan_meier([1, 2, 3, 4, *[30] * 16], [1, 1, 1, 1, *[0] * 16])
    middle, low, high = found.middle(30)
    assert (middle, found.by(30)[0]) == (2, pytest.approx(0.2))
    assert low <= middle <= high <= 30
    assert found.middle(3)[0] == 2


def test_it_reaches_as_far_as_enough_are_known() -> None:
    recent = kaplan_meier([*[1] * 5, *[2] * 90, 50], [*[1] * 5, *[0] * 90, 0])
    assert recent.reach(10) == 2  # one alone was watched for 50: of the ninety nothing is known after 2
    settled = kaplan_meier([*[1] * 14, *[50] * 6], [*[1] * 14, *[0] * 6])
    assert settled.reach(10) == 50
    assert settled.reach(30) == 0


def test_coverage_under_censoring() -> None:
    """The bounds hold the truth in about nine of ten seeded runs: exponential times, censored evenly."""
    rng, inside, runs, people = np.random.default_rng(4), 0, 400, 120
    truth = 1 - math.exp(-0.7)
    for _ in range(runs):
        takes, watched = rng.exponential(1.0, people), rng.uniform(0, 1.6, people)
        _, low, high = kaplan_meier(np.minimum(takes, watched), takes <= watched).by(0.7)
        inside += low <= truth <= high
    assert 0.86 <= inside / runs <= 0.95
