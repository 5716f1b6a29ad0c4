"""Intervals, bootstrap weights and base-rate shift."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from foretell import stats
from foretell.ids import unit_intervals
from foretell.stats import (
    LEVEL,
    Floats,
    base_rate_shift,
    bootstrap,
    mean_interval,
    mean_interval_of,
    normal_quantile,
    poisson_weights,
    proportion_interval,
    wilson_bounds,
)


def test_normal_quantile() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959963985)


def test_everything_is_at_ninety_percent_where_nobody_asks_for_another_level() -> None:
    assert LEVEL == 0.90
    doors = [door for name in stats.__all__ if inspect.isfunction(door := getattr(stats, name))]
    levels = {door.__name__: inspect.signature(door).parameters.get("level") for door in doors}
    told = {name: level.default for name, level in levels.items() if level is not None}
    assert told.pop("normal_quantile") is inspect.Parameter.empty
    assert len(told) == 13
    assert set(told.values()) == {LEVEL}
    found = proportion_interval(3, 4)  # the roots of (3/4 - x)² = 1.6448536² x (1 - x) / 4
    assert (found.low, found.high) == pytest.approx((0.356168, 0.942093), abs=1e-6)
    assert found.level == LEVEL


def test_wilson_matches_the_published_examples() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    low, high = wilson_bounds([81, 15, 0, 1], [263, 148, 20, 29], 0.95)
    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_wilson_without_trials_is_unknown_and_stays_inside_the_unit_interval() -> None:
    low, high = wilson_bounds([0, 5], [0, 5])
    assert np.isnan([low[0], high[0]]).all()
    assert high[1] == 1.0
    assert 0 < low[1] < 1
    found = proportion_interval(0, 0)
    assert np.isnan(found.value)
    assert found.reason == "EMPTY"
    assert proportion_interval(3, 4).value == 0.75


def test_mean_interval_is_students() -> None:
    found = mean_interval([2.0, 4.0, 6.0, 8.0])
    assert found.value == 5.0
    assert found.high - 5.0 == pytest.approx(2.353363 * np.sqrt(20 / 3 / 4), rel=1e-6)
    assert mean_interval_of(4, 5.0, 20 / 3) == found


@pytest.mark.parametrize(
    ("values", "reason", "value"),
    [
        ([], "EMPTY", np.nan),
        ([3.0], "TOO_FEW", 3.0),
        ([3.0, 3.0], "CONSTANT", 3.0),
        ([1.0, np.nan], "NOT_FINITE", np.nan),
    ],
)
def test_mean_interval_of_degenerate_values_says_why(values: list[float], reason: str, value: float) -> None:
    found = mean_interval(values)
    assert found.reason == reason
    assert found.value == pytest.approx(value, nan_ok=True)


def test_poisson_weights_have_mean_and_variance_one() -> None:
    weights = poisson_weights((np.arange(100_000) + 0.5) / 100_000)
    assert weights.mean() == pytest.approx(1.0, abs=1e-3)
    assert weights.var() == pytest.approx(1.0, abs=1e-2)
    assert weights.min() == 0
    assert poisson_weights([0.0, 0.36, 0.37, 0.9999]).tolist() == [0, 0, 1, 6]


def _draw(keys: npt.NDArray[np.uint64]) -> Callable[[int], Floats]:
    return lambda b: unit_intervals(f"test:{b}", keys)


def test_bootstrap_agrees_with_the_normal_interval_and_repeats() -> None:
    keys = np.arange(2_000, dtype=np.uint64)
    values = np.sin(keys.astype(float) * 12.9898) * 3 + 1

    def mean(weights: Floats) -> float:
        return float(weights @ values / weights.sum())

    found = bootstrap(mean, _draw(keys), replicates=400)
    normal = mean_interval(values)
    assert found.value == pytest.approx(normal.value)
    assert found.low == pytest.approx(normal.low, abs=0.02)
    assert found.high == pytest.approx(normal.high, abs=0.02)
    assert bootstrap(mean, _draw(keys), replicates=400) == found
    turned = bootstrap(lambda w: float(w @ values[::-1] / w.sum()), _draw(keys[::-1]), replicates=400)
    assert turned.low == pytest.approx(found.low)


def test_bootstrap_of_nothing_and_of_an_undefined_statistic() -> None:
    assert bootstrap(lambda w: float(w.sum()), lambda _: np.zeros(0)).reason == "EMPTY"
    found = bootstrap(lambda _: float("nan"), lambda _: np.full(5, 0.5))
    assert found.reason == "TOO_FEW"
    assert np.isnan(found.low)


def test_base_rate_shift_matches_newcombe() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 873: 56/70 - 48/80, method 10.
    found = base_rate_shift(48, 80, 56, 70, 0.95)
    assert found.difference == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.z == pytest.approx(2.6507, abs=1e-3)
    assert found.p_value == pytest.approx(0.00803, abs=1e-4)
    back = base_rate_shift(56, 70, 48, 80, 0.95)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_base_rate_shift_of_degenerate_sides() -> None:
    assert base_rate_shift(0, 0, 1, 2).reason == "EMPTY"
    found = base_rate_shift(0, 10, 0, 20)
    assert (found.reason, found.z, found.p_value) == ("ONE_CLASS", 0.0, 1.0)
    assert found.low < 0 < found.high
