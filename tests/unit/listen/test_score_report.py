"""The report of a survey: what counts, in which window, and what it says where it cannot say much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foretell.errors import UsageError
from foretell.listen import scores
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened


def answered(user: str | None, days: float, survey: str, score: object, **more: Any) -> dict[str, Any]:
    line = did(user or "nobody", days, "Survey Answered", survey=survey, score=score, **more)
    return {**line, "messageId": f"{user}-{survey}-{days}-{score}"}


def lines() -> Lines:
    told: Lines = [answered(f"u{n}", 10, "nps", 10 if n < 12 else 8 if n < 16 else 3) for n in range(20)]
    told += [answered("u0", 9 - n / 10, "nps", 10) for n in range(5)]  # the first of them answers five times more
    told += [answered(f"u{n}", 100, "nps", 9) for n in range(15)]  # before the window
    told += [answered("u1", 8, "nps", 11), answered("u2", 8, "nps", -1)]  # no such score
    told += [answered("u3", 8, "nps", "ten")]  # no number
    told += [answered(f"u{n}", 12, "after_call", n % 5 + 1, measure="csat") for n in range(30)]
    told += [answered(f"u{n}", 12, "easy", 6, measure="ces") for n in range(4)]
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("report")) as found:
        load(found, "past", lines())
        yield found


def read(shop: Shop, survey: str | None = None, **more: Any) -> scores.ScoreReport:
    place = shop.workspace
    return scores.score(place.engine, place.catalog, scores.ScoreQuery(survey, **more), now=AS_OF)


def test_the_score_its_people_and_its_bands(shop: Shop) -> None:
    told = read(shop, "nps")
    main, mean = told.scores
    # 12 promoters of whom one answered six times, 4 passives, 4 detractors: (17 - 4) of 25 answers.
    assert (main.value, main.people, main.answers) == (pytest.approx(52), 20, 25)
    assert main.effective == pytest.approx(25**2 / (19 + 36))
    assert [(band.title, band.answers) for band in told.bands] == [("0–6", 4), ("7–8", 4), ("9–10", 17)]
    assert mean.value == pytest.approx((17 * 10 + 4 * 8 + 4 * 3) / 25)
    assert "25 answers came from 20 people" in told.notes[0]


def test_the_window_ends_with_the_newest_answer_and_is_ninety_days_long(shop: Shop) -> None:
    told = read(shop, "nps")
    assert told.window.until == datetime(2026, 6, 24, tzinfo=UTC)
    assert told.window.until - told.window.since == timedelta(days=90)
    whole = read(shop, "nps", since=AS_OF - timedelta(days=200))
    assert (whole.window.until, whole.scores[0].answers) == (told.window.until, 40)
    with pytest.raises(UsageError, match="ends at 2026-01-01"):
        read(shop, "nps", since=AS_OF, until=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_series_has_a_year_of_months_and_says_what_is_not_over(shop: Shop) -> None:
    series = read(shop, "nps").series
    assert [point.period for point in series][-4:] == ["2026-03", "2026-04", "2026-05", "2026-06"]
    assert len(series) == 13
    assert not series[-1].complete
    by_month = {point.period: point.score for point in series}
    assert (by_month["2026-03"].value, by_month["2026-03"].people) == (100, 15)
    assert (by_month["2026-05"].value, by_month["2026-05"].reason) == (None, "too_few")


def test_the_measure_is_what_the_answers_say(shop: Shop) -> None:
    told = read(shop, "after_call")
    assert (told.measure.key, told.title) == ("csat", "After call")
    share, mean = told.scores
    assert (share.value, mean.value) == (pytest.approx(0.4), pytest.approx(3.0))
    assert read(shop, measure="csat").scores[0] == share
    assert read(shop).measure.key == "nps"  # most answers
    assert scores.choices(shop.engine, shop.workspace.catalog).measures[:3] == ("nps", "csat", "ces")


def test_with_too_few_people_it_says_not_yet(shop: Shop) -> None:
    told = read(shop, "easy")
    assert (told.scores[0].value, told.scores[0].low, told.scores[0].reason) == (None, None, "too_few")
    assert told.notes[0] == "Not yet: 4 of 10 people needed have answered."


def test_what_there_is_not_is_told_with_what_there_is(shop: Shop) -> None:
    with pytest.raises(UsageError, match="there is no survey called 'npz'") as unknown:
        read(shop, "npz")
    assert "nps" in unknown.value.next_step
    with pytest.raises(UsageError, match="there is no measure called 'joy'"):
        read(shop, measure="joy")
    with pytest.raises(UsageError, match="cannot be limited by 'colour'"):
        read(shop, "nps", filters={"colour": "red"})
    with pytest.raises(UsageError, match="there is no segment called"):
        read(shop, "nps", segment="loyal")
    assert read(shop, "nps", filters={"touchpoint": "'; DROP TABLE event_log; --"}).scores[0].people == 0


def test_a_report_is_plain_values(shop: Shop) -> None:
    told = scores.plain(read(shop, "nps"))
    assert told["measure"] == "nps"
    json.dumps(told, default=str)
