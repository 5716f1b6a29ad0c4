"""Intervals of answers on a scale: by hand, at the ends, for people with several answers, with weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

from foretell.listen.scores import MEASURES
from foretell.stats import Scale, Sums, scale_interval, scale_means

NPS = Scale(-100, 100, 3)
Z = 1.6448536


def test_it_is_the_adjusted_wald_interval_of_rocks() -> None:
    """Three answers more: 3/4 promoters, 3/2 passives, 3/4 detractors."""
    promoters, passives, detractors = 12, 5, 3
    n = promoters + passives + detractors + 3
    p, d = (promoters + 0.75) / n, (detractors + 0.75) / n
    half = Z * math.sqrt((p + d - (p - d) ** 2) / n)
    values = [100.0] * promoters + [0.0] * passives + [-100.0] * detractors
    found = scale_interval(values, np.ones(20), NPS)
    assert (found.value, found.n) == (45.0, 20)
    assert (found.low, found.high) == (
        pytest.approx(100 * (p - d - half), abs=1e-5), pytest.approx(100 * (p - d + half), abs=1e-5),
    )  # fmt: skip


@pytest.mark.parametrize("value", [-100.0, 100.0])
@pytest.mark.parametrize("n", [1, 5, 50])
def test_at_an_end_it_is_no_point_and_stays_within_the_scale(value: float, n: int) -> None:
    found = scale_interval([value] * n, np.ones(n), NPS)
    assert -100 <= found.low <= found.value <= found.high <= 100
    assert found.high - found.low > 100 / (n + 3)


def test_answers_of_one_person_go_together() -> None:
    values = [100.0, -100.0] * 20
    apart = scale_interval(values, np.ones(40), NPS)
    # The same answers: four people, two of them ten times of one mind, two of the other.
    together = scale_interval([1000.0, -1000.0, 1000.0, -1000.0], [10.0] * 4, NPS)
    assert apart.value == together.value == 0
    assert together.high - together.low > 2 * (apart.high - apart.low)
    assert together.n == 4


def test_weights_do_not_depend_on_their_size_and_cost_precision() -> None:
    values, weights = np.array([100.0, 0, -100, 100, 100, -100]), np.array([1.0, 1, 1, 1, 1, 10])
    first, second = (scale_means(Sums.of(w * values, w), NPS) for w in (weights, 7 * weights))
    for name in ("value", "low", "high", "size"):
        assert getattr(first, name) == pytest.approx(getattr(second, name))
    assert first.size[0] == pytest.approx(15**2 / 105)


def test_groups_are_each_by_themselves_and_an_empty_one_is_nothing() -> None:
    num, den = np.array([100.0, -100, 0, 100]), np.ones(4)
    found = scale_means(Sums.of(num, den, np.array([0, 0, 2, 2]), 3), NPS)
    alone = scale_means(Sums.of(num[2:], den[2:]), NPS)
    assert found.value[2] == alone.value[0]
    assert found.low[2] == alone.low[0]
    assert np.isnan([found.value[1], found.low[1], found.high[1], found.size[1]]).all()
    assert scale_interval([], [], NPS).reason == "EMPTY"


def test_every_file_of_the_folder_is_a_measure_whose_parts_fit() -> None:
    assert set(MEASURES) == {"ces", "csat", "nps", "stars"}
    for key, measure in MEASURES.items():
        assert measure.key == key
        assert measure.main is measure.figures[0]
        assert measure.bands[0].above == measure.lowest
        assert [band.above for band in measure.bands] == sorted(band.above for band in measure.bands)
        for figure in measure.figures:
            if figure.unit == "mean":
                assert (figure.scale.lowest, figure.scale.highest) == (measure.lowest, measure.highest)
