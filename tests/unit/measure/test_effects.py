"""Two arms from what each person did."""

from __future__ import annotations

import numpy as np
import pytest

from foretell.measure import effects
from foretell.measure.effects import unanswered


def arms(treated: tuple[int, int], held: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """``held_out`` and ``goals`` of (reached, people) in both arms."""
    held_out = np.repeat([False, True], [treated[1], held[1]])
    goals = np.concatenate([np.arange(people) < reached for reached, people in (treated, held)])
    return held_out, goals


def test_arms_and_words() -> None:
    held_out, goals = arms((45, 100), (9, 50))
    found = effects(held_out, goals, goals * np.where(held_out, 40.0, 20.0))
    assert (found.treated.people, found.treated.goals, found.treated.share) == (100, 45, 0.45)
    assert (found.held_out.people, found.held_out.goals) == (50, 9)
    assert found.treated.revenue_per_person == pytest.approx(9.0)
    assert found.held_out.revenue == pytest.approx(360.0)
    assert found.conversions.value == pytest.approx(0.27)
    assert found.conversions.answer == "real change"
    assert found.revenue.answer == "may be chance"
    assert found.revenue.low is not None
    assert found.revenue.low < 0


def test_fewer_bought_can_be_a_real_change_too() -> None:
    held_out, goals = arms((5, 100), (30, 60))
    found = effects(held_out, goals, goals * 10.0).conversions
    assert found.high is not None
    assert found.high < 0
    assert found.answer == "real change"


def test_nine_people_are_not_enough() -> None:
    held_out, goals = arms((45, 100), (0, 9))
    assert effects(held_out, goals, goals * 10.0).conversions.answer == "not yet"
    held_out, goals = arms((45, 100), (0, 10))
    assert effects(held_out, goals, goals * 10.0).conversions.answer == "real change"


def test_four_people_who_pay_say_nothing_of_amounts() -> None:
    held_out, goals = arms((45, 100), (4, 50))
    few = effects(held_out, goals, goals * 10.0)
    assert few.conversions.answer == "real change"
    assert (few.revenue.answer, few.revenue.low, few.revenue.high) == ("not yet", None, None)
    held_out, goals = arms((45, 100), (5, 50))
    assert effects(held_out, goals, goals * 10.0).revenue.answer == "real change"


def test_nobody_at_all() -> None:
    nobody = np.zeros(0, np.bool_)
    found = effects(nobody, nobody, np.zeros(0))
    assert (found.treated.share, found.conversions.value, found.conversions.answer) == (None, None, "not yet")


def test_unanswered_keeps_what_was_seen_and_bounds_what_was_not() -> None:
    held_out, goals = arms((10, 104), (13, 58))
    found = unanswered(effects(held_out, goals, goals * 10.0))
    assert found.treated.goals == 10
    assert found.conversions.value is None
    assert (found.conversions.low, found.conversions.high) == pytest.approx((-23 / 162, 139 / 162))
    assert (found.conversions.answer, found.revenue.answer) == ("cannot answer", "cannot answer")
    assert found.revenue.low is None
