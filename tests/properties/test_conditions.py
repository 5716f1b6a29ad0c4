"""The compiler gives the same people as the naive evaluator, for any condition over any history."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from foretell import condition as language
from tests.properties.condition_check import cases, differences, measure_differences
from tests.properties.condition_store import stored
from tests.properties.condition_world import world

SEEDS = st.integers(0, 2**32 - 1)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(SEEDS)
def test_compiler_and_naive_evaluator_agree(seed: int) -> None:
    made = world(seed)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        found = differences(list(cases(seed, made, 40)), made, engine, language)
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
