"""Rolling origin: which windows are complete, and that the test never lies in what was learnt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.predict.windows import HISTORY_DAYS, MOST_ORIGINS, complete_origins, split_of

UTC_ZONE = ZoneInfo("UTC")
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def test_a_year_of_history_gives_the_windows_worked_out_by_hand() -> None:
    until = FIRST + timedelta(days=365)
    split = split_of(FIRST, until, "90d", UTC_ZONE, thing="x")
    days = [(origin - FIRST).days for origin in split.origins]
    assert days == [35, 65, 95, 125, 155, 185, 215, 245, 275]
    assert (split.test - FIRST).days == 275
    assert [(origin - FIRST).days for origin in split.fit] == [35, 65, 95, 125, 155, 185]
    assert split.by == "time"


def test_too_short_for_time_is_parted_by_people() -> None:
    split = split_of(FIRST, FIRST + timedelta(days=373), "180d", UTC_ZONE, thing="x")
    assert split.by == "people"
    assert split.fit == split.origins[:-1]


def test_one_window_is_parted_by_people_again_and_again() -> None:
    split = split_of(FIRST, FIRST + timedelta(days=130), "90d", UTC_ZONE, thing="x", people=7_000)
    assert (split.origins, split.fit, split.by) == ((split.test,), (split.test,), "people")
    assert (split.folds, split.repeats) == (5, 3)
    assert {"folds", "repeats"} <= set(split.as_dict())
    many = split_of(FIRST, FIRST + timedelta(days=130), "90d", UTC_ZONE, thing="x", people=70_000)
    assert (many.folds, many.repeats) == (5, 1)


def test_what_was_all_told_at_one_instant_needs_no_history_before_it() -> None:
    split = split_of(FIRST, FIRST + timedelta(days=90), "90d", UTC_ZONE, thing="x")
    assert (split.test, split.folds) == (FIRST, 5)


@pytest.mark.parametrize("days", [80, 100])
def test_no_window_is_refused(days: int) -> None:
    with pytest.raises(ForetellError) as refused:
        split_of(FIRST, FIRST + timedelta(days=days), "90d", UTC_ZONE, thing="prediction churn")
    assert refused.value.code == "TOO_LITTLE_HISTORY"
    assert "no complete window" in refused.value.what


@given(days=st.integers(40, 2_000), horizon=st.sampled_from(["1d", "7d", "2w", "30d", "90d", "6mo", "1y"]))
def test_nothing_that_is_learnt_reaches_into_the_test(days: int, horizon: str) -> None:
    until = FIRST + timedelta(days=days)
    assume(len(complete_origins(FIRST, until, horizon, UTC_ZONE)) >= 2)
    split = split_of(FIRST, until, horizon, UTC_ZONE, thing="x")
    length = Duration.parse(horizon)
    assert all(length.after(origin, UTC_ZONE) <= until for origin in split.origins)
    assert all(origin - FIRST >= timedelta(days=HISTORY_DAYS) for origin in split.origins)
    assert split.test not in split.fit
    assert 2 <= len(split.origins) <= MOST_ORIGINS
    if split.by == "time":
        assert all(length.after(origin, UTC_ZONE) <= split.test for origin in split.fit)
