"""A target: from which score, to which, by when, and where the months so far lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from foretell.listen import scores
from foretell.listen.scores.targets import goal_of
from foretell.listen.surveys import ScoreTarget
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened

SURVEY = """\
kind: survey
key: nps
spec:
  title: How are we doing?
  questions: [{{key: recommend, type: nps, ask: Would you recommend us?}}]
  targets: [{target}]
"""
RAISE = "{raise: 15%, from: 2026-01-01, within: 1y}"


@contextmanager
def shop(root: Path, target: str, promoters: Callable[[int], float]) -> Iterator[Shop]:
    """100 people answer in each of the nine months up to July 2026; so many of them are promoters, the others passive.

    Args:
        promoters: month, counted back from July 2026 (0) → share.
    """
    told: Lines = []
    for month in range(9):
        for n in range(100):
            score = 10 if n < 100 * promoters(month) else 8
            told.append(did(f"u{month}-{n}", 30.4 * month + 1 + n / 4, "Survey Answered", survey="nps", score=score))
    with opened(root, surveys__nps=SURVEY.format(target=target)) as found:
        assert not [one for one in found.workspace.problems if one.severity == "error"]
        load(found, "past", told)
        yield found


def steady(month: int) -> float:
    del month
    return 0.5


def read(found: Shop, now: datetime = AS_OF) -> scores.TargetReading:
    place = found.workspace
    asked = scores.asked_of(place.engine, place.catalog, scores.ScoreQuery("nps"), now=now)
    (one,) = scores.targets(place.engine, place.catalog, asked, now=now)
    return one


def test_on_course(tmp_path: Path) -> None:
    with shop(tmp_path, RAISE, lambda month: 0.58 - 0.02 * month) as found:
        told = read(found)
    assert told.base.value == pytest.approx(43, abs=2)
    assert told.goal == pytest.approx(1.15 * told.base.value)  # type: ignore[operator]
    assert (told.since, told.due) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert told.course == "on_course"
    assert told.projected == pytest.approx(69, abs=6)
    assert told.low is not None
    assert told.high is not None
    assert told.low < told.projected < told.high  # type: ignore[operator]
    assert told.expected == pytest.approx(told.base.value + (told.goal - told.base.value) * 181 / 365, abs=0.1)  # type: ignore[operator]


def test_behind(tmp_path: Path) -> None:
    with shop(tmp_path, RAISE, lambda month: 0.3 + 0.03 * month) as found:
        told = read(found)
    assert told.course == "behind"
    assert told.high < told.goal  # type: ignore[operator]
    assert "out of the interval" in told.words


def test_not_yet_where_it_may_be_chance(tmp_path: Path) -> None:
    with shop(tmp_path, RAISE, steady) as found:
        told = read(found)
        assert told.course == "not_yet"
        assert told.high >= told.goal > told.projected  # type: ignore[operator]
        early = read(found, datetime(2025, 12, 1, tzinfo=UTC))
        assert (early.course, early.projected) == ("not_yet", None)


def test_reached_or_missed_once_it_is_due(tmp_path: Path) -> None:
    with shop(tmp_path, "{reach: 45, from: 2026-01-01, within: 5mo}", steady) as found:
        assert read(found).course == "reached"
        assert read(found).goal == 45
    with shop(tmp_path / "other", "{reach: 55, from: 2026-01-01, within: 5mo}", steady) as found:
        assert read(found).course == "missed"


def test_one_that_begins_later_is_not_yet(tmp_path: Path) -> None:
    with shop(tmp_path, "{reach: 60, from: 2027-08-01, within: 1y}", steady) as found:
        told = read(found)
    assert (told.course, told.projected) == ("not_yet", None)


def test_there_is_nothing_to_raise_before_there_were_answers(tmp_path: Path) -> None:
    with shop(tmp_path, "{raise: 15%, from: 2025-01-01, within: 3y}", steady) as found:
        told = read(found)
    assert (told.course, told.goal) == ("not_yet", None)
    assert "0 of 10 people" in told.words


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ({"from": "2026-01-01"}, "say either 'raise' or 'reach'"),
        ({"from": "2026-01-01", "raise": "15%", "reach": 40}, "say either 'raise' or 'reach'"),
        ({"from": "2026-01-01", "raise": "-5%"}, "greater than 0"),
        ({"from": "2026-01-01", "raise": "a lot"}, "valid number"),
        ({"raise": "15%"}, "Field required"),
        ({"from": "2026-01-01", "raise": "15%", "within": "soon"}, "is no duration"),
        ({"from": "2026-01-01", "raise": "15%", "goal": 3}, "not permitted"),
    ],
)
def test_a_target_that_says_no_target(target: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        ScoreTarget.model_validate(target)


def test_of_a_score_below_zero_raising_leads_towards_zero() -> None:
    base = scores.Score("nps", "NPS", "points", -20.0, -30.0, -10.0, 50, 50, 50.0)
    target = ScoreTarget.model_validate({"from": "2026-01-01", "raise": 0.15})
    assert goal_of(target, scores.MEASURES["nps"].main, base) == pytest.approx(-17)
