"""Closing the loop: who waits, how long cases take, what is left afterwards; worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import care
from foretell.clock import parse_instant, zone_of
from foretell.listen import loop
from foretell.listen.loop.cases import cases
from foretell.listen.loop.effect import comparable
from tests.support.care_place import MONDAY, SETTINGS, Care, care_place

RULE = {
    "title": "Call a detractor", "team": "service", "root_causes": ["delivery", "price"],
    "opens": {"event": "Survey Answered", "where": {"survey": "nps", "score": {"lte": 6}}},
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Care]:
    document = {"kind": "case_rule", "key": "detractor", "spec": RULE}
    with care_place(tmp_path, documents={"case_rules/detractor.yaml": document}) as found:
        yield found


def answer(place: Care, user: str, score: int, response: str, **more: Any) -> None:
    told = {"survey": "nps", "measure": "nps", "response_id": response, "score": score, **more}
    happened(place, user, "Survey Answered", response, **told)


def happened(place: Care, user: str, event: str, message: str, **properties: Any) -> None:
    place.send(
        {"userId": user, "event": event, "messageId": message, "timestamp": place.clock.instant.isoformat(),
         "properties": properties}
    )  # fmt: skip


def case_of(place: Care, response: str) -> care.Case:
    return next(one for one in care.list_cases(place.engine, care.Wanted(None)).cases if one.response_id == response)


def report(place: Care, **asked: Any) -> loop.LoopReport:
    since = MONDAY - timedelta(days=30)
    return loop.loop_report(
        place.engine, place.workspace.catalog, loop.LoopQuery(since, **asked), now=place.clock.instant
    )


def played(place: Care) -> datetime:
    """u1 is called after 2 hours, the case closed after 10; u2 after 30, still open; u3 not at all; u4 was content."""
    for user, score, response in (("u1", 3, "a"), ("u2", 5, "b"), ("u3", 6, "c"), ("u4", 9, "d")):
        answer(place, user, score, response)
    place.at(hours=2)
    place.change(case_of(place, "a").case_id, contact=True, owner="ann")
    place.at(hours=8)
    place.close(case_of(place, "a").case_id, "solved", root_cause="delivery")
    place.at(hours=20)
    place.change(case_of(place, "b").case_id, contact=True, owner="ben")
    place.at(days=5)
    happened(place, "u1", "Ticket Opened", "t1")
    place.at(days=20)
    answer(place, "u1", 8, "a2")
    return place.clock.instant


def test_who_waits_and_who_was_spoken_with_in_time(place: Care) -> None:
    played(place)
    found = report(place).promptness
    assert (found.answers, found.waiting, found.waiting_without_case) == (3, 1, 0)
    assert (found.within_24h.value, found.within_24h.n) == (pytest.approx(1 / 3), 3)
    assert found.within_48h.value == pytest.approx(2 / 3)
    assert report(place, survey="csat").promptness.answers == 0


def test_who_answered_an_hour_ago_is_not_late_and_counts_in_no_share(place: Care) -> None:
    answer(place, "u1", 3, "a")
    place.at(hours=1)
    found = report(place).promptness
    assert (found.answers, found.waiting, found.within_24h.n) == (1, 1, 0)
    answer(place, "u2", 1, "b", anonymous=True)
    assert report(place).promptness.answers == 1


def test_a_second_answer_belongs_to_the_case_that_its_person_has_already(tmp_path: Path) -> None:
    document = {"kind": "case_rule", "key": "detractor", "spec": {**RULE, "one_open": True}}
    with care_place(tmp_path, documents={"case_rules/detractor.yaml": document}) as place:
        answer(place, "u1", 3, "a")
        place.at(hours=1)
        place.change(case_of(place, "a").case_id, contact=True)
        place.at(hours=1)
        answer(place, "u1", 2, "b")
        place.at(days=2)
        found = report(place).promptness
        assert (found.answers, found.waiting, found.waiting_without_case) == (2, 1, 0)
        assert found.within_24h.value == 0.5, "the word before the second answer is none about it"
        place.change(case_of(place, "a").case_id, contact=True)
        found = report(place).promptness
        assert (found.waiting, found.within_24h.value, found.within_48h.value) == (0, 0.5, 1.0)
        answer(place, "u2", 1, "c")
        place.close(case_of(place, "c").case_id, "not_needed")
        assert report(place).promptness.waiting == 0


def test_times_count_what_is_going_on_and_what_is_left_afterwards(place: Care) -> None:
    played(place)
    whole = report(place).whole
    assert (whole.cases, whole.open) == (3, 2)
    assert whole.contact_hours.value == pytest.approx(30.0)  # 2, 30 and one that is going on
    assert whole.close_hours.value != whole.close_hours.value  # one of three is closed: half are not
    assert whole.close_hours.low == pytest.approx(10.0)
    assert (whole.recontact.value, whole.recontact.n) == (1.0, 1)
    assert (whole.score_change.value, whole.score_change.n) == (5.0, 1)


def test_they_are_split_by_owner_team_cause_and_month(place: Care) -> None:
    played(place)
    owners = {one.group: one for one in report(place, by="owner").groups}
    assert {name: one.cases for name, one in owners.items()} == {"ann": 1, "ben": 1, "nobody": 1}
    assert owners["ann"].contact_hours.value == pytest.approx(2.0)
    assert [(one.group, one.cases) for one in report(place, by="team").groups] == [("service", 3)]
    assert {one.group for one in report(place, by="root_cause").groups} == {"delivery", "nobody"}
    assert [one.group for one in report(place, by="month").groups] == ["2026-03"]
    assert [one.group for one in report(place, by="rule").groups] == ["detractor"]


def test_the_effect_says_not_yet_and_why(place: Care) -> None:
    played(place)
    effect = report(place).effect
    assert (effect.verdict, "104 days ago" in effect.why) == (loop.NOT_YET, True)
    assert "Observational" in effect.label
    place.at(days=120)
    effect = loop.loop_report(
        place.engine, place.workspace.catalog, loop.LoopQuery(MONDAY - timedelta(days=1)), now=place.clock.instant
    ).effect
    assert (effect.verdict, "each group needs" in effect.why) == (loop.NOT_YET, True)


def test_causes_are_counted_and_suggested(place: Care) -> None:
    played(place)
    found = loop.causes(
        place.engine, place.workspace.catalog, since=MONDAY - timedelta(days=1), now=place.clock.instant
    )
    (row,) = found.rows
    assert (row.root_cause, row.cases, row.open, row.share, row.months) == ("delivery", 1, 0, 1.0, {"2026-03-01": 1})
    assert found.unnamed == 0
    catalog = place.workspace.catalog
    assert loop.suggested(place.engine, catalog, place.show(case_of(place, "b").case_id)) == ["delivery", "price"]


def test_what_a_person_answered(place: Care) -> None:
    played(place)
    case = case_of(place, "a")
    assert [(one.score, one.measure) for one in loop.answers_of(place.engine, case.profile_id)] == [
        (8.0, "nps"), (3.0, "nps"),
    ]  # fmt: skip


def test_months_are_those_of_the_workspace(tmp_path: Path) -> None:
    document = {"kind": "case_rule", "key": "detractor", "spec": RULE}
    settings = {**SETTINGS, "zone": "America/New_York"}
    with care_place(tmp_path, settings, documents={"case_rules/detractor.yaml": document}) as place:
        place.clock.instant = parse_instant("2026-04-01T03:59:59Z", zone_of("UTC"))  # 23:59:59 of 31 March there
        answer(place, "u1", 3, "a")
        place.at(seconds=1)
        answer(place, "u2", 3, "b")
        assert [(one.group, one.cases) for one in report(place, by="month").groups] == [("2026-04", 1), ("2026-03", 1)]
        for response in ("a", "b"):
            place.close(case_of(place, response).case_id, "solved", root_cause="delivery")
        catalog, now = place.workspace.catalog, place.clock.instant
        (row,) = loop.causes(place.engine, catalog, since=MONDAY, now=now).rows
        assert row.months == {"2026-03-01": 1, "2026-04-01": 1}


def many_cases(place: Care, surveys: tuple[str, str], currency: str) -> None:
    """40 people of each survey; of every four one was not called, one of them bought again, all bought before."""
    lines: list[dict[str, Any]] = []
    start = place.clock.instant

    def put(user: str, event: str, message: str, days: float, **properties: Any) -> None:
        at = (start + timedelta(days=days)).isoformat()
        lines.append({"userId": user, "event": event, "messageId": message, "timestamp": at, "properties": properties})

    for n in range(160):
        user, abroad = f"p{n}", currency if n % 5 < 2 else "EUR"
        put(user, "Order Completed", f"o{n}", -20 - n % 7, order_id=f"o{n}", revenue=9 + n % 5, currency=abroad)
        put(user, "Survey Answered", f"s{n}", 0, survey=surveys[n % 2], response_id=f"s{n}",
            score=(n // 4) % 7 if n % 2 == 0 else 1 + (n // 4) % 2)  # fmt: skip
        if n % 3 == 0:
            put(user, "Order Completed", f"later{n}", 30, order_id=f"later{n}", revenue=10)
    place.clock.instant = start + timedelta(days=1)
    place.send(*(one for one in lines if not one["messageId"].startswith("later")))
    cases = care.list_cases(place.engine, care.Wanted(None), limit=1_000).cases
    for case in cases:
        if int(str(case.response_id)[1:]) // 2 % 2:
            place.close(case.case_id, "solved")
    place.clock.instant = start + timedelta(days=110)
    place.send(*(one for one in lines if one["messageId"].startswith("later")))


def test_two_surveys_and_two_currencies_are_compared_like_with_like(tmp_path: Path) -> None:
    low = {**RULE, "opens": {"event": "Survey Answered", "where": {"score": {"lte": 6}}}}
    document = {"kind": "case_rule", "key": "detractor", "spec": low}
    with care_place(tmp_path, documents={"case_rules/detractor.yaml": document}) as place:
        many_cases(place, ("nps", "csat"), "JPY")
        effect = report(place).effect
        assert (effect.why, effect.closed, effect.others) == ("", 80, 80)
        assert {"score", "worth", "abroad", "survey nps"} <= set(effect.balance)
        for name, (_, after) in effect.balance.items():
            assert abs(after) < 0.01, f"{name} is alike in both groups"
        now, asked = place.clock.instant, loop.LoopQuery(MONDAY - timedelta(days=30))
        whole = cases(place.engine, asked, now, zone=zone_of("UTC"))
        compared = comparable(place.engine, whole, now, currency="EUR")
        assert compared is not None
        told = compared.to_pylist()
        assert {row["score"] for row in told if row["survey"] == "csat"} == {0.0, 0.25}
        assert {row["score"] for row in told if row["survey"] == "nps"} == {n / 10 for n in range(7)}
        assert {round(row["worth"], 6) for row in told if row["abroad"]} == {0.0}, "yen are not added to euros"


def test_an_empty_workspace_has_nothing_to_say(place: Care) -> None:
    found = report(place)
    assert (found.promptness.answers, found.whole.cases, found.groups, found.effect.verdict) == (0, 0, (), loop.NOT_YET)
    assert loop.causes(place.engine, place.workspace.catalog, since=MONDAY, now=place.clock.instant).rows == ()
