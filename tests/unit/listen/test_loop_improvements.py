"""Improvements: written down, changed, and what came of them before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell.errors import ForetellError, UsageError
from foretell.listen import loop
from foretell.stats import Interval
from tests.support.care_place import MONDAY, Care, care_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Care]:
    with care_place(tmp_path) as found:
        yield found


def new(place: Care, **told: Any) -> loop.Improvement:
    asked = {"title": "Another carrier", "root_causes": ["delivery"], **told}
    return loop.improve(place.engine, loop.ImprovementChange(**asked), by="ann", now=place.clock.instant)


def test_one_is_written_down_changed_and_taken_away(place: Care) -> None:
    made = new(place, owner="ben", measure="DHL instead of Hermes", root_causes=[" delivery ", "delivery", "damage"])
    assert (made.state, made.root_causes, made.version) == ("planned", ("damage", "delivery"), 1)
    assert new(place, owner="ben") == made  # the same at the same instant
    place.at(days=1)
    asked = loop.ImprovementChange(started_at=MONDAY, owner="cy", clear=("touchpoint",), version=1)
    changed = loop.change_improvement(place.engine, made.improvement_id, asked, by="cy", now=place.clock.instant)
    assert (changed.state, changed.owner, changed.changed_by, changed.version) == ("done", "cy", "cy", 2)
    with pytest.raises(ForetellError) as late:
        loop.change_improvement(place.engine, made.improvement_id, asked, by="dee", now=place.clock.instant)
    assert late.value.code == "IMPROVEMENT_CHANGED"
    dropped = loop.ImprovementChange(dropped_at=place.clock.instant)
    assert loop.change_improvement(
        place.engine, made.improvement_id, dropped, by="cy", now=place.clock.instant
    ).state == "dropped"  # fmt: skip
    loop.remove_improvement(place.engine, made.improvement_id)
    assert loop.improvements(place.engine) == []
    with pytest.raises(UsageError, match="there is no improvement"):
        loop.improvement(place.engine, made.improvement_id)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"title": "  "}, "IMPROVEMENT_UNTITLED"),
        ({"root_causes": [" "]}, "NO_ROOT_CAUSE"),
        ({"title": "x" * 301}, "TOO_LONG"),
        ({"root_causes": ["x" * 201]}, "TOO_LONG"),
        ({"root_causes": [str(one) for one in range(51)]}, "TOO_MANY_CAUSES"),
        ({"started_at": MONDAY + timedelta(days=1)}, "BAD_START"),
    ],
)
def test_what_is_wrong_is_told(place: Care, told: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as wrong:
        new(place, **told)
    assert wrong.value.code == code
    assert loop.improvements(place.engine) == []


def test_before_and_after_are_of_one_length_and_per_order(place: Care) -> None:
    start = MONDAY - timedelta(days=20)
    lines: list[dict[str, Any]] = []

    def put(user: str, event: str, message: str, days: float, **properties: Any) -> None:
        at = (start + timedelta(days=days)).isoformat()
        lines.append({"userId": user, "event": event, "messageId": message, "timestamp": at, "properties": properties})

    for number in range(300):  # 200 orders before, 100 after
        days = -19.5 + number % 39 if number < 39 else (-10 if number < 200 else 10)
        put(f"u{number % 4 + 1}", "Order Completed", f"o{number}", days, order_id=f"o{number}", revenue=10)
    for number, (days, score) in enumerate([(-5, 2), (-6, 3), (-7, 10), (3, 9), (4, 10), (5, 7)]):
        told = {
            "survey": "nps",
            "measure": "nps",
            "score": score,
            "response_id": f"r{number}",
            "touchpoint": "delivery",
        }
        put(f"u{number % 4 + 1}", "Survey Answered", f"r{number}", days, **told)
    put("u1", "Survey Answered", "elsewhere", 3, survey="nps", measure="nps", score=0, touchpoint="shop")
    place.send(*lines)
    place.clock.instant = start - timedelta(days=3)
    opened = place.open("u1", "u2", "u3", prefix="before")
    place.clock.instant = start + timedelta(days=3)
    opened += [one for one in place.open("u1", prefix="after") if one.case_id.startswith("after")]
    place.clock.instant = MONDAY
    for case in opened:
        place.change(case.case_id, root_cause="delivery")
    made = new(place, started_at=start, touchpoint="delivery")
    (one,) = loop.followed(place.engine, now=MONDAY)
    numbers = one.numbers
    assert one.improvement == made
    assert (numbers.verdict, numbers.days, numbers.per) == ("", 20.0, "orders")
    assert (numbers.cases_before, numbers.cases_after) == (3, 1)
    orders = (numbers.rate_before.n, numbers.rate_after.n)
    assert sum(orders) == 300
    assert numbers.rate_before.value == pytest.approx(3_000 / orders[0])
    assert numbers.ratio.value == pytest.approx((1 / orders[1]) / (3 / orders[0]))
    assert numbers.ratio.low < numbers.ratio.value < numbers.ratio.high
    assert (numbers.measure, numbers.score_before.value, numbers.score_after.value) == (
        "nps", pytest.approx(-100 / 3), pytest.approx(200 / 3),
    )  # fmt: skip
    assert numbers.score_change.value == pytest.approx(100.0)
    assert "not an experiment" in numbers.label


def test_too_short_or_planned_says_not_yet(place: Care) -> None:
    new(place, title="Planned")
    new(place, title="Fresh", started_at=MONDAY - timedelta(days=3))
    told = {one.improvement.title: one.numbers for one in loop.followed(place.engine, now=MONDAY)}
    assert {one.verdict for one in told.values()} == {loop.NOT_YET}
    assert "planned" in told["Planned"].why
    assert "14 are needed" in told["Fresh"].why


def test_a_ratio_of_rates_by_hand() -> None:
    found = loop.rate_ratio(20, 10, 1_000, 1_000)
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == (pytest.approx(0.267, abs=0.001), pytest.approx(0.936, abs=0.001))
    assert math.isnan(loop.rate_ratio(0, 3, 10, 10).value)
    assert math.isnan(loop.rate_ratio(0, 0, 10, 10).low)
    none_left: Interval = loop.rate_ratio(10, 0, 10, 10)
    assert (none_left.value, none_left.low, none_left.high > 0) == (0.0, 0.0, True)
