"""A tick asks only about whom something new happened that a journey waits for, and reads the news once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell import journey
from foretell.condition import Reader
from foretell.journey import news
from tests.support.journey_shop import JOURNEY, JourneyShop, at, bought, ids_of, opened, viewed, with_people
from tests.support.small_events import event


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many people it was asked since when something holds, one number a question."""
    found: list[int] = []
    real = Reader.first_instants

    def counted(self: Reader, *args: Any, **more: Any) -> Any:
        found.append(more["people"].num_rows)
        return real(self, *args, **more)

    monkeypatch.setattr(Reader, "first_instants", counted)
    return found


def waiting(shop: JourneyShop) -> None:
    """Ann and Bob wait for their mail to be opened, and the tick after that has seen all of it."""
    with_people(shop, "ann", "bob")
    shop.tick(0)
    shop.tick(0.5)


def test_of_events_that_no_journey_waits_for_nothing_is_asked(tmp_path: Path, asked: list[int]) -> None:
    with opened(tmp_path) as shop:
        waiting(shop)
        asked.clear()
        shop.happened(viewed("ann", 1), viewed("bob", 1))
        assert shop.tick(2).moves == 0
        assert asked == []
        shop.happened(bought("ann", 3), viewed("bob", 3))
        shop.tick(4)
        assert set(asked) == {1}, "of Ann alone"
        assert shop.runs()["ann"][0] == "goal"


def test_what_is_opened_wakes_whoever_waits_for_it(tmp_path: Path, asked: list[int]) -> None:
    with opened(tmp_path) as shop:
        waiting(shop)
        asked.clear()
        shop.engaged("bob", "miss_you", "open", 1)
        shop.tick(2)
        assert asked
        assert shop.runs()["bob"][1] == "three_days"
        assert shop.runs()["ann"][1] == "day"


def test_who_turns_out_to_be_somebody_else_is_asked_about_everything(tmp_path: Path) -> None:
    """Bob's order is old news when it becomes Ann's."""
    with opened(tmp_path) as shop:
        waiting(shop)
        shop.happened(event("Order Completed", "till", 1, ids=ids_of("till_cid")))
        shop.tick(2)
        for name in ("ann", "till_cid"):
            shop.happened(event("Seen", f"{name}-seen", 3, ids={**ids_of(name), "anonymous_id": "x"}))
        shop.tick(4)
        assert shop.runs()["ann"][:1] + shop.runs()["ann"][3:] == ("goal", 1.0)


def test_all_journeys_read_the_news_in_one_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = JOURNEY.replace("churn_rescue", "other")
    with opened(tmp_path, documents={"journeys/other.yaml": other}) as shop:
        waiting(shop)
        journey.start(shop.engine, shop.catalog, "other", now=at(0))
        shop.tick(1)
        shop.tick(1.5)
        told: list[str] = []
        analytics = shop.engine.analytics
        real = analytics.query
        monkeypatch.setattr(
            analytics, "query", lambda sql, *more, **named: told.append(sql) or real(sql, *more, **named)
        )
        shop.happened(viewed("ann", 1.6))
        shop.tick(2)
        assert [sql for sql in told if sql.startswith(news._NEW[:40])] == [news._NEW]


def test_each_gets_its_own_part_of_what_was_read_for_all(tmp_path: Path) -> None:
    """A journey that lags far behind makes no other ask about everybody."""
    with opened(tmp_path) as shop:
        waiting(shop)
        shop.happened(viewed("ann", 1))
        seen = shop.engine.analytics.last_batch()
        read = news.News(shop.engine, at(3))
        assert read.since(0, at(-1000)).num_rows > 3
        shop.happened(viewed("bob", 2))
        assert read.since(seen, at(3)).to_pylist() == [{"profile_key": shop.key("bob"), "event": "Page Viewed"}]
        both = read.since(seen, at(0.9))["profile_key"].to_pylist()
        assert set(both) == {shop.key("ann"), shop.key("bob")}


def test_a_first_start_asks_nothing_about_the_past(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        assert journey.state_of(shop.engine, "churn_rescue").checked_batch == shop.engine.analytics.last_batch() > 0
