"""The compiler gives the same people as the naive evaluator, for any condition over any history.

``FORETELL_CONDITION_WORLDS`` sets how many histories are made, each with 90 conditions. What
``test_conditions_mutations.py`` makes of the compiler is held against further ones.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from foretell import condition as language
from foretell.clock import Duration, naive_utc
from foretell.condition.clocks import Zones
from foretell.condition.deadlines import with_deadlines
from tests.properties import condition_by_hand_more as more
from tests.properties.condition_check import (
    cases,
    cases_by_hand,
    differences,
    explained,
    further_cases,
    measure_differences,
    naive,
)
from tests.properties.condition_store import Known, stored
from tests.properties.condition_world import world
from tests.properties.naive import moved

SEEDS = st.integers(0, 2**32 - 1)
WORLDS = int(os.environ.get("FORETELL_CONDITION_WORLDS", "8"))


@settings(
    max_examples=WORLDS,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(SEEDS)
def test_compiler_and_naive_evaluator_agree(seed: int) -> None:
    made = world(seed)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        asked = [*cases(seed, made, 40), *further_cases(seed, made, 30)]
        found = differences(asked, made, engine, language)
        assert not found, found[0]


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(SEEDS)
def test_measures_agree(seed: int) -> None:
    made = world(seed)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        found = measure_differences(seed, made, engine)
        assert not found, found[0]


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(SEEDS)
def test_the_explanation_says_the_same(seed: int) -> None:
    """Whether a condition holds for one person is told as it is found for many."""
    made, rng = world(seed), Random(seed)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        for case in further_cases(seed, made, 15):
            person = rng.choice(list(made.people))
            if case.future is None:
                assert explained(case, made, engine, person).holds == (person in naive(case, made)), (case, person)


def test_the_compiler_by_hand() -> None:
    """What ``test_conditions_naive.py`` holds against the evaluator, all in one query."""
    made, asked, people = cases_by_hand()
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        found = differences(asked, made, engine, language, people)
        assert not found, found[0]


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe"])
def test_calendar_steps_around_clock_changes(zone: str) -> None:
    """A month after instants from which it ends where clocks are set forward or back."""
    here, month = ZoneInfo(zone), Duration(1, "mo")
    steps = [timedelta(minutes=15 * number, microseconds=more) for number in range(110) for more in (-1, 0, 1)]
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(366)]
    offsets = [(day, day.astimezone(here).utcoffset()) for day in days]
    turns = [day for (day, before), (_, after) in pairwise(offsets) if before != after]
    starts = [moved(turn, month, -1, here) + step for turn in turns for step in steps]
    starts += [turn + step for turn in turns for step in steps]
    frame = language.Frame(datetime(2025, 6, 1, tzinfo=UTC), here)
    zones = Zones([], datetime(2023, 1, 1))
    with tempfile.TemporaryDirectory() as folder, stored(more.HISTORY, Path(folder)) as engine:
        scope = language.Scope(frame, engine.log.properties(), Known({}, {}), zones=lambda: zones)
        rows = with_deadlines("SELECT s.ts FROM starts AS s", {"until": month}, scope)
        told = pa.table({"ts": pa.array([naive_utc(one) for one in starts], pa.timestamp("us"))})
        found = engine.analytics.query(rows, tables={"starts": told})
    wrong = {
        ts: until
        for ts, until in zip(found["ts"].to_pylist(), found["until"].to_pylist(), strict=True)
        if until != naive_utc(moved(ts.replace(tzinfo=UTC), month, 1, here))
    }
    assert not wrong
