"""Closing the loop: who waits, how long cases take, what is left afterwards; worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import care
from foretell.listen import loop
from tests.support.care_place import MONDAY, Care, care_place

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
    return loop.loop_report(place.engine, loop.LoopQuery(since, **asked), now=place.clock.instant)


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
        place.engine, loop.LoopQuery(MONDAY - timedelta(days=1)), now=place.clock.instant
    ).effect  # fmt: skip
    assert (effect.verdict, "each group needs" in effect.why) == (loop.NOT_YET, True)


def test_causes_are_counted_and_suggested(place: Care) -> None:
    played(place)
    found = loop.causes(place.engine, since=MONDAY - timedelta(days=1), now=place.clock.instant)
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


def test_an_empty_workspace_has_nothing_to_say(place: Care) -> None:
    found = report(place)
    assert (found.promptness.answers, found.whole.cases, found.groups, found.effect.verdict) == (0, 0, (), loop.NOT_YET)
    assert loop.causes(place.engine, since=MONDAY, now=place.clock.instant).rows == ()
