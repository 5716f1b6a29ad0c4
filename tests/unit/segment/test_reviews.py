"""When segments are looked at again, and what was decided: rows that stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell import segment
from foretell.errors import UsageError
from foretell.segment import Review, SegmentSpec
from foretell.segment.reviews.due import due_on
from tests.support.group_shop import START, Groups, add_events, add_people, open_groups

NOW = START + timedelta(days=100)
ZONE = ZoneInfo("Europe/Berlin")
IN_FORCE = datetime(2025, 1, 31, 12, tzinfo=UTC)
DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("segment", "buyers"): {"condition": {"did": "Order Completed"}, "owner": "cx@shop.example"},
    ("segment", "dated"): {"condition": {"segment": "buyers"}, "review": date(2025, 4, 20)},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Groups]:
    found = open_groups(tmp_path, DOCUMENTS)
    with found.engine:
        add_people(found, ["France"] * 4)
        add_events(found, "Order Completed", np.array([1, 2, 3]), np.array([1.0, 2.0, 110.0]), revenue=10)
        yield found


def _spec(**more: Any) -> SegmentSpec:
    return SegmentSpec(condition={"did": "x"}, **more)


def _review(day: date, next_review: date | None = None) -> Review:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Review("s", 1, at, "ada", "keep", "", next_review, 3, 4, "m")


def test_a_quarter_after_it_was_put_in_force_or_looked_at() -> None:
    assert due_on(_spec(), None, IN_FORCE, ZONE) == date(2025, 4, 30), "the day is drawn in to the month's end"
    assert due_on(_spec(review_every="1mo"), None, IN_FORCE, ZONE) == date(2025, 2, 28)
    assert due_on(_spec(), None, None, ZONE) is None
    assert due_on(_spec(), _review(date(2025, 3, 1)), IN_FORCE, ZONE) == date(2025, 6, 1)


def test_the_owners_word_goes_first_until_it_was_looked_at() -> None:
    spec = _spec(review=date(2025, 3, 15))
    assert due_on(spec, None, IN_FORCE, ZONE) == date(2025, 3, 15)
    assert due_on(spec, _review(date(2025, 3, 10)), IN_FORCE, ZONE) == date(2025, 3, 15)
    assert due_on(spec, _review(date(2025, 3, 15)), IN_FORCE, ZONE) == date(2025, 6, 15)
    assert due_on(_spec(), _review(date(2025, 3, 1), date(2025, 3, 20)), IN_FORCE, ZONE) == date(2025, 3, 20)


def test_a_review_is_a_row_and_the_next_a_second(shop: Groups) -> None:
    first = segment.record_review(*shop.places, "buyers", by="ada", decision="keep", note="as meant", now=NOW)
    later = NOW + timedelta(days=20)
    second = segment.record_review(
        *shop.places, "buyers", by="bob", decision="tighten", next_review=date(2025, 6, 1), now=later
    )
    assert (first.number, first.people, first.could_be, first.at) == (1, 2, 4, NOW)
    assert (second.number, second.people, second.next_review) == (2, 3, date(2025, 6, 1))
    assert segment.review_history(shop.engine, "buyers") == [second, first]
    assert first.meaning == segment.meaning_of(shop.catalog, "buyers")
    assert segment.review_history(shop.engine, "dated") == []


def test_what_is_due(shop: Groups) -> None:
    def told(now: datetime) -> list[tuple[str, date | None, int | None, bool]]:
        rows = segment.review_list(shop.engine, shop.catalog, now=now)
        return [(one.key, one.due, one.days, one.overdue) for one in rows]

    assert told(NOW) == [("dated", date(2025, 4, 20), 4, False), ("buyers", None, None, False)]
    assert told(NOW + timedelta(days=4))[0] == ("dated", date(2025, 4, 20), 0, True)
    made = segment.record_review(*shop.places, "dated", by="ada", decision="keep", now=NOW + timedelta(days=5))
    rows = {one.key: one for one in segment.review_list(shop.engine, shop.catalog, now=NOW + timedelta(days=6))}
    assert (rows["dated"].due, rows["dated"].last) == (date(2025, 7, 21), made)
    assert rows["buyers"].used_in == (segment.Use("segment", "dated", "dated"),)
    assert rows["buyers"].owner == "cx@shop.example"


def test_what_cannot_be_noted(shop: Groups) -> None:
    def refused(code: str, **options: Any) -> None:
        with pytest.raises(UsageError) as error:
            segment.record_review(*shop.places, **{"key": "buyers", "by": "ada", "now": NOW, **options})
        assert error.value.code == code

    refused("BAD_DECISION", decision="delete")
    refused("BAD_DATE", decision="keep", next_review=date(2025, 4, 16))
    refused("UNKNOWN_DEFINITION", decision="keep", key="nothing")
    assert segment.review_history(shop.engine, "buyers") == []
    assert replace(_review(date(2025, 1, 1)), number=2) != _review(date(2025, 1, 1))
