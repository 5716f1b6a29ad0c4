"""Everything told at one instant: people judge people, and what is said of those at 70 % is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from foretell.predict.binary.crossed import crossed
from foretell.predict.binary.judge import Trial, verdict
from foretell.predict.binary.rows import Rows
from foretell.predict.estimators import BOOSTED
from foretell.predict.windows import Split
from foretell.stats import log_loss, roc_auc
from tests.support.contractual import contracts

AT = datetime(2024, 1, 1, tzinfo=UTC)
SPLIT = Split("30d", (AT,), (AT,), AT, "people", 3, 2)
PEOPLE = contracts(2_400, 3)
COLUMNS = PEOPLE.columns()


def judged(y: np.ndarray, split: Split) -> Trial:
    rows = Rows(np.column_stack(list(COLUMNS.values())), y, np.arange(len(PEOPLE)), np.zeros(len(PEOPLE), np.int64))
    with threadpool_limits(limits=1):
        return crossed(rows, tuple(COLUMNS), split, ZoneInfo("UTC"), "seed", 5, BOOSTED)


@pytest.fixture(scope="module")
def trial() -> Trial:
    return judged(PEOPLE.leaves, SPLIT)


def test_it_comes_near_the_truth(trial: Trial) -> None:
    metrics = trial.judgement.metrics
    assert metrics["roc_auc"] > roc_auc(PEOPLE.leaves, PEOPLE.chance) - 0.015
    assert metrics["log_loss"] < log_loss(PEOPLE.leaves, PEOPLE.chance) + 0.012
    assert np.abs(trial.tested.p - PEOPLE.chance).mean() < 0.05


def test_it_is_better_than_the_logistic_baseline(trial: Trial) -> None:
    metrics, baseline = trial.judgement.metrics, trial.baseline
    assert metrics["roc_auc"] > baseline["roc_auc"]
    assert metrics["log_loss"] < baseline["log_loss"]
    assert metrics["brier"] < baseline["brier"]


def test_seventy_percent_means_seventy_percent(trial: Trial) -> None:
    found = {name: value or 0.0 for name, value in trial.judgement.at_trigger.items()}
    assert found["n"] > 100
    assert found["precision_low"] <= found["mean_probability"] <= found["precision_high"]
    assert trial.judgement.calibrated


def test_everybody_is_judged_once_and_the_verdict_says_how(trial: Trial) -> None:
    assert np.array_equal(trial.tested.people, np.arange(len(PEOPLE)))
    assert "put into 3 parts, 2 times" in verdict(trial.judgement, trial.baseline, SPLIT)


def test_permuted_outcomes_rank_like_chance() -> None:
    y = np.random.default_rng(4).permutation(PEOPLE.leaves)
    assert abs(judged(y, replace(SPLIT, repeats=1)).judgement.metrics["roc_auc"] - 0.5) < 0.03
