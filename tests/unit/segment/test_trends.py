"""Sizes at past instants: against sets by hand, kept, and computed anew where the past has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell import segment
from foretell.segment.trends import weeks_until
from tests.support.group_shop import START, Groups, add_events, add_people, documented, open_groups

NOW = START + timedelta(days=30)
DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("segment", "lately"): {"condition": {"did": "Page Viewed", "within": "7d"}, "title": "Seen this week"},
    ("segment", "named"): {"condition": {"segment": "lately"}},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Groups]:
    found = open_groups(tmp_path, DOCUMENTS)
    with found.engine:
        add_people(found, ["France"] * 5)
        # Person: days on which a page was looked at. Weeks begin on days 7, 14, 21 and 28 (less an hour: Berlin).
        days = {1: [5.0, 12.0, 19.0, 26.0], 2: [5.0, 26.0], 3: [12.0], 4: [26.0, 29.5], 5: [1.0]}
        people = np.repeat(list(days), [len(seen) for seen in days.values()])
        add_events(found, "Page Viewed", people, np.concatenate(list(days.values())))
        yield found


def _trend(shop: Groups, key: str = "lately", **options: Any) -> list[tuple[int, int | None, int | None, float | None]]:
    told = segment.trend(*shop.places, key, now=NOW, **options)
    return [(one.people, one.joined, one.left, one.stays) for one in told.points]


def test_sizes_joined_left_and_stayed_by_hand(shop: Groups) -> None:
    told = segment.trend(*shop.places, "lately", now=NOW)
    mondays = [START + timedelta(days=day, hours=-1) for day in (7, 14)]
    assert [one.at for one in told.points][:2] == mondays
    assert told.points[-1].at == NOW
    assert _trend(shop) == [
        (3, None, None, None),  # 1, 2, 5
        (2, 1, 2, 1 / 3),  # 1, 3
        (1, 0, 1, 0.5),  # 1
        (3, 2, 0, 1.0),  # 1, 2, 4
        (3, 0, 0, 1.0),
    ]


def test_what_is_kept_is_what_is_computed(shop: Groups) -> None:
    cold = _trend(shop)
    rows = shop.engine.ops.query("SELECT count(*) FROM segment_points")[0][0]
    assert rows == 4, "the point at this very instant is not kept"
    assert _trend(shop) == cold == _trend(shop, anew=True)
    assert shop.engine.ops.query("SELECT count(*) FROM segment_points")[0][0] == 4


def test_a_kept_count_is_used(shop: Groups) -> None:
    _trend(shop)
    with shop.engine.ops.write() as tx:
        tx.execute("UPDATE segment_points SET people = people + 40")
    assert [people for people, *_ in _trend(shop)] == [43, 42, 41, 43, 3]
    assert [people for people, *_ in _trend(shop, anew=True)] == [3, 2, 1, 3, 3]


def test_an_event_that_comes_late_makes_later_points_anew(shop: Groups) -> None:
    before = _trend(shop)
    add_events(shop, "Page Viewed", np.array([5]), np.array([18.0]), known=np.array([29.9]))
    after = _trend(shop)
    assert after[:2] == before[:2]
    assert after[2] == (2, 1, 1, 0.5), "person 5 had looked on day 18"
    assert after == _trend(shop, anew=True)
    add_events(shop, "Page Viewed", np.array([3]), np.array([29.95]))
    assert _trend(shop)[:4] == after[:4]


def test_another_meaning_is_computed_anew_also_through_a_segment_that_is_named(shop: Groups, tmp_path: Path) -> None:
    first = {key: segment.meaning_of(shop.catalog, key) for key in ("lately", "named")}
    assert _trend(shop, "named")[0][0] == 3
    titled = {**DOCUMENTS, ("segment", "lately"): {**DOCUMENTS["segment", "lately"], "title": "Other", "owner": "cx"}}
    catalog, _ = documented(shop.engine, tmp_path, titled)
    assert {key: segment.meaning_of(catalog, key) for key in first} == first
    wider = {**DOCUMENTS, ("segment", "lately"): {"condition": {"did": "Page Viewed", "within": "14d"}}}
    shop.catalog, shop.reader = documented(shop.engine, tmp_path, wider)
    assert {key: segment.meaning_of(shop.catalog, key) for key in first}.items().isdisjoint(first.items())
    assert [people for people, *_ in _trend(shop, "named")] == [3, 4, 2, 3, 3]
    kept = shop.engine.ops.query("SELECT DISTINCT meaning FROM segment_points WHERE segment = 'named'")
    assert kept == [(segment.meaning_of(shop.catalog, "named"),)], "those of the meaning before are let go"


def test_all_segments_and_only_reading(shop: Groups) -> None:
    told = segment.trends(*shop.places, now=NOW, weeks=2, keep=False)
    sizes = {one.key: [point.people for point in one.points] for one in told}
    assert sizes == {"lately": [1, 3], "named": [1, 3]}
    assert shop.engine.ops.query("SELECT count(*) FROM segment_points")[0][0] == 0


def test_counting_stops_when_it_is_enough_and_goes_on(shop: Groups) -> None:
    def told(*answers: bool) -> list[int]:
        left = list(answers)
        return [len(one.points) for one in segment.trends(*shop.places, now=NOW, weeks=2, enough=lambda: left.pop(0))]

    assert told(False, True) == [2, 0]
    assert told(True) == [2, 0], "what is kept costs nothing"
    assert told(False) == [2, 2]
    assert told() == [2, 2]


def test_an_empty_shop_has_no_past(tmp_path: Path) -> None:
    shop = open_groups(tmp_path, DOCUMENTS)
    with shop.engine:
        assert _trend(shop) == [(0, None, None, None)]
        assert _trend(shop, until_now=False) == []


def test_weeks_begin_on_mondays_of_the_zone_also_over_a_change_of_clocks() -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2025, 4, 1, 12, tzinfo=UTC)
    found = weeks_until(now, 3, zone, datetime(2025, 1, 1, tzinfo=UTC))
    assert [at.isoformat() for at in found] == [
        "2025-03-16T23:00:00+00:00", "2025-03-23T23:00:00+00:00", "2025-03-30T22:00:00+00:00",
    ]  # fmt: skip
    assert weeks_until(now, 3, zone, datetime(2025, 3, 20, tzinfo=UTC)) == found[1:]
    assert weeks_until(now, 3, zone, None) == ()
