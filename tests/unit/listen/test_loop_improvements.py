"""Improvements: written down, changed, and what came of them before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import care
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


def placed(place: Care, spans: dict[str, tuple[int, int]], at: datetime) -> list[care.Case]:
    """Cases of the rule winback: by prefix so many, opened so many days after an instant; an order a day."""
    users = [f"u{n}" for n in range(1, 5)]
    place.clock.instant = at + timedelta(days=40)
    place.send(*(
        {"userId": users[n % 4], "event": "Order Completed", "messageId": f"o{n}", "properties": {"order_id": f"o{n}"},
         "timestamp": (at + timedelta(days=n - 40, hours=1)).isoformat()} for n in range(80)
    ))  # fmt: skip
    found: list[care.Case] = []
    for prefix, (count, days) in spans.items():
        place.clock.instant = at + timedelta(days=days)
        for n in range(0, count, 4):
            made = place.open(*users[: min(4, count - n)], rule="save", prefix=f"{prefix}{n // 4}")
            found += [one for one in made if one.case_id.startswith(f"{prefix}{n // 4}-")]
    place.clock.instant = at + timedelta(days=40)
    return found


def named(place: Care, cases: list[care.Case], prefix: str, causes: list[str]) -> None:
    theirs = sorted(one.case_id for one in cases if one.case_id.startswith(prefix))
    for case_id, cause in zip(theirs, causes, strict=False):
        place.change(case_id, root_cause=cause)


def test_cases_that_are_not_named_yet_do_not_pass_for_better(place: Care) -> None:
    start = MONDAY + timedelta(days=50)
    cases = placed(place, {"old": (20, -10), "new": (20, 10)}, start)
    named(place, cases, "old", ["delivery"] * 10 + ["price"] * 10)
    named(place, cases, "new", ["delivery"] * 4 + ["price"] * 4)
    made = new(place, started_at=start)
    numbers = loop.follow(place.engine, made, place.clock.instant).numbers
    assert (numbers.verdict, numbers.cases_before, numbers.cases_after) == (loop.NOT_YET, 10, 4)
    assert "100% of the cases before and of 40% after" in numbers.why
    assert (numbers.named_before.value, numbers.named_after.value) == (1.0, 0.4)
    assert numbers.ratio.value != numbers.ratio.value
    named(place, cases, "new", ["delivery"] * 8 + ["price"] * 8)  # four in five now, half of them delivery as before
    numbers = loop.follow(place.engine, made, place.clock.instant).numbers
    assert (numbers.verdict, numbers.cases_after, numbers.named_after.value) == ("", 8, 0.8)
    assert numbers.ratio.value == pytest.approx(1.0), "nothing changed but that some are not named"
    assert numbers.rate_after.value == pytest.approx(numbers.rate_before.value)


def test_other_kinds_of_cases_need_no_root_cause(place: Care) -> None:
    start = MONDAY + timedelta(days=50)
    cases = placed(place, {"old": (8, -10), "new": (4, 10)}, start)
    named(place, cases, "old", ["delivery"] * 8)
    named(place, cases, "new", ["delivery"] * 4)
    place.clock.instant = start + timedelta(days=5)
    place.open("u1", "u2", "u3", "u4", rule="winback")  # nobody names the root cause of these
    place.clock.instant = start + timedelta(days=40)
    numbers = loop.follow(place.engine, new(place, started_at=start), place.clock.instant).numbers
    assert (numbers.verdict, numbers.named_after.n, numbers.ratio.value) == ("", 4, pytest.approx(0.5))


def test_what_happened_after_it_was_given_up_is_not_its_doing(place: Care) -> None:
    start = MONDAY + timedelta(days=50)
    cases = placed(place, {"old": (8, -10), "new": (4, 10), "late": (8, 30)}, start)
    for prefix in ("old", "new", "late"):
        named(place, cases, prefix, ["delivery"] * 8)
    made = new(place, started_at=start)

    def given_up(days: int) -> loop.BeforeAfter:
        asked = loop.ImprovementChange(dropped_at=start + timedelta(days=days))
        key, now = made.improvement_id, place.clock.instant
        changed = loop.change_improvement(place.engine, key, asked, by="cy", now=now)
        return loop.follow(place.engine, changed, now).numbers

    whole = loop.follow(place.engine, made, place.clock.instant).numbers
    assert (whole.days, whole.cases_before, whole.cases_after) == (40.0, 8, 12)
    numbers = given_up(20)
    assert (numbers.days, numbers.cases_before, numbers.cases_after) == (20.0, 8, 4)
    assert given_up(5).why == "It held for 5 days; 14 are needed."


def test_scores_before_and_after_are_those_of_one_survey(place: Care) -> None:
    start = MONDAY - timedelta(days=20)
    lines = [
        {"userId": f"u{n % 4 + 1}", "event": "Survey Answered", "messageId": f"{survey}{days}{n}",
         "timestamp": (start + timedelta(days=days)).isoformat(),
         "properties": {"survey": survey, "measure": "nps", "score": score, "response_id": f"{survey}{days}{n}"}}
        for survey, days, score, count in (("shop", -5, 9, 4), ("shop", 5, 9, 4), ("support", 6, 0, 30))
        for n in range(count)
    ]  # fmt: skip
    place.send(*lines)
    numbers = loop.follow(place.engine, new(place, started_at=start), MONDAY).numbers
    assert (numbers.score_before.n, numbers.score_after.n, numbers.score_change.value) == (4, 4, 0.0)


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
