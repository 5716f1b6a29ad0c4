"""Where little is known nothing is claimed: few answers, one mind, weights that would have to be beyond all measure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from foretell.listen import scores
from foretell.listen.scores.answers import People
from foretell.listen.scores.change import _panel, _parts, _told
from foretell.listen.scores.strata import Strata
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

FIGURE = scores.MEASURES["nps"].main
VALUES = (-100.0, 0.0, 100.0)


def people(values: list[float], begin: int = 0) -> People:
    """Who gave one answer each."""
    count = len(values)
    names = pa.array([f"p{n + begin:05}" for n in range(count)], pa.string())
    return People(names, np.ones(count), {FIGURE.key: np.array(values, np.float64)}, np.zeros((count, 3)))


def parts(before: People, after: People, places: tuple[np.ndarray, np.ndarray]) -> tuple[scores.Part, ...]:
    count = int(max(part.max() for part in places)) + 1
    strata = Strata((), ({},) * count, places)
    total, opinions, answering = _parts(FIGURE, (before, after), strata)
    told = _told(FIGURE, (before, after), strata)
    assert sum(one.opinions for one in told) == pytest.approx(opinions.value, abs=1e-9)
    assert sum(one.answering for one in told) == pytest.approx(answering.value, abs=1e-9)
    return total, opinions, answering


answers = arrays(np.int64, st.integers(10, 25), elements=st.integers(0, 2))
kinds = arrays(np.int64, 25, elements=st.integers(0, 3))


@settings(max_examples=12, deadline=None)
@given(answers, answers, kinds, kinds)
def test_a_change_is_its_parts_and_its_strata(
    before: np.ndarray, after: np.ndarray, first: np.ndarray, second: np.ndarray
) -> None:
    one, other = (people([VALUES[value] for value in side.tolist()]) for side in (before, after))
    total, opinions, answering = parts(one, other, (first[: before.size], second[: after.size]))
    values = [np.take(VALUES, side).mean() for side in (before, after)]
    assert total.value == pytest.approx(values[1] - values[0], abs=1e-9)
    assert opinions.value + answering.value == pytest.approx(total.value, abs=1e-9)
    assert all(part.low <= part.value <= part.high for part in (total, opinions, answering))


@pytest.mark.parametrize("value", VALUES)
def test_ten_people_of_one_mind_make_no_change_certain(value: float) -> None:
    one, other = people([value] * 10), people([value] * 10, 10)
    nothing = np.zeros(10, np.int64)
    total, opinions, answering = parts(one, other, (nothing, nothing))
    assert total.value == opinions.value == answering.value == 0
    assert total.high - total.low > 30
    assert not total.is_real
    panel, both = _panel(FIGURE, one, one)
    assert panel is not None
    assert both == 10
    assert panel.high - panel.low > 20


def test_an_interval_of_a_change_holds_it_as_often_as_it_says() -> None:
    """Sixty times 30 people before and 40 after are drawn, two in three of them promoters, then one in two; the
    interval of two independent means is 57 points wide."""
    random = np.random.default_rng(7)
    chances = [(0.1, 0.23, 0.67), (0.2, 0.3, 0.5)]
    truth = 100 * ((0.5 - 0.2) - (0.67 - 0.1))
    held, width = 0, 0.0
    for turn in range(60):
        drawn = [random.choice(VALUES, size, p=chance) for size, chance in zip((30, 40), chances, strict=True)]
        sides = (people(drawn[0].tolist(), 100 * turn), people(drawn[1].tolist(), 100 * turn + 30))
        places = (np.zeros(30, np.int64), np.zeros(40, np.int64))
        total, _, _ = _parts(FIGURE, sides, Strata((), ({},), places))
        held += total.low <= truth <= total.high
        width += (total.high - total.low) / 60
    assert held >= 49
    assert 50 < width < 63


def lines() -> Lines:
    """A thousand who never bought are asked and one of them answers; of eighty who bought sixty do. Three answer
    another survey, twelve a third one all alike."""
    told: Lines = []
    for n in range(1_080):
        user, bought = f"u{n}", n < 80
        if bought:
            told.append(did(user, 50, "Order Completed", order_id=user, revenue=20))
        told.append(did(user, 30, "Survey Sent", survey="nps"))
        if n < 60 or n == 1_079:
            told.append(did(user, 28, "Survey Answered", survey="nps", score=9 if bought else 0))
    told += [did(f"f{n}", 20, "Survey Answered", survey="few", measure="nps", score=10) for n in range(3)]
    told += [did(f"s{n}", 20, "Survey Answered", survey="same", measure="nps", score=10) for n in range(12)]
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("edges")) as found:
        load(found, "past", lines())
        yield found


def read(shop: Shop, survey: str) -> scores.ScoreReport:
    query = scores.ScoreQuery(survey, since=AS_OF - timedelta(days=90), until=AS_OF)
    return scores.score(shop.engine, shop.workspace.catalog, query, now=AS_OF)


def test_one_answer_does_not_speak_for_a_thousand(shop: Shop) -> None:
    told = read(shop, "nps")
    weighting, weighted = told.weighting, told.weighted[0]
    assert (weighting.frame, weighting.asked, weighting.answered) == ("asked", 1_080, 61)
    assert (weighting.trimmed, weighting.heaviest) == (1, pytest.approx(5))
    assert weighting.reason == "apart"
    assert "'Orders so far: none' is said of 93% of those who were asked" in weighting.words
    assert weighted.value is not None
    assert weighted.low is not None
    assert weighted.high is not None
    assert weighted.value < (told.scores[0].value or 0)
    assert weighted.effective < 50
    assert weighted.high - weighted.low > 15


def test_three_answers_are_no_score_and_do_not_show_it(shop: Shop) -> None:
    told = read(shop, "few")
    assert (told.scores[0].value, told.bands) == (None, ())
    assert told.notes[0] == "Not yet: 3 of 10 people needed have answered."


def test_twelve_of_one_mind_are_not_certain(shop: Shop) -> None:
    main = read(shop, "same").scores[0]
    assert (main.value, main.high) == (100, 100)
    assert main.low is not None
    assert 50 < main.low < 90
    months = {one.period: one.score for one in read(shop, "same").series}
    assert (months["2026-05"].value, months["2026-05"].people) == (None, 0)
    assert months["2026-06"].people == 12
