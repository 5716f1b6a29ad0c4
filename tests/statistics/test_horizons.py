"""A learnt curve of a small demo shop, whose true hazards are known: better than the closed form, near the truth."""

from __future__ import annotations

import numpy as np
import pytest

from foretell.bench.horizons import Curves, against_truth, difference, made, reliability_to_truth, result
from foretell.predict import TrainingReport
from foretell.stats import brier

PEOPLE, FUTURES, DAYS = 1_000, 6, (30, 90)


def silent(_said: str) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Curves, TrainingReport]:
    return made(tmp_path_factory.mktemp("shop"), PEOPLE, FUTURES, silent, DAYS)


def test_the_curve_is_better_than_bg_nbd_by_a_paired_bootstrap(shop: tuple[Curves, TrainingReport]) -> None:
    curves, report = shop
    found = difference(curves)
    assert found.high < 0
    assert found.value == pytest.approx(
        np.mean([brier(curves.happened[:, at], curves.ours[:, at]) for at in range(len(DAYS))])
        - np.mean([brier(curves.happened[:, at], curves.closed[:, at]) for at in range(len(DAYS))])
    )
    judged = report.against_bg_nbd
    assert judged["difference"] < 0
    assert judged["low"] < judged["difference"] < judged["high"]
    assert set(judged["horizons"]) == {f"{days}d" for days in DAYS}


def test_no_curve_crosses_itself(shop: tuple[Curves, TrainingReport]) -> None:
    curves, _ = shop
    assert (np.diff(curves.ours, axis=1) <= 0).all()
    assert (np.diff(curves.chance, axis=1) <= 0).all()


def test_what_is_said_is_near_the_true_hazards(shop: tuple[Curves, TrainingReport]) -> None:
    curves, _ = shop
    assert against_truth(curves.ours, curves.chance) < 0.05
    assert against_truth(curves.ours, curves.chance) < against_truth(curves.closed, curves.chance)
    for at in range(len(DAYS)):
        table = reliability_to_truth(curves.ours[:, at], curves.chance[:, at])
        assert [true for _, true in table] == pytest.approx(sorted(true for _, true in table), abs=0.08)


def test_the_truth_is_no_worse_than_anything_that_is_said(shop: tuple[Curves, TrainingReport]) -> None:
    """What the figures rest on: the futures are those of these people, and no score beats knowing them."""
    curves, report = shop
    found = result(curves, report, 0.0)
    assert found.figures["truth_brier"] < found.figures["brier"] < found.figures["bg_nbd_brier"]
    assert found.ratios["crossing"] == 0
