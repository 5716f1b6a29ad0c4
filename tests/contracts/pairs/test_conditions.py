"""Conditions of every head give the people whom the naive evaluator gives, on every pair of stores."""

from __future__ import annotations

from pathlib import Path

from foretell import condition as language
from tests.properties.condition_check import cases, cases_by_hand, differences, further_cases, measure_differences
from tests.properties.condition_store import stored
from tests.properties.condition_world import world

SEED = 3
TOGETHER = {"sqlite+duckdb": 12, "postgresql+duckdb": 12, "postgresql+spark": 50}
"""Conditions to a query: starting a job costs Spark more than a further condition in it."""


def test_conditions_worked_out_by_hand(pair: str, tmp_path: Path) -> None:
    made, asked, people = cases_by_hand()
    with stored(made.history, tmp_path) as engine:
        found = differences(asked, made, engine, language, people, together=TOGETHER[pair])
    assert not found, found[0]


def test_random_conditions(pair: str, tmp_path: Path) -> None:
    made = world(SEED)
    asked = [*cases(SEED, made, 20), *further_cases(SEED, made, 20)]
    assert len(asked) == 50
    with stored(made.history, tmp_path) as engine:
        found = differences(asked, made, engine, language, together=TOGETHER[pair])
    assert not found, found[0]


def test_measures(pair: str, tmp_path: Path) -> None:
    made = world(SEED)
    with stored(made.history, tmp_path) as engine:
        found = measure_differences(SEED, made, engine)
    assert not found, found[0]
