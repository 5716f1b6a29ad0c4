"""Sessions: where they begin and end, what is told of them, and how they are corrected."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.collect.sessions import refreshing
from foretell.collect.sessions.reading import events_of
from foretell.errors import ForetellError
from tests.unit.collect.sessions.visits import BEGIN, ROBOT, did, page, site


def naive(minute: float) -> Any:
    return (BEGIN + timedelta(minutes=minute)).replace(tzinfo=None)


def test_thirty_idle_minutes_end_a_session_and_not_one_second_less(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(2, 30), page(3, 60 + 1 / 60))
        it.refresh()
        found = it.sessions("started_at, ended_at, pages, duration_seconds, bounced")
        assert found == [
            {"started_at": naive(0), "ended_at": naive(30), "pages": 2, "duration_seconds": 1800, "bounced": False},
            {"started_at": naive(60 + 1 / 60), "ended_at": naive(60 + 1 / 60), "pages": 1, "duration_seconds": 0,
             "bounced": True},
        ]  # fmt: skip


def test_another_campaign_begins_a_session_and_none_keeps_it(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(
            page(1, 0, "https://shop.example/?utm_source=News&utm_medium=email&utm_campaign=May%20sale&utm_term=a+b"),
            page(2, 1, "https://shop.example/c"),
            page(3, 2, context={"campaign": {"source": "news", "medium": "email", "name": "may sale"}}),
            page(4, 3, context={"campaign": {"source": "ads", "content": "red"}}),
            page(5, 4, properties={"utm_source": "mail", "utm_medium": "email"}),
        )
        it.refresh()
        found = it.sessions("pages, utm_source, utm_medium, utm_campaign, utm_term, utm_content")
        assert [tuple(row.values()) for row in found] == [
            (3, "News", "email", "May sale", "a b", None),
            (1, "ads", None, None, None, "red"),
            (1, "mail", "email", None, None, None),
        ]


def test_what_a_session_tells(tmp_path: Path) -> None:
    landing = page(
        1, 0, "https://www.shop.example/sale?q=red+shoes&token=secret#top",
        context={"locale": "de-DE", "location": {"country": "Germany", "city": "Kiel"},
                 "page": {"url": "https://www.shop.example/sale?q=red+shoes&token=secret#top",
                          "referrer": "https://www.google.com/search?q=x"}},
    )  # fmt: skip
    with site(tmp_path) as it:
        it.load(
            landing,
            did(2, 1, "Products Searched", {"query": "blue hat"}),
            did(3, 2, "Order Completed", {"order_id": "o1", "revenue": 12.5}),
            did(4, 3, "Order Completed", {"order_id": "o2", "revenue": 100, "currency": "USD"}),
            page(5, 4, "https://www.shop.example/thanks"),
        )
        it.refresh()
        (row,) = it.sessions()
    expected = {
        "landing_page": "https://www.shop.example/sale", "exit_page": "https://www.shop.example/thanks",
        "referrer": "https://www.google.com/search?q=x", "referrer_domain": "google.com", "browser": "Firefox",
        "browser_version": "127.0", "os": "Windows", "os_version": "10", "device_type": "desktop",
        "language": "de-DE", "country": "Germany", "city": "Kiel", "search_terms": "red shoes | blue hat",
        "orders": 2, "revenue": 12.5, "pages": 2, "events": 5, "bounced": False, "is_bot": False,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_the_own_site_is_no_referrer(tmp_path: Path) -> None:
    own = {"url": "https://shop.example/b", "referrer": "https://www.shop.example/a"}
    with site(tmp_path) as it:
        it.load(page(1, 0, context={"page": own}))
        it.refresh()
        assert it.sessions("referrer, referrer_domain") == [{"referrer": None, "referrer_domain": None}]


def test_an_app_tells_its_device_itself(tmp_path: Path) -> None:
    app = {
        "userAgent": None, "page": None, "app": {"name": "Shop"}, "os": {"name": "iOS", "version": "17.5"},
        "device": {"type": "ios", "manufacturer": "Apple", "model": "iPhone15,2"},
    }  # fmt: skip
    screen = {**page(1, 0, context=app), "type": "screen", "name": "Basket"}
    with site(tmp_path) as it:
        it.load(screen)
        it.refresh()
        found = it.sessions("landing_page, pages, app, os, os_version, device_type, device_name, browser")
    assert [tuple(row.values()) for row in found] == [
        ("Basket", 1, "Shop", "iOS", "17.5", "phone", "Apple iPhone15,2", None)
    ]


def test_servers_mails_and_our_own_events_are_no_visits(tmp_path: Path) -> None:
    bare = {"userAgent": None, "page": None}
    with site(tmp_path) as it:
        it.load(
            did(1, 0, "Order Completed", {"order_id": "o1", "revenue": 5}, context=bare),
            did(2, 1, "Email Opened", {}, context={"page": None}),
            did(3, 2, "Note Taken", {}, context={**bare, "tags": ['"page"', '"userAgent"']}),
        )
        assert it.refresh() == collect.SessionsReport()
        assert it.sessions() == []


def test_programs_have_a_view_of_their_own_and_are_not_told(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0, context={"userAgent": ROBOT}), page(2, 100))
        assert it.refresh().ended == 1
        assert [row["is_bot"] for row in it.sessions("is_bot")] == [False]
        assert [row["is_bot"] for row in it.sessions("is_bot", "machine_sessions")] == [True]
        assert len(it.ended()) == 1


def test_devices_of_one_person_have_sessions_of_their_own(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(
            page(1, 0, userId="ann"), page(2, 1, userId="ann", anonymousId="b"), page(3, 2, userId="ann"),
            page(4, 3, userId="ann", anonymousId=None), page(5, 4, userId="ann", anonymousId=None),
        )  # fmt: skip
        it.refresh()
        found = it.sessions("events, profile_id")
        assert [row["events"] for row in found] == [2, 1, 2]
        assert len({row["profile_id"] for row in found}) == 1


def test_a_session_follows_its_person_when_people_are_merged(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(2, 0, anonymousId=None, userId="ann"))
        it.refresh()
        assert len({row["profile_id"] for row in it.sessions()}) == 2
        it.load(page(3, 500, userId="ann"))
        it.refresh()
        assert len({row["profile_id"] for row in it.sessions()}) == 1


def test_a_session_is_told_once_when_it_is_over_and_counts_as_known_from_then_on(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), did(2, 5, "Product Viewed", {"product_id": "p"}))
        assert it.refresh(34.9) == collect.SessionsReport(1, 0)
        assert it.sessions("ended_event") == [{"ended_event": None}]
        assert it.refresh(35) == collect.SessionsReport(0, 1)
        assert it.refresh(36) == collect.SessionsReport()
        (told,) = it.ended()
        (row,) = it.sessions("session_id, ended_event, profile_id")
        assert (told["timestamp"], told["known_at"]) == (naive(5), naive(35))
        assert (told["message_id"], told["profile_id"]) == (row["ended_event"], row["profile_id"])
        said = told["properties"]
        assert (said["session_id"], said["pages"], said["events"]) == (row["session_id"], 1, 2)
        assert (said["duration_seconds"], said["bounced"], said["device_type"]) == (300, False, "desktop")


def test_a_campaign_ends_the_session_before_at_once(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(2, 5, context={"campaign": {"source": "ads"}}))
        assert it.refresh(6) == collect.SessionsReport(2, 1)
        (told,) = it.ended()
        assert (told["timestamp"], told["known_at"]) == (naive(0), naive(5))


def test_a_late_event_corrects_the_row_and_not_the_event(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(2, 20))
        it.refresh(100)
        before = it.ended()
        it.load(page(3, 25, "https://shop.example/late"))
        assert it.refresh(200) == collect.SessionsReport(1, 0)
        assert it.sessions("pages, exit_page") == [{"pages": 2, "exit_page": "https://shop.example/late"}]
        it.load(page(1, 0, "https://shop.example/first"))
        assert it.refresh(200).ended == 0
        (row,) = it.sessions("landing_page, pages, ended_event")
        assert row == {
            "landing_page": "https://shop.example/first", "pages": 3, "ended_event": before[0]["message_id"],
        }  # fmt: skip
        assert it.ended() == before


def test_a_late_event_between_two_sessions_makes_them_one(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(3, 50), page(4, 200), page(5, 0, anonymousId="b"))
        it.refresh(60)
        assert [row["pages"] for row in it.sessions("pages")] == [1, 1, 1, 1]
        it.load(page(2, 25))
        assert it.refresh(60).written == 2
        assert sorted(row["pages"] for row in it.sessions("pages")) == [1, 1, 3]


def test_work_done_in_small_windows_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.collect.sessions.refreshing.WINDOW_EVENTS", 2)
    monkeypatch.setattr("foretell.collect.sessions.refreshing.TOLD_TOGETHER", 1)
    with site(tmp_path) as it:
        it.load(*(page(number, number) for number in range(7)), page(7, 100))
        assert it.refresh().ended == 2
        assert [row["pages"] for row in it.sessions("pages")] == [7, 1]
        assert [told["properties"]["pages"] for told in it.ended()] == [7, 1]


def test_what_must_not_wait_is_done_between_windows_and_what_arrives_then_is_left_to_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "BETWEEN_EVENTS", 2)
    with site(tmp_path) as it:
        it.load(*(page(number, number) for number in range(5)))
        later = iter(range(5, 100))

        def arrives() -> None:
            number = next(later)
            it.load(page(number, number))

        collect.correct_sessions(it.it.engine, it.it.catalog, now=BEGIN, between=arrives)
        assert next(later) == 7  # three windows, two arrivals between them
        assert [row["pages"] for row in it.sessions("pages")] == [5]
        it.refresh()
        assert [row["pages"] for row in it.sessions("pages")] == [7]


def test_a_store_with_little_memory_looks_at_fewer_events_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "WINDOW_EVENTS", 16)
    monkeypatch.setattr(refreshing, "LEAST_WINDOW_EVENTS", 2)
    whole, asked = refreshing.new_events, []

    def narrow(analytics: Any, currency: str, *, since: int, until: int) -> Any:
        asked.append(until - since + 1)
        if asked[-1] > least:
            raise ForetellError("MEMORY_SHORT", "the analytics store has too little memory for this")
        return whole(analytics, currency, since=since, until=until)

    monkeypatch.setattr(refreshing, "new_events", narrow)
    with site(tmp_path) as it:
        it.load(*(page(number, number) for number in range(12)), page(12, 100))
        least = 0
        with pytest.raises(ForetellError, match="too little memory"):
            it.refresh()
        assert min(asked) == 1  # 16, 4 and then one, below which nothing can be left out
        least = 4
        assert it.refresh().ended == 2
        assert [row["pages"] for row in it.sessions("pages")] == [12, 1]


def test_rows_put_together_anew_tell_nothing_twice(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(2, 100))
        it.refresh()
        rows, told = it.sessions(), it.ended()
        with it.it.engine.ops.write() as tx:
            tx.execute("DELETE FROM sessions_progress")
        it.refresh()
        assert (it.sessions(), it.ended()) == (rows, told)


@pytest.mark.parametrize(
    "context",
    [
        {"page": "no object", "campaign": 7, "location": [], "locale": {}},
        {"page": {"url": ["x"], "referrer": {"a": 1}}, "userAgent": 5},
        {"page": {"url": "https://shop.example/?utm_source=%FF%00%zz&q=%C3"}, "userAgent": "x" * 20_000},
        {"page": {"url": "\u0000?&&==#"}, "campaign": {"source": "  ", "name": "\u0000"}, "device": None},
        {"page": None, "userAgent": None, "device": None},
    ],
)
def test_whatever_a_context_holds_the_work_goes_on(tmp_path: Path, context: dict[str, Any]) -> None:
    with site(tmp_path) as it:
        it.load({**page(1, 0), "context": context}, page(2, 100))
        it.refresh()
        assert len(it.sessions()) == 2


def test_events_that_come_later_join_a_session_up_to_its_very_limit(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(2, 60))
        it.refresh(61)
        it.load(page(3, 90), page(1, 30))
        assert it.refresh(91).written == 2, "the session and the one that it takes the place of"
        assert it.sessions("started_at, ended_at, pages") == [
            {"started_at": naive(30), "ended_at": naive(90), "pages": 3}
        ]


def test_a_session_that_was_told_and_is_cut_in_two_is_not_told_again(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(page(1, 0), page(3, 20))
        it.refresh(100)
        it.load(page(2, 10, context={"campaign": {"source": "ads"}}))
        assert it.refresh(200) == collect.SessionsReport(2, 0)
        assert [row["pages"] for row in it.sessions("pages")] == [1, 2]
        assert len({row["ended_event"] for row in it.sessions("ended_event")}) == 1
        assert len(it.ended()) == 1


def test_what_follows_is_added_without_reading_the_visit_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_again(*_: Any, **__: Any) -> Any:
        raise AssertionError("nothing came late")

    monkeypatch.setattr(refreshing, "events_of", read_again)
    with site(tmp_path) as it:
        for place in range(0, 12, 2):
            order = {"order_id": f"o{place % 8}", "revenue": 1.25, "currency": "GBP"}
            search = {"query": f"a|b {place}"}
            minute, url = place * 5, f"https://shop.example/{place}"
            it.load(page(place, minute, url), did(100 + place, minute + 1, "Order Completed", order, url=url))
            it.load(did(200 + place, minute + 2, "Products Searched", search, url=url))
            it.refresh(minute + 3)
        (row,) = it.sessions("landing_page, exit_page, pages, events, orders, revenue, bounced, search_terms")
    assert row == {
        "landing_page": "https://shop.example/0", "exit_page": "https://shop.example/10", "pages": 6, "events": 18,
        "orders": 4, "revenue": 7.5, "bounced": False, "search_terms": "a/b 0 | a/b 2 | a/b 4 | a/b 6 | a/b 8 | a/b 10",
    }  # fmt: skip


def test_a_late_event_reads_its_own_visit_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def spied(analytics: Any, currency: str, visits: Any, *, until: int) -> Any:
        asked.extend(visits.to_pylist())
        return events_of(analytics, currency, visits, until=until)

    monkeypatch.setattr(refreshing, "events_of", spied)
    with site(tmp_path) as it:
        it.load(*(page(number, number * 29) for number in range(150)))
        it.refresh(150 * 29)
        begun = [row["started_at"] for row in it.sessions("started_at")]
        assert begun == [naive(0), naive(29 * 29), naive(79 * 29), naive(129 * 29)], "cut at three midnights"
        it.load(page(900, 79 * 29 + 1, anonymousId="b"), page(901, 80 * 29 + 10))
        it.refresh(150 * 29)
        assert [(row["visit_started_at"], row["visit_ended_at"]) for row in asked] == [
            (naive(79 * 29), naive(128 * 29))
        ]
        assert [row["events"] for row in it.sessions("events, started_at")] == [29, 50, 51, 1, 21]


def test_a_visit_is_cut_at_midnight_only_where_it_has_gone_on_for_half_a_day(tmp_path: Path) -> None:
    with site(tmp_path) as it:
        it.load(*(page(number, 121 + number * 20) for number in range(50)))
        it.refresh()
        assert len(it.sessions()) == 1, "begun at 12:01, it goes on"
        it.load(page(900, 119))
        it.refresh()
        assert [row["started_at"] for row in it.sessions("started_at")] == [naive(119), naive(841)]
