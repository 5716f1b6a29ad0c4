"""The true effect of the shipped demo: arithmetic of three plays, on people made up for it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from foretell.bench import lift_shipped
from foretell.bench.lift_shipped import Told, judged, true_effect
from foretell.demo import DATASETS


def people(**reached: int) -> pa.Table:
    return pa.table({"profile_id": list(reached), "reached": pa.array(list(reached.values()), pa.int64())})


SHOWN = people(ann=1, bob=0, cleo=0, dan=0)
"""The shipped play: its own outcomes do not matter for the truth, only who is in it."""
WITH = people(dan=0, cleo=1, bob=1, ann=1, eve=1)
WITHOUT = people(ann=1, eve=0, bob=0, cleo=0, dan=0)


def test_the_truth_is_the_difference_of_two_worlds_for_those_judged_in_the_third() -> None:
    # Ann buys either way, Bob and Cleo only with the rescue, Dan never; Eve is not judged.
    found = true_effect(SHOWN, WITH, WITHOUT)
    assert (found.effect, found.judged, found.unmatched) == (0.5, 4, 0)


def test_who_is_missing_in_a_world_is_left_out_and_counted() -> None:
    found = true_effect(SHOWN, WITH, people(ann=1, bob=0))
    assert (found.effect, found.judged, found.unmatched) == (0.5, 2, 2)
    nobody = true_effect(SHOWN, WITH, people(eve=0))
    assert nobody.effect != nobody.effect
    assert nobody.unmatched == 4


@pytest.mark.parametrize(
    ("low", "high", "covers"),
    [(0.1, 0.6, 1.0), (0.51, 0.6, 0.0), (0.1, 0.49, 0.0), (-0.1, 0.6, 0.0), (0.5, 0.5, 1.0), (None, None, 0.0)],
)
def test_it_covers_where_the_truth_lies_inside_and_0_outside(
    low: float | None, high: float | None, covers: float
) -> None:
    ratios, figures = judged(Told(0.4, low, high), true_effect(SHOWN, WITH, WITHOUT), 800)
    assert ratios == {"shipped_covers": covers}
    assert (figures["shipped_true_points"], figures["shipped_people"], figures["shipped_judged"]) == (50.0, 800.0, 4.0)
    bounds = (figures["shipped_low_points"], figures["shipped_high_points"])
    assert bounds == ((-100.0, 100.0) if low is None or high is None else (100 * low, 100 * high))


def test_no_truth_covers_nothing() -> None:
    ratios, figures = judged(Told(0.4, 0.1, 0.6), true_effect(SHOWN, WITH, people(eve=0)), 800)
    assert ratios == {"shipped_covers": 0.0}
    assert figures["shipped_unmatched"] == 4.0


def test_the_holdout_that_is_changed_is_the_one_that_ships() -> None:
    text = (DATASETS["shop"].root / "workspace" / "journeys" / f"{lift_shipped.JOURNEY}.yaml").read_text()
    assert text.count(lift_shipped.HOLDOUT) == 1
