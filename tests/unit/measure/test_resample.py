"""The bootstrap of many cells is that of each cell by itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from foretell.ids import unit_intervals
from foretell.measure.resample import REPLICATES, Cells, quotient_bounds
from foretell.stats import bootstrap


def cells_of(people: list[int], num: list[float], den: list[float], cells: list[int]) -> Cells:
    return Cells(np.array(people, np.uint64), np.array(num), np.array(den), np.array(cells, np.int64))


def test_each_cell_is_as_if_it_were_alone() -> None:
    rng = np.random.default_rng(7)
    people, cells = np.tile(np.arange(60, dtype=np.uint64), 2), np.repeat([0, 2], 60)
    num, den = rng.gamma(2.0, 30.0, 120), rng.integers(1, 5, 120).astype(float)
    found = quotient_bounds("kpi:x", Cells(people, num, den, cells), 3)
    assert found[1] is None
    for cell in (0, 2):
        inside = cells == cell
        keys, above, below = people[inside], num[inside], den[inside]

        def quotient(weights: np.ndarray, above: np.ndarray = above, below: np.ndarray = below) -> float:
            return float(weights @ above / (weights @ below))

        alone = bootstrap(quotient, lambda b, keys=keys: unit_intervals(f"kpi:x:{b}", keys), replicates=REPLICATES)
        assert found[cell] == (pytest.approx(alone.low), pytest.approx(alone.high))


def test_the_interval_is_as_wide_as_the_delta_method_says() -> None:
    rng = np.random.default_rng(3)
    n = 2000
    den = rng.poisson(2.0, n) + 1.0
    num = den * rng.gamma(4.0, 10.0, n)
    found = quotient_bounds("kpi:y", Cells(np.arange(n, dtype=np.uint64), num, den, np.zeros(n, np.int64)), 1)[0]
    assert found is not None
    quotient = num.sum() / den.sum()
    error = math.sqrt(((num - quotient * den) ** 2).sum()) / den.sum()
    assert (found[1] - found[0]) / (2 * 1.645 * error) == pytest.approx(1.0, abs=0.15)
    assert found[0] < quotient < found[1]


@pytest.mark.parametrize(
    "data",
    [
        cells_of([1], [5.0], [1.0], [0]),
        cells_of([1, 2], [5.0, 1.0], [0.0, 0.0], [0, 0]),
        cells_of([], [], [], []),
    ],
)
def test_too_few_people_have_no_bounds(data: Cells) -> None:
    assert quotient_bounds("kpi:z", data, 1) == [None]


def test_all_of_one_person_moves_together() -> None:
    apart = quotient_bounds("s", cells_of([1, 2, 3, 4], [1.0, 0.0, 1.0, 0.0], [1.0] * 4, [0] * 4), 1)[0]
    same = quotient_bounds("s", cells_of([1, 1, 1, 1], [1.0, 0.0, 1.0, 0.0], [1.0] * 4, [0] * 4), 1)[0]
    assert same == (0.5, 0.5)
    assert apart is not None
    assert apart[0] < 0.5 < apart[1]
