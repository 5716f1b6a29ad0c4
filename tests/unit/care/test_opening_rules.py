"""Case rules that open cases by themselves: by an event at once, by a condition at a look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, care, identify, protect
from foretell.app import all_problems
from foretell.errors import UsageError
from foretell.profile.privacy import restrict
from tests.support.care_place import MONDAY, Care, care_place

DETRACTOR = {
    "title": "Call a detractor", "team": "sales", "assign": "round_robin", "priority": "high", "due": "1d",
    "opens": {"event": "Survey Answered", "where": {"survey": "nps", "score": {"lte": 6}}},
    "playbook": [{"key": "call", "do": "Call"}],
}  # fmt: skip
Lines = Mapping[str, Any]


def rule(key: str, **spec: Any) -> dict[str, Any]:
    return {f"case_rules/{key}.yaml": {"kind": "case_rule", "key": key, "spec": spec}}


@contextmanager
def shop(root: Path, **rules: Mapping[str, Any]) -> Iterator[Care]:
    documents: dict[str, Any] = {}
    for key, spec in (rules or {"detractor": DETRACTOR}).items():
        documents |= rule(key, **spec)
    with care_place(root, documents=documents) as place:
        yield place


def answer(user: str, score: float | None = 3, *, at: datetime = MONDAY, response: str = "r1", **more: Any) -> Lines:
    told = {"survey": "nps", "response_id": response, "score": score, **more}
    part = more.get("part", 1)
    return {
        "userId": user, "event": "Survey Answered", "messageId": f"{response}-{part}-{user}",
        "timestamp": at.isoformat(), "properties": {name: one for name, one in told.items() if one is not None},
    }  # fmt: skip


def opened(place: Care) -> list[care.Case]:
    return list(care.list_cases(place.engine, care.Wanted(None), sort="opened").cases)


def test_a_low_answer_opens_a_case_at_once_that_knows_it(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(
            answer("u1", 3, text="  The parcel was late.  ", survey_message="m_7"), answer("u2", 7, response="r2")
        )
        (case,) = opened(place)
        assert (case.rule, case.survey, case.response_id, case.score) == ("detractor", "nps", "r1", 3.0)
        assert (case.words, case.message_id, case.reason) == ("The parcel was late.", "m_7", "answered 3 to nps")
        assert (case.title, case.team, case.owner, case.priority) == ("Call a detractor", "sales", "dee", "high")
        assert case.due_at == MONDAY + timedelta(days=1)
        assert case.profile_key == identify.find(place.engine, "user_id:u1").profile_key
        (event,) = place.engine.analytics.query("SELECT * FROM events WHERE event = 'Case Opened'").to_pylist()
        told = json.loads(event["properties"])
        assert (told["survey"], told["case"]) == ("nps", "detractor")
        (row,) = place.engine.analytics.query("SELECT survey, response_id, score FROM cases").to_pylist()
        assert row == {"survey": "nps", "response_id": "r1", "score": 3.0}


def test_what_is_said_later_is_added_to_the_case_and_opens_no_second(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 3))
        assert opened(place)[0].words is None
        place.at(minutes=5)
        later = place.clock.instant
        place.send(answer("u1", 3, part=2, text="Too slow.", at=later))
        place.send(answer("u1", 3, part=3, text="Too slow.", at=later))  # the same words once more
        place.send(answer("u1", 3, part=4, text="And dear.", at=later))
        (case,) = opened(place)
        history = place.show(case.case_id).history
        assert case.words == "Too slow."
        assert [(one.what, one.after) for one in history if one.what == "reply"] == [
            ("reply", "Too slow."), ("reply", "And dear."),
        ]  # fmt: skip


def test_both_parts_in_one_batch_and_the_other_way_round_are_one_case(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 2, part=2, text="Late."), answer("u1", 2), answer("u1", 2))
        (case,) = opened(place)
        assert case.words == "Late."
        assert [one.what for one in place.show(case.case_id).history] == ["opened", "owner", "reply"]


def test_two_surveys_that_call_their_responses_alike_open_a_case_each(tmp_path: Path) -> None:
    low = {**DETRACTOR, "opens": {"event": "Survey Answered", "where": {"score": {"lte": 6}}}}
    with shop(tmp_path, detractor=low) as place:
        place.send(
            answer("u1", 3, response="1"), {**answer("u2", 2, response="1", survey="shop"), "messageId": "other"}
        )
        place.send({**answer("u2", 2, response="1", survey="shop", part=2, text="Dear."), "messageId": "more"})
        assert sorted((case.survey, case.words) for case in opened(place)) == [("nps", None), ("shop", "Dear.")]


def test_a_score_that_changes_within_a_response_is_remembered(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 2))
        place.send(answer("u1", 9, part=2))
        (case,) = opened(place)
        assert case.score == 9.0
        assert [(one.before, one.after) for one in place.show(case.case_id).history if one.what == "score"] == [
            ("2", "9")
        ]


def test_the_same_answer_told_again_opens_nothing(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 3))
        place.close(opened(place)[0].case_id)
        place.send(answer("u1", 3))  # a replay
        place.send({**answer("u1", 3), "messageId": "other"})  # another message of the same response
        assert [case.state for case in opened(place)] == ["closed"]


def test_an_answer_without_a_response_is_one_by_its_message(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        line = answer("u1", 3)
        del line["properties"]["response_id"]  # type: ignore[attr-defined]
        place.send(line)
        assert opened(place)[0].response_id == line["messageId"]


def test_numbers_as_responses_and_scores_as_texts_are_understood(tmp_path: Path) -> None:
    anything = {**DETRACTOR, "opens": {"event": "Survey Answered", "where": {"survey": "nps"}}}
    with shop(tmp_path, detractor=anything) as place:
        place.send(answer("u1", "4", response="x", response_id=118_223), answer("u2", "high", response="y"))
        cases = {case.profile_key: case for case in opened(place)}
        first, second = (cases[identify.find(place.engine, f"user_id:u{n}").profile_key] for n in (1, 2))
        assert (first.response_id, first.score, second.score) == ("118223", 4.0, None)


def test_tests_of_several_choices_read_what_was_chosen(tmp_path: Path) -> None:
    price = {"opens": {"event": "Survey Answered", "where": {"answers.disliked": "price"}}, "title": "Price"}
    with shop(tmp_path, price=price) as place:
        place.send(
            answer("u1", 8, answers={"disliked": ["delivery", "price"]}),
            answer("u2", 8, response="r2", answers={"disliked": ["delivery"]}),
        )
        assert [case.response_id for case in opened(place)] == ["r1"]


def test_nobody_gets_a_case_by_an_anonymous_answer_and_none_who_may_not_be_used(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        key = identify.find(place.engine, "user_id:u2").profile_key
        with place.engine.ops.write() as tx:
            restrict(tx, key, "restriction", reason="asked for", made_by="test", at=MONDAY - timedelta(days=1))
        place.send(
            answer("u1", 1, anonymous=True), answer("u2", 1, response="r2"),
            answer("u3", 1, response="r3", at=MONDAY - timedelta(days=9)),  # read in from an old file
        )  # fmt: skip
        assert opened(place) == []


def test_who_is_erased_leaves_no_case_and_no_words(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 1, text="My name is Eve."))
        assert len(opened(place)) == 1
        protect.erase_people(app.protected(place.workspace), ["user_id:u1"], made_by="dpo", now=place.clock.instant)
        assert opened(place) == []
        place.send(answer("u1", 1, response="r9"))  # what comes afterwards is not taken in
        assert opened(place) == []
        assert not place.engine.ops.query("SELECT 1 FROM case_history WHERE new LIKE '%Eve%'")


def test_a_person_with_one_at_a_time_keeps_it_and_the_second_answer_is_noted_there(tmp_path: Path) -> None:
    with shop(tmp_path, detractor={**DETRACTOR, "one_open": True}) as place:
        place.send(answer("u1", 3, text="Late."))
        place.send(answer("u1", 1, response="r2"))
        place.send(answer("u1", 1, response="r2", part=2, text="Late again."))
        (case,) = opened(place)
        told = [(one.what, one.after) for one in place.show(case.case_id).history]
        assert ("again", "answered 1 to nps") in told
        assert ("reply", "Late again.") in told
        assert (case.words, case.score) == ("Late.", 3.0)


def test_several_ways_and_several_rules_each_open_their_own(tmp_path: Path) -> None:
    both = {"opens": [{"event": "Ticket Rated", "where": {"rating": {"lte": 2}}}, {"event": {"in": ["Refund Asked"]}}]}
    with shop(tmp_path, detractor=DETRACTOR, service=both) as place:
        stamp = {"timestamp": MONDAY.isoformat()}
        place.send(
            {"userId": "u1", "event": "Ticket Rated", "messageId": "t1", "properties": {"rating": 1}, **stamp},
            {"userId": "u1", "event": "Ticket Rated", "messageId": "t2", "properties": {"rating": 4}, **stamp},
            {"userId": "u2", "event": "Refund Asked", "messageId": "f1", **stamp}, answer("u3", 0),
        )  # fmt: skip
        assert sorted((case.rule, case.reason) for case in opened(place)) == [
            ("detractor", "answered 0 to nps"), ("service", "Refund Asked"), ("service", "Ticket Rated"),
        ]  # fmt: skip


def test_a_rule_that_any_event_fulfils_does_not_go_on_opening(tmp_path: Path) -> None:
    with shop(tmp_path, any={"opens": {"event": {"contains": "e"}}}) as place:
        place.send({"userId": "u1", "event": "Ticket Opened", "messageId": "t", "timestamp": MONDAY.isoformat()})
        assert [case.reason for case in opened(place)] == ["Ticket Opened"]


def look(place: Care, now: datetime | None = None) -> int:
    where = place.workspace
    return care.open_by_rules(where.engine, where.catalog, where.reader, now=now or place.clock.instant)


def test_where_history_is_played_through_a_case_opens_when_its_answer_has_come_to_pass(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        assert look(place) == 0
        place.at(days=30)
        place.send(answer("u1", 3, at=MONDAY + timedelta(days=2), text="Late."))
        assert opened(place) == []
        assert look(place, MONDAY + timedelta(days=1)) == 0
        assert look(place, MONDAY + timedelta(days=2, hours=1)) == 1
        assert look(place, MONDAY + timedelta(days=2, hours=1)) == 0
        assert look(place, MONDAY + timedelta(days=3)) == 0
        (case,) = opened(place)
        assert (case.words, case.opened_at) == ("Late.", MONDAY + timedelta(days=2))


def test_a_look_does_not_open_again_what_opened_at_once(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        look(place)
        place.at(hours=1)
        place.send(answer("u1", 3))
        assert look(place) == 0
        assert app.advance(place.workspace, place.clock.instant).cases.opened == 0
        assert len(opened(place)) == 1


def test_a_look_keeps_the_last_score_of_a_response(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        look(place)
        place.at(hours=1)
        for part, score in ((1, 3), (2, 2), (3, 9)):
            place.send(answer("u1", score, part=part, text="Late." if part > 1 else ""))
        assert look(place) == 0
        (case,) = opened(place)
        assert (case.score, case.words) == (9.0, "Late.")
        told = [(one.before, one.after) for one in place.show(case.case_id).history if one.what == "score"]
        assert told == [("3", "2"), ("2", "9")]


COMPLAINT = {
    "title": "Keep them", "opens": {"condition": {"did": "Ticket Opened", "within": "14d"}, "again_after": "10d"},
}  # fmt: skip


def test_a_condition_opens_one_for_everybody_for_whom_it_holds(tmp_path: Path) -> None:
    with shop(tmp_path, keep=COMPLAINT) as place:
        at = (MONDAY - timedelta(days=1)).isoformat()
        place.send(
            *({"userId": user, "event": "Ticket Opened", "messageId": user, "timestamp": at} for user in ("u1", "u2"))
        )
        assert app.advance(place.workspace, place.clock.instant).cases.opened == 2
        assert look(place) == 0
        first, second = opened(place)
        assert {first.rule, second.rule} == {"keep"}
        place.close(first.case_id)
        place.at(days=1)
        assert look(place) == 0  # closed, and lately
        place.at(days=10)
        assert look(place) == 1  # again, for the one whose case is closed
        assert len(opened(place)) == 3


def test_a_restricted_person_gets_none_by_a_condition(tmp_path: Path) -> None:
    with shop(tmp_path, keep=COMPLAINT) as place:
        at = (MONDAY - timedelta(days=1)).isoformat()
        place.send({"userId": "u1", "event": "Ticket Opened", "messageId": "t", "timestamp": at})
        with place.engine.ops.write() as tx:
            key = identify.find(place.engine, "user_id:u1").profile_key
            restrict(tx, key, "suppression", reason="asked for", made_by="test", at=MONDAY)
        assert look(place) == 0


def test_many_answers_in_a_batch_are_many_cases(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(*(answer(f"v{n}", n % 11, response=f"r{n}", text=f"word {n}") for n in range(1_100)))
        assert care.list_cases(place.engine, care.Wanted(None)).total == 700
        assert care.list_cases(place.engine, care.Wanted(None, survey="nps")).total == 700
        assert care.list_cases(place.engine, care.Wanted(None, survey="csat")).total == 0


CAPPED = {**DETRACTOR, "most_a_day": 3}


def low(*numbers: int, at: datetime = MONDAY, user: str = "v{n}") -> list[Lines]:
    return [answer(user.format(n=n), 2, response=f"r{n}", at=at - timedelta(seconds=100 - n)) for n in numbers]


def test_what_is_more_than_a_rule_opens_in_a_day_is_held_back_and_counted_once(tmp_path: Path) -> None:
    with shop(tmp_path, detractor=CAPPED) as place:
        look(place)
        place.send(*low(*range(5)))
        place.send(*low(5, 6))
        assert [case.response_id for case in opened(place)][::-1] == ["r0", "r1", "r2"], "the first in time"
        assert care.held_back(place.engine) == {"detractor": 4}
        place.at(hours=1)
        place.send(*low(5, 6))  # a replay
        assert look(place) == 0
        assert care.held_back(place.engine) == {"detractor": 4}
        place.at(days=1)
        place.send(*low(7, at=place.clock.instant))
        assert look(place) == 0
        assert len(opened(place)) == 4, "the next day goes on with what is new"


def test_what_was_held_back_is_opened_or_left_as_somebody_decides(tmp_path: Path) -> None:
    with shop(tmp_path, detractor=CAPPED, other={**CAPPED, "title": "Other"}) as place:
        where = place.workspace
        place.send(*low(*range(6)))
        key = identify.find(place.engine, "user_id:v5").profile_key
        with place.engine.ops.write() as tx:
            restrict(tx, key, "restriction", reason="asked for", made_by="test", at=MONDAY)
        assert care.leave_held(place.engine, where.catalog, "other") == 3
        assert care.held_back(place.engine) == {"detractor": 3}
        now = place.at(days=9)
        assert care.open_held(where.engine, where.catalog, where.reader, "detractor", now=now) == 2
        assert care.open_held(where.engine, where.catalog, where.reader, "detractor", now=now) == 0
        assert care.open_held(where.engine, where.catalog, where.reader, "other", now=now) == 0
        assert (care.held_back(place.engine), look(place)) == ({}, 0)
        assert sorted((case.rule, case.response_id) for case in opened(place)) == sorted(
            [("detractor", f"r{n}") for n in range(5)] + [("other", f"r{n}") for n in range(3)]
        )
        with pytest.raises(UsageError, match="there is no case_rule called 'none'"):
            care.leave_held(place.engine, where.catalog, "none")


def test_of_people_who_have_one_at_a_time_as_many_cases_open_as_the_day_allows(tmp_path: Path) -> None:
    with shop(tmp_path, detractor={**CAPPED, "most_a_day": 2, "one_open": True}) as place:
        place.send(*low(0, user="a"), *low(1, user="a"), *low(2, user="b"), *low(3, user="c"), *low(4, user="c"))
        place.send(*low(5, user="b"), *low(6, user="d"))
        assert [case.response_id for case in opened(place)][::-1] == ["r0", "r2"]
        told = [one.what for case in opened(place) for one in place.show(case.case_id).history]
        assert told.count("again") == 2, "r1 and r5 belong to cases that are there"
        assert care.held_back(place.engine) == {"detractor": 3}


def test_a_condition_opens_so_many_a_day_until_everybody_has_one(tmp_path: Path) -> None:
    with shop(tmp_path, keep={**COMPLAINT, "most_a_day": 3}) as place:
        at = (MONDAY - timedelta(days=1)).isoformat()
        place.send(*({"userId": f"u{n}", "event": "Ticket Opened", "messageId": f"t{n}", "timestamp": at}
                     for n in range(1, 6)))  # fmt: skip
        assert [look(place), look(place)] == [3, 0]
        place.at(days=1)
        assert [look(place), look(place), len(opened(place))] == [2, 0, 5]


@pytest.mark.parametrize(
    ("opens", "code", "line"),
    [
        ({"event": "A", "condition": {"did": "A"}}, "BAD_VALUE", "write either event or condition"),
        ({}, "BAD_VALUE", "write either event or condition"),
        ({"event": "A", "again_after": "3d"}, "BAD_VALUE", "again_after belongs to condition"),
        ({"condition": {"did": "A"}, "where": {"a": 1}}, "BAD_VALUE", "where belongs to event"),
        ({"event": "A", "where": {"a": {"in_list": "zips"}}}, "NOT_AT_ONCE", "cannot be asked of 'a'"),
        ({"event": "A", "where": {"a": {"lte": [1]}}}, "", ""),
        ({"condition": {"segment": "none"}}, "", "none"),
        ({"event": "Case Opened"}, "OPENS_ITSELF", "without end"),
        ({"event": "A", "fresh": "0d"}, "BAD_DURATION", "no time at all"),
        ({"event": "A", "colour": "red"}, "", "colour"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_place(tmp_path: Path, opens: Any, code: str, line: str) -> None:
    with shop(tmp_path) as place:
        path = tmp_path / "case_rules" / "wrong.yaml"
        path.write_text(json.dumps({"kind": "case_rule", "key": "wrong", "spec": {"opens": opens}}))
        app.reload_definitions(place.workspace)
        found = [one for one in all_problems(place.workspace) if one.severity == "error"]
        assert found
        assert any((not code or one.code == code) and line in one.message for one in found), found
        assert all("case_rules/wrong.yaml" in one.where for one in found)
        place.send(answer("u1", 3))  # the other rules go on working
        assert len(opened(place)) == 1


def test_a_rule_that_is_put_in_force_later_works_from_then_on(tmp_path: Path) -> None:
    with shop(tmp_path, other={"title": "Other"}) as place:
        place.send(answer("u1", 3))
        assert opened(place) == []
        (tmp_path / "case_rules" / "detractor.yaml").write_text(
            json.dumps({"kind": "case_rule", "key": "detractor", "spec": DETRACTOR})
        )
        app.reload_definitions(place.workspace)
        place.send(answer("u2", 3, response="r2"))
        assert [case.response_id for case in opened(place)] == ["r2"]


READY = ("churn_complaint", "detractor_call", "low_csat")


def test_every_ready_rule_is_valid_and_can_be_put_into_a_workspace(tmp_path: Path) -> None:
    churn = {
        "kind": "prediction", "key": "churn",
        "spec": {"outcome": {"did_not": "Order Completed"}, "horizon": "90d", "population": {"did": "Order Completed"}},
    }  # fmt: skip
    with care_place(tmp_path, documents={"predictions/churn.yaml": churn}) as place:
        catalog = place.workspace.catalog
        assert tuple(one.key for one in care.ready_rules()) == READY
        for key in READY:
            path, fitted = care.write_ready_rule(catalog, key, "service" if key == "low_csat" else None)
            assert (path.exists(), fitted.team) == (True, "service" if key == "low_csat" else None)
        app.reload_definitions(place.workspace)
        assert not [one for one in all_problems(place.workspace) if one.severity == "error"]
        with pytest.raises(UsageError) as taken:
            care.write_ready_rule(place.workspace.catalog, "low_csat")
        assert taken.value.code == "FILE_TAKEN"
        with pytest.raises(UsageError) as unknown:
            care.fitted_rule(catalog, "detractor_cal")
        assert "detractor_call" in unknown.value.next_step
        with pytest.raises(UsageError) as team:
            care.fitted_rule(catalog, "low_csat", "servce")
        assert "service" in team.value.next_step
        place.send(answer("u1", 6))
        place.send({**answer("u1", 2, response="c"), "properties": {"survey": "csat", "response_id": "c", "score": 2}})
        cases = {case.rule: case for case in opened(place)}
        assert cases["low_csat"].team == "service"
        assert cases["detractor_call"].due_at == MONDAY + timedelta(days=1)
        assert cases["low_csat"].owner in ("ann", "ben", "cy")


def test_a_ready_rule_says_what_it_needs(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        with pytest.raises(UsageError) as lacking:
            care.fitted_rule(place.workspace.catalog, "churn_complaint")
        assert (lacking.value.code, "prediction churn" in lacking.value.what) == ("NEEDS_DOCUMENT", True)


def test_a_person_split_off_takes_the_case_along(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        place.send(answer("u1", 3))
        app.merge_people(place.workspace, "user_id:u1", "user_id:u2", force=True)
        place.send(answer("u2", 3, part=2, text="Late."))  # the same response, from the other device
        (case,) = opened(place)
        assert case.words == "Late."
        app.split_person(place.workspace, "user_id:u1", dry_run=False)
        after = place.show(case.case_id)
        assert (after.node_key, after.profile_key) == (
            case.node_key,
            identify.find(place.engine, "user_id:u1").profile_key,
        )
