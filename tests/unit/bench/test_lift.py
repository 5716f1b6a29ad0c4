"""The benchmark of lifts: the two worlds are comparable, and a wrong interval would be seen."""

from __future__ import annotations

import numpy as np
import pytest

from foretell.bench import lift
from foretell.bench.lift_worlds import played, with_a_past
from foretell.measure import Effect

PEOPLE = 250


def test_two_worlds_have_the_same_people_enter_and_differ_by_the_rescue_alone() -> None:
    world, past = with_a_past(3, PEOPLE)
    everybody = np.ones(PEOPLE, np.bool_)
    treated, left_alone, again = (played(world.fork(), past, chosen) for chosen in (everybody, ~everybody, ~everybody))
    assert 30 < len(treated.person) < PEOPLE
    assert np.array_equal(treated.person, left_alone.person)
    assert np.array_equal(left_alone.revenue, again.revenue)
    assert treated.bought.mean() > left_alone.bought.mean()
    assert (left_alone.revenue[~left_alone.bought] <= 0).all()


def test_a_world_is_judged_the_same_twice() -> None:
    one, other = lift.judge(2, PEOPLE), lift.judge(2, PEOPLE)
    assert one.drawn.shape == one.widths.shape == (2, lift.DRAWS)
    assert np.array_equal(one.drawn, other.drawn, equal_nan=True)
    assert 0.1 * one.entered < one.held_out < 0.5 * one.entered
    assert np.nanmean(one.drawn[0]) > 0.6


@pytest.mark.parametrize(
    ("low", "high", "covered"), [(0.1, 0.3, 1.0), (0.21, 0.3, 0.0), (-0.1, 0.19, 0.0), (None, None, np.nan)]
)
def test_an_interval_is_held_against_the_truth(low: float | None, high: float | None, covered: float) -> None:
    found = lift._against(Effect(0.2, low, high, "may be chance"), 0.2)
    assert found[0] == pytest.approx(covered, nan_ok=True)
