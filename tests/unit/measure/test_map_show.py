"""Journey maps by hand-made people: who stands where, who goes on, who is not yet, and the same people behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from foretell import care
from foretell.condition import parse
from foretell.errors import UsageError
from foretell.measure import maps
from tests.support.features_shop import AS_OF, Lines, Shop, did, load, opened, person

MAP = """\
kind: map
key: way
spec:
  title: The way
  window: 30d
  within: 10d
  lanes: [{key: shop, title: Shop}]
  stages:
    - key: look
      condition: {did: Page Viewed}
      touchpoints:
        - {key: page, lane: shop, did: Page Viewed}
        - {key: help, lane: shop, did: Page Viewed, where: {path: /help}}
    - {key: want, condition: {did: Product Added}}
    - key: buy
      condition: {did: Order Completed, times: {gte: 2}}
      touchpoints: [{key: order, lane: shop, did: Order Completed}]
"""
FADING = MAP.replace("key: way", "key: fading").replace("{did: Product Added}", "{did: Product Added, within: 5d}")
ISSUE = """\
kind: issue
key: lost
spec:
  detect: {did: Page Viewed, where: {path: /help}, within: 30d}
  answer: {case: lost, holdout: 0}
"""
SEGMENT = "kind: segment\nkey: helped\nspec: {condition: {did: Page Viewed, where: {path: /help}}}\n"


def page(user: str, days_ago: float, path: str = "/") -> dict[str, Any]:
    return did(user, days_ago, "Page Viewed", path=path)


def added(user: str, days_ago: float) -> dict[str, Any]:
    return did(user, days_ago, "Product Added")


def bought(user: str, days_ago: float) -> dict[str, Any]:
    return did(user, days_ago, "Order Completed", order_id=f"{user}-{days_ago}")


def people() -> Lines:
    """Of the window's 30 days, the present being day 0:

    - a1 … a12 looked 20 days ago and put into the cart one to twelve hours later;
    - b1 … b6 looked 20 days ago and did nothing more; c1 … c4 looked 2 days ago and did nothing more;
    - skip looked 15 days ago and bought twice without a cart; ahead bought twice before looking;
    - old looked 50 days ago and put into the cart 25 days ago.
    """
    lines = []
    for n in range(1, 13):
        lines += [page(f"a{n}", 20), added(f"a{n}", 20 - n / 24)]
    lines += [page(f"b{n}", 20, "/help") for n in range(1, 7)] + [page(f"c{n}", 2) for n in range(1, 5)]
    lines += [page("skip", 15), bought("skip", 14), bought("skip", 13)]
    lines += [bought("ahead", 20), bought("ahead", 19), page("ahead", 10)]
    return [*lines, page("old", 50), added("old", 25)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("maps")
    with opened(root, maps__way=MAP, maps__fading=FADING, segments__helped=SEGMENT, issues__lost=ISSUE) as found:
        assert [one for one in found.workspace.problems if one.severity == "error"] == []
        load(found, "people", people())
        place = found.workspace
        care.issues.refresh(place.engine, place.catalog, place.reader, now=AS_OF)
        yield found


def read(shop: Shop, key: str = "way", **asked: Any) -> maps.JourneyMap:
    place = shop.workspace
    return maps.show(place.engine, place.reader, place.catalog, key, **{"now": AS_OF, **asked})


def behind(shop: Shop, what: str, stage: str, **asked: Any) -> list[int]:
    place = shop.workspace
    asked = {"now": AS_OF, **asked}
    total, keys = maps.people_of(place.engine, place.reader, place.catalog, "way", maps.MapPeople(what, stage), **asked)
    assert total == len(keys)
    return keys


def test_people_stand_where_their_conditions_hold(shop: Shop) -> None:
    look, want, buy = read(shop).stages
    assert (look.people, look.people_before, look.furthest, look.missed) == (25, 1, 10, 0)
    assert (want.people, want.people_before, want.furthest, want.missed) == (13, 0, 13, 2)
    assert (buy.people, buy.furthest, buy.missed) == (2, 2, 0)
    assert "Product Added" in want.says
    assert look.exact
    assert want.exact
    assert buy.exact


def test_every_count_of_a_condition_is_what_the_condition_counts(shop: Shop) -> None:
    reader = shop.workspace.reader
    for one in read(shop).stages:
        told = {one.people: one.condition, one.furthest: one.furthest_condition}
        assert [reader.count(parse(dict(raw)), as_of=AS_OF) for raw in told.values()] == list(told)
        if one.missed_condition is not None:
            assert reader.count(parse(dict(one.missed_condition)), as_of=AS_OF) == one.missed
    for touchpoint in read(shop).touchpoints:
        assert reader.count(parse(dict(touchpoint.condition)), as_of=AS_OF) == touchpoint.people


def test_who_goes_on_who_stopped_and_who_is_not_yet(shop: Shop) -> None:
    going = read(shop).stages[0].going
    assert going.course == maps.Course(entered=24, ahead=1, next=12, skipped=1, stopped=6, not_yet=4)
    assert going.share is not None
    # All who went on did within 48 hours, when the four of two days ago were still watched.
    assert going.share.value == pytest.approx(13 / 23)
    assert 0.35 < going.share.low < 13 / 23 < going.share.high < 0.75
    assert (going.within_hours, going.whole) == (240, True)
    assert going.median_hours is not None
    assert going.median_hours.value == pytest.approx(7)  # the seventh of thirteen


def test_whoever_only_just_came_counts_for_as_long_as_they_were_there(shop: Shop) -> None:
    """At noon of the day they looked, the ten who came within the day have neither gone on nor stopped."""
    going = read(shop, until=AS_OF - timedelta(days=19.99), since=AS_OF - timedelta(days=40)).stages[0].going
    assert going.course == maps.Course(entered=18, next=0, stopped=0, not_yet=18)
    assert going.share is not None
    assert (going.share.value, going.whole) == (0, False)
    assert going.within_hours == pytest.approx(0.24, abs=0.01)
    assert going.median_hours is None


def test_too_few_are_not_yet_and_the_last_stage_leads_nowhere(shop: Shop) -> None:
    _, want, buy = read(shop).stages
    assert (buy.going.reason, buy.going.share) == ("last", None)
    assert want.going.course.judged == 13
    assert want.change is None  # nobody came in the window before
    few = read(shop, since=AS_OF - timedelta(days=3)).stages[0].going
    assert (few.reason, few.share, few.course.not_yet) == ("too_few", None, 4)


def test_the_people_behind_every_number(shop: Shop) -> None:
    told = read(shop)
    course = told.stages[0].going.course
    for what in ("entered", "ahead", "next", "skipped", "stopped", "not_yet"):
        assert len(behind(shop, what, "look")) == getattr(course, what), what
    assert behind(shop, "skipped", "look") == [person(shop, "skip")]
    assert behind(shop, "ahead", "look") == [person(shop, "ahead")]
    assert len(behind(shop, "went_on", "look")) == 13
    assert sorted(behind(shop, "missed", "want")) == sorted(person(shop, name) for name in ("skip", "ahead"))
    for stage in told.stages:
        assert len(behind(shop, "at", stage.key)) == stage.people
        assert len(behind(shop, "furthest", stage.key)) == stage.furthest
    for touchpoint in told.touchpoints:
        assert len(behind(shop, "met", touchpoint.key)) == touchpoint.people
    with pytest.raises(UsageError, match="no stage 'lok'"):
        behind(shop, "at", "lok")
    with pytest.raises(UsageError, match="no touchpoint"):
        behind(shop, "met", "look")
    with pytest.raises(UsageError, match="no number called"):
        behind(shop, "gone", "look")


def test_touchpoints_are_counted_against_the_window_before(shop: Shop) -> None:
    found = {one.key: one for one in read(shop).touchpoints}
    assert (found["page"].people, found["page"].volume, found["page"].people_before) == (24, 24, 1)
    assert (found["help"].people, found["order"].people, found["order"].volume) == (6, 2, 4)
    assert found["order"].stage == "buy"


def test_a_segment_limits_everything_and_splits(shop: Shop) -> None:
    told = read(shop, segment="helped")
    assert (told.stages[0].people, told.stages[1].people) == (6, 0)
    assert told.touchpoints[0].people == 6
    assert any("survivorship" in note for note in told.notes)
    (group,) = (one for one in read(shop, by="segment").groups if one.key == "helped")
    assert (group.key, group.people) == ("helped", {"look": 6, "want": 0, "buy": 0})
    assert group.going["look"].course.stopped == 6
    assert read(shop, by="persona").groups == ()
    with pytest.raises(UsageError, match="cannot be split"):
        read(shop, by="moon")
    with pytest.raises(UsageError, match="no segment"):
        read(shop, segment="nobody")


def test_a_stage_that_can_end_is_looked_at_day_by_day(shop: Shop) -> None:
    told = read(shop, "fading")
    look, want, _ = told.stages
    assert (want.exact, want.people) == (False, 0)  # nobody put anything into the cart in the last five days
    assert want.going.course.entered == 13
    assert look.going.course.next == 12
    assert look.going.median_hours is not None
    assert look.going.median_hours.value <= 24
    assert "looked at every day" in told.notes[0]
    earlier = read(shop, "fading", until=AS_OF - timedelta(days=19))
    assert earlier.stages[1].people == 12


def test_open_cases_and_issues_stand_with_stage_and_touchpoint(shop: Shop) -> None:
    told = read(shop)
    assert [(one.open_cases, one.open_issues) for one in told.stages] == [(6, 6), (0, 0), (0, 0)]
    met = {one.key: (one.open_cases, one.open_issues) for one in told.touchpoints}
    assert met == {"page": (6, 6), "help": (6, 6), "order": (0, 0)}
    before = read(shop, until=AS_OF - timedelta(hours=1)).stages[0]
    assert (before.open_cases, before.open_issues) == (0, 0)


def test_a_window_must_begin_before_it_ends(shop: Shop) -> None:
    with pytest.raises(UsageError, match="before it begins"):
        read(shop, since=AS_OF, until=AS_OF - timedelta(days=1))
    with pytest.raises(UsageError, match="no map"):
        read(shop, "none")
