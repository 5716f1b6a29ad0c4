"""A change adds up, whatever the strata; the panel is compared with itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foretell.listen import scores
from foretell.listen.scores import kitagawa
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

counts = arrays(np.float64, (2, 4), elements=st.integers(0, 50).map(float))


@settings(max_examples=200, deadline=None)
@given(counts, arrays(np.float64, (2, 4), elements=st.floats(-100, 100)))
def test_opinions_and_who_answered_add_up_to_the_change(den: np.ndarray, mean: np.ndarray) -> None:
    den[:, 0] += 1  # somebody answers before and after
    num = mean * den
    opinions, answering = kitagawa(num, den)
    change = num[1].sum() / den[1].sum() - num[0].sum() / den[0].sum()
    assert opinions.sum() + answering.sum() == pytest.approx(change, abs=1e-9)
    back = kitagawa(num[::-1], den[::-1])
    assert back[0] == pytest.approx(-opinions, abs=1e-9)
    assert back[1] == pytest.approx(-answering, abs=1e-9)


def test_by_hand() -> None:
    """40 % of 50 and 60 % of 10 before; 20 % of 50 and 80 % of 0 after."""
    num, den = np.array([[200.0, 60.0], [100.0, 0.0]]), np.array([[4.0, 6.0], [2.0, 8.0]])
    opinions, answering = kitagawa(num, den)
    assert opinions == pytest.approx([0.0, 0.7 * -10])
    assert answering == pytest.approx([50 * -0.2, 5 * 0.2])


def test_where_nobody_was_before_only_who_answered_can_have_changed() -> None:
    opinions, answering = kitagawa(np.array([[80.0, 0.0], [40.0, -50.0]]), np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert opinions[1] == 0
    assert answering.sum() + opinions.sum() == pytest.approx(-10 - 80)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("change")) as found:
        load(found, "past", list(lines()))
        yield found


def lines() -> Lines:
    """Before mostly people without a ticket answer, after mostly people with one; neither changes its mind. In the
    other survey the same people answer both times, and all think less of us."""
    told: Lines = []
    for n in range(120):
        ticket, user = n < 40, f"u{n}"
        if ticket:
            told += [did(user, days, "Ticket Opened", ticket_id=f"{user}-{days}") for days in (70.0, 150.0)]
        before, after = (n % 4 == 0, True) if ticket else (True, n % 4 == 0)
        score = 3 if ticket else 9 + n % 2
        for days, answers in ((120.0, before), (20.0, after)):
            if answers:
                told.append(answered(user, days, "mix", score))
        told.append(answered(user, 121.0, "mind", 10 if n % 3 else 8))
        told.append(answered(user, 21.0, "mind", 8 if n % 3 else 5))
    return told


def answered(user: str, days: float, survey: str, score: int) -> dict[str, object]:
    return did(user, days, "Survey Answered", survey=survey, measure="nps", score=score)


def moved(shop: Shop, survey: str) -> scores.Change:
    place = shop.workspace
    query = scores.ScoreQuery(survey, since=AS_OF - timedelta(days=90), until=AS_OF)
    asked = scores.asked_of(place.engine, place.catalog, query, now=AS_OF)
    return scores.change(place.engine, asked.whose, asked.window)


def test_others_answered_and_nobody_changed_their_mind(shop: Shop) -> None:
    found = moved(shop, "mix")
    assert found.total is not None
    assert found.opinions is not None
    assert found.answering is not None
    assert found.total.value < -80
    assert found.total.is_real
    assert abs(found.opinions.value) < 1
    assert not found.opinions.is_real
    assert found.answering.is_real
    assert "tickets" in found.traits
    assert found.opinions.value + found.answering.value == pytest.approx(found.total.value, abs=1e-9)
    assert sum(one.opinions for one in found.strata) == pytest.approx(found.opinions.value, abs=1e-9)
    assert sum(one.share_after for one in found.strata) == pytest.approx(1)


def test_the_same_people_answered_and_changed_their_mind(shop: Shop) -> None:
    found = moved(shop, "mind")
    assert found.total is not None
    assert found.opinions is not None
    assert found.answering is not None
    assert found.panel is not None
    assert found.opinions.value == pytest.approx(found.total.value, abs=3)
    assert not found.answering.is_real
    assert (found.panel_people, found.panel.value) == (120, pytest.approx(found.total.value))
    assert found.panel.is_real
    assert moved(shop, "mind") == found  # drawn by hash, so the same every time


def test_with_too_few_answers_before_there_is_no_change_yet(shop: Shop) -> None:
    place = shop.workspace
    query = scores.ScoreQuery("mix", since=AS_OF - timedelta(days=125), until=AS_OF)
    asked = scores.asked_of(place.engine, place.catalog, query, now=AS_OF)
    found = scores.change(place.engine, asked.whose, asked.window)
    assert (found.total, found.before.reason, found.after.reason) == (None, "too_few", "")
