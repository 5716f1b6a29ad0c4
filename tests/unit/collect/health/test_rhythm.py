"""Silence and volume: what is usual is learned from the week, clean weeks are quiet, planted breaks are found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from foretell.collect.health.rhythm import DAY, QUARTERS, WEEK, WEEKS, Bound, Counts, days, expected, silence

SEED = 20260514
FIRST_QUARTERS = QUARTERS + 4 * WEEK


def shop_rates(per_day: float, weeks: int) -> npt.NDArray[np.float64]:
    """Expected events a quarter: asleep from 1 to 7, most in the evening, Saturdays twice as busy."""
    hours = np.arange(DAY) / 4
    shape = np.where((hours >= 1) & (hours < 7), 0.0, 1 + np.sin((hours - 9) / 24 * 2 * np.pi) ** 2)
    week = np.concatenate([shape * (2.0 if day == 5 else 1.0) for day in range(7)])
    return np.tile(week / week.sum() * 7 * per_day, weeks)


def at(counts: Counts, end: int) -> Bound:
    """The silence as told at the end of the quarter before ``end``."""
    seen = counts[end - QUARTERS : end]
    return silence(seen, float((QUARTERS - 1 - np.flatnonzero(seen)[-1]) * 900 + 450))


def test_clean_weeks_raise_hardly_an_alarm() -> None:
    told = {"silence": 0, "volume": 0}
    looks = 0
    for number, per_day in enumerate((40.0, 150.0, 600.0, 5_000.0)):
        counts = np.random.default_rng(SEED + number).poisson(shop_rates(per_day, WEEKS + 4)).astype(np.int64)
        for end in range(QUARTERS, FIRST_QUARTERS, 5):
            looks += 1
            told["silence"] += at(counts, end).out
            told["volume"] += days(counts[end - QUARTERS : end])[-1].out
    assert told["silence"] / looks < 0.002, told
    assert told["volume"] / looks < 0.01, told


def test_a_nightly_file_that_comes_once_a_day_is_no_silence() -> None:
    counts = np.zeros(FIRST_QUARTERS, np.int64)
    late = np.random.default_rng(SEED).integers(0, 3, FIRST_QUARTERS // DAY)
    counts[np.arange(FIRST_QUARTERS // DAY) * DAY + 8 + late] = 900
    assert not any(at(counts, end).out for end in range(QUARTERS + DAY, FIRST_QUARTERS, 3))
    stopped = counts.copy()
    stopped[QUARTERS + DAY :] = 0
    told = [at(stopped, QUARTERS + DAY + 8 + 4 * hours).out for hours in range(48)]
    assert 0 < told.index(True) < 30
    assert all(told[told.index(True) :])


def test_a_shop_that_falls_silent_by_day_is_told_within_hours_and_stays_told() -> None:
    counts = np.random.default_rng(SEED).poisson(shop_rates(600.0, WEEKS + 4)).astype(np.int64)
    noon = QUARTERS + 2 * DAY + 48
    counts[noon:] = 0
    told = [at(counts, noon + quarters).out for quarters in range(1, 2 * WEEK)]
    assert told.index(True) < 3 * 4
    assert all(told[told.index(True) + 4 * 24 :]), "an outage of weeks does not become usual"


def test_half_the_volume_is_told_within_a_day_and_a_half() -> None:
    counts = np.random.default_rng(SEED).poisson(shop_rates(600.0, WEEKS + 4)).astype(np.int64)
    begin = QUARTERS + DAY
    counts[begin:] = np.random.default_rng(SEED + 1).binomial(counts[begin:], 0.5)
    told = [days(counts[begin + late - QUARTERS : begin + late])[-1] for late in range(0, 2 * DAY, 4)]
    out = [one.out for one in told]
    assert not out[0]
    assert out.index(True) < 36
    assert all(one.low is not None and one.value < one.low for one in told[36:])


def test_too_young_a_source_is_not_judged() -> None:
    counts = np.zeros(QUARTERS, np.int64)
    counts[-2 * WEEK :: 2] = 9
    assert silence(counts, 80_000.0) == Bound(80_000.0, None, None, False)
    assert days(counts)[-1] == Bound(432.0, None, None, False)


def test_what_is_expected_is_the_mean_of_earlier_weeks() -> None:
    counts = np.zeros(QUARTERS, np.int64)
    for week, number in enumerate((3, 5, 7), start=1):
        counts[QUARTERS - 4 - week * WEEK] = number
    assert expected(counts, QUARTERS - 4, QUARTERS, first=QUARTERS - 4 - 3 * WEEK) == 5.0
    assert expected(counts, QUARTERS - 4, QUARTERS, first=QUARTERS - 4) == 0.0
