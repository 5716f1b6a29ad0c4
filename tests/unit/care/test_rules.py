"""Case rules: who gets a case, by when, how pressing it is, and when there is no second one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from foretell import care, definitions, identify
from foretell.app import KINDS, all_problems
from foretell.clock import naive_utc, parse_instant, zone_of
from foretell.engine import TIMESTAMP
from foretell.errors import ForetellError
from tests.support.care_place import MONDAY, RULES, SETTINGS, Care, care_place

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(text: str) -> datetime:
    return parse_instant(text, zone_of("Europe/Berlin"))


def test_a_team_takes_turns_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", "u2", rule="winback")
        place.open("u3", "u4", rule="winback")
        found = {case.case_id: case for case in care.list_cases(place.engine).cases}
        owners = [found[f"case-u{number}-winback"].owner for number in range(1, 5)]
        assert owners == ["ann", "ben", "cy", "ann"]
        assert {case.team for case in found.values()} == {"service"}
        assert {case.title for case in found.values()} == {"Win them back"}
        history = [(one.by, one.what, one.after) for one in place.show("case-u2-winback").history]
        assert history == [("foretell", "opened", "normal"), ("foretell", "owner", "ben")]


def test_who_has_the_fewest_gets_the_next(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", "u2", rule=None, owner="ann", prefix="old")
        place.open("u1", owner="ben", prefix="older")
        found = place.open("u1", "u2", "u3", "u4", rule="load")
        owners = [case.owner for case in found if case.rule == "load"]
        assert sorted(map(str, owners)) == ["ann", "ben", "cy", "cy"]
        place.close("old-u1-None")
        place.close("old-u2-None")
        place.open("u1", rule="load", prefix="next")
        assert place.show("next-u1-load").owner == "ann"


def test_due_times_count_the_teams_hours_holidays_and_zone(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", rule="winback")  # Monday 11:00 in Berlin; Tuesday is off
        assert place.show("case-u1-winback").due_at == berlin("2026-03-04T11:00")
        place.open("u1", rule="load")
        assert place.show("case-u1-load").due_at == berlin("2026-03-04T11:00")
        place.open("u2", rule="load", due="2h", due_in="hours")
        assert place.show("case-u2-load").due_at == MONDAY + timedelta(hours=2)
        place.open("u3", rule="save", due="3h")  # sales always works
        assert place.show("case-u3-save").due_at == MONDAY + timedelta(hours=3)
        assert place.show("case-u3-save").title == "Save"


def test_a_person_has_one_open_case_where_the_rule_says_so(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        for _ in range(2):
            place.open("u1", rule="winback")
            place.open("u1", rule="winback", prefix="again", journey="second")
        assert [case.case_id for case in care.list_cases(place.engine).cases] == ["case-u1-winback"]
        history = [(one.what, one.after) for one in place.show("case-u1-winback").history]
        assert history == [("opened", "normal"), ("owner", "ann"), ("again", "second")]
        told = place.engine.analytics.query("SELECT count(*) AS n FROM events WHERE event = 'Case Opened'")
        assert told["n"][0].as_py() == 1
        place.close("case-u1-winback", "reached")
        place.open("u1", rule="winback", prefix="later")
        assert place.show("later-u1-winback").state == "open"
        place.open("u2", rule="load", prefix="one")
        place.open("u2", rule="load", prefix="two")
        assert {"one-u2-load", "two-u2-load"} <= {case.case_id for case in care.list_cases(place.engine).cases}


def test_two_of_one_batch_for_one_person_are_one(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        key = identify.find(place.engine, "user_id:u1").profile_key
        none = pa.nulls(2, pa.string())
        rows = pa.table(
            {
                "case_id": ["b", "a"], "profile_key": [key, key], "node_key": [key, key],
                "opened_at": pa.array([naive_utc(MONDAY)] * 2, TIMESTAMP), "due_at": pa.nulls(2, TIMESTAMP),
                "rule": ["winback", "winback"], "reason": ["x", "y"],
                **dict.fromkeys(("title", "priority", "owner", "journey", "run", "step"), none),
            }
        )  # fmt: skip
        catalog, engine = place.workspace.catalog, place.engine
        engine.act("journey", lambda tx, batch: care.open_cases(tx, batch, rows, catalog) and None, now=MONDAY)
        assert [case.case_id for case in care.list_cases(engine).cases] == ["a"]
        assert [(one.what, one.after) for one in place.show("a").history][-1] == ("again", "x")


def score(place: Care, prediction: str, horizon: str, scores: dict[str, float], at: datetime) -> None:
    keys = [identify.find(place.engine, f"user_id:{one}").profile_key for one in scores]
    values = pa.array(list(scores.values()), pa.float64())
    size = len(keys)
    rows = pa.table(
        {
            "prediction": [prediction] * size, "horizon": [horizon] * size, "node_key": pa.array(keys, pa.int64()),
            "as_of": pa.array([naive_utc(at)] * size, TIMESTAMP), "score": values, "low": values, "high": values,
            "model": ["m"] * size, "reasons": ["[]"] * size,
        }
    )  # fmt: skip
    place.engine.publish("predict", {"score_rows": rows}, now=at)


def test_priority_goes_by_the_money_at_risk_until_somebody_says_otherwise(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        score(place, "clv", "39w", {"u1": 400.0, "u2": 100.0, "u3": 10.0}, MONDAY)
        for horizon, chance in (("30d", 0.01), ("90d", 0.5), ("180d", 0.9)):
            score(place, "churn", horizon, {"u1": chance, "u2": chance, "u3": chance}, MONDAY)
        place.open("u1", "u2", "u3", "u4", rule="save")
        now, catalog = place.at(minutes=1), place.workspace.catalog
        assert care.refresh(place.engine, catalog, now=now).valued == 3
        assert care.refresh(place.engine, catalog, now=now).valued == 0
        found = {case.profile_key: case for case in care.list_cases(place.engine, sort="value").cases}
        told = [(case.value_minor, case.priority) for case in found.values()]
        assert told == [(20_000, "urgent"), (5_000, "high"), (500, "normal"), (None, "normal")]
        one = care.list_cases(place.engine, care.Wanted(priority="urgent")).cases[0]
        place.change(one.case_id, priority="low")
        score(place, "clv", "39w", {"u1": 4_000.0, "u2": 10.0, "u3": 300.0}, place.at(hours=2))
        care.refresh(place.engine, catalog, now=place.at(minutes=1))
        again = {case.case_id: (case.value_minor, case.priority) for case in care.list_cases(place.engine).cases}
        assert again[one.case_id] == (200_000, "low")
        assert sorted(again.values(), key=str)[1:] == [(200_000, "low"), (500, "normal"), (None, "normal")]
        assert (15_000, "urgent") in again.values()
        back = place.change(one.case_id, priority="by_value")
        assert (back.priority, back.priority_by) == ("urgent", "value")
        view = place.engine.analytics.query("SELECT value_at_risk FROM cases WHERE priority = 'urgent' ORDER BY 1")
        assert view["value_at_risk"].to_pylist() == [150.0, 2_000.0]


def test_what_rests_wakes_and_what_is_past_its_time_is_breached(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", rule="winback")
        place.open("u2", rule=None)
        until = MONDAY + timedelta(hours=4)
        resting = place.change("case-u1-winback", snooze_until=until)
        assert (resting.state, resting.snoozed_until) == ("waiting", until)
        catalog = place.workspace.catalog
        assert care.refresh(place.engine, catalog, now=place.at(hours=3)).woken == 0
        assert care.refresh(place.engine, catalog, now=place.at(hours=1)).woken == 1
        assert place.show("case-u1-winback").state == "in_progress"
        assert care.refresh(place.engine, catalog, now=place.at(days=3)).breached == 1
        assert care.refresh(place.engine, catalog, now=place.clock.instant).breached == 0
        case = place.show("case-u1-winback")
        assert case.breached_at == case.due_at
        assert [one.what for one in case.history] == ["opened", "owner", "snoozed", "woken", "breached"]
        overdue = care.list_cases(place.engine, care.Wanted("unclosed", overdue_at=place.clock.instant))
        assert [one.case_id for one in overdue.cases] == ["case-u1-winback"]
        place.change("case-u1-winback", note="spoke", contact=True)
        place.close("case-u1-winback", "reached", root_cause="price")
        row = place.engine.analytics.query(
            "SELECT contact_seconds, close_seconds, breached_at, root_cause, team FROM cases WHERE rule = 'winback'"
        ).to_pylist()[0]
        seconds = int((place.clock.instant - MONDAY).total_seconds())
        assert (row["contact_seconds"], row["close_seconds"]) == (seconds, seconds)
        assert (row["root_cause"], row["team"]) == ("price", "service")
        assert row["breached_at"] == naive_utc(case.due_at)  # type: ignore[arg-type]


def test_playbook_links_and_hand_overs_are_history(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", "u2", rule="winback")
        one, other = "case-u1-winback", "case-u2-winback"
        done = place.change(one, done=["look"], link=other, link_as="duplicate")
        assert [step.key for step in done.done] == ["look"]
        assert [(link.case_id, link.kind) for link in done.links] == [(other, "duplicate")]
        assert [(link.case_id, link.kind) for link in place.show(other).links] == [(one, "duplicated")]
        assert place.change(one, done=["look"]).version == done.version
        assert place.change(one, undone=["look"]).done == ()
        handed = place.change(one, owner="sales", note="theirs")
        assert (handed.owner, handed.team) == (None, "sales")
        taken = care.take(place.engine, place.workspace.catalog, one, by="dee", now=place.clock.instant)
        assert (taken.owner, taken.state, taken.team) == ("dee", "in_progress", "sales")
        assert place.change(one, unlink=other).links == ()
        whats = [one.what for one in place.show(one).history]
        assert whats == ["opened", "owner", "step_done", "linked", "step_undone", "owner", "team", "note", "state",
                         "owner", "unlinked"]  # fmt: skip


def test_several_cases_change_together_or_not_at_all(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", "u2", "u3", rule="load")
        ids = [f"case-u{number}-load" for number in (1, 2, 3)]
        catalog, now = place.workspace.catalog, place.clock.instant
        asked = care.CaseChange(owner="ben", priority="high")
        changed = care.change_all(place.engine, catalog, ids, asked, by="ann", now=now)
        assert [(case.owner, case.priority, case.priority_by) for case in changed] == [("ben", "high", "person")] * 3
        place.close(ids[0], "reached")
        with pytest.raises(ForetellError) as refused:
            care.close_all(place.engine, catalog, ids, outcome="solved", by="ann", now=now)
        assert refused.value.code == "CASE_CLOSED"
        assert [place.show(one).state for one in ids] == ["closed", "open", "open"]
        closed = care.close_all(place.engine, catalog, ids[1:], outcome="not_needed", by="ann", now=now, note="done")
        assert [case.outcome for case in closed] == ["not_needed"] * 2
        told = place.engine.analytics.query("SELECT count(*) AS n FROM events WHERE event = 'Case Resolved'")
        assert told["n"][0].as_py() == 3


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("UNKNOWN_TEAM", {"team": "sale"}),
        ("BAD_SNOOZE", {"snooze_until": MONDAY}),
        ("BAD_LINK", {"link": "case-u1-winback"}),
        ("UNKNOWN_CASE", {"link": "nope"}),
        ("BAD_ROOT_CAUSE", {"root_cause": "weather"}),
        ("UNKNOWN_STEP", {"done": ["jump"]}),
    ],
)  # fmt: skip
def test_wrong_changes_are_refused(tmp_path: Path, code: str, asked: dict[str, Any]) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", rule="winback")
        with pytest.raises(ForetellError) as refused:
            place.change("case-u1-winback", **asked)
        assert refused.value.code == code


def test_a_reopened_case_is_counted_and_can_be_closed_again(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        place.open("u1", rule="winback")
        place.close("case-u1-winback", "reached")
        now = place.at(hours=1)
        again = care.reopen(place.engine, place.workspace.catalog, "case-u1-winback", by="ben", now=now, note="no")
        assert (again.state, again.reopened, again.outcome, again.closed_at) == ("open", 1, None, None)
        place.at(hours=1)
        assert place.close("case-u1-winback", "solved").closed_at == place.clock.instant
        view = place.engine.analytics.query("SELECT outcome, reopened FROM cases").to_pylist()
        assert view == [{"outcome": "solved", "reopened": 1}]


def test_tasks_are_opened_by_hand(tmp_path: Path) -> None:
    with care_place(tmp_path) as place:
        who = identify.find(place.engine, "user_id:u1")
        catalog, now = place.workspace.catalog, place.clock.instant
        for _ in range(2):
            task = care.open_one(place.engine, catalog, who, care.NewCase("Send the missing part"), by="ann", now=now)
        assert (task.title, task.state, task.history[0].by) == ("Send the missing part", "open", "ann")
        by_rule = care.open_one(place.engine, catalog, who, care.NewCase(rule="winback"), by="ann", now=now)
        assert (by_rule.title, by_rule.owner) == ("Win them back", "ann")
        later = place.at(hours=1)
        second = care.open_one(place.engine, catalog, who, care.NewCase(rule="winback"), by="ben", now=later)
        assert second.case_id == by_rule.case_id
        assert care.list_cases(place.engine).total == 2
        with pytest.raises(ForetellError, match="needs a title"):
            care.open_one(place.engine, catalog, who, care.NewCase(), by="ann", now=now)


def test_merged_people_see_that_their_cases_are_one_matter_and_a_split_parts_them(tmp_path: Path) -> None:
    with care_place(tmp_path, people=0) as place:
        place.send({"anonymousId": "a"}, {"anonymousId": "b"})
        keys = [identify.find(place.engine, f"anonymous_id:{one}").profile_key for one in ("a", "b")]
        for name, key in zip(("first", "second"), keys, strict=True):
            who = identify.Match(key, name, "anonymous_id", name)
            care.open_one(
                place.engine, place.workspace.catalog, who, care.NewCase(rule="load"), by="ann", now=place.at(hours=1)
            )
        merged = pa.table({"loser_key": pa.array([keys[1]], pa.int64()), "winner_key": pa.array([keys[0]], pa.int64())})
        stage = care.CareStage()
        with place.engine.ops.write() as tx:
            stage.rekey(tx, merged)
        found = care.cases_of(place.engine, keys[0])
        assert [link.kind for link in place.show(found[0].case_id).links] == ["duplicate"]
        parted = pa.table({"node_key": [keys[1]], "profile_key": [keys[1]], "from_key": [keys[0]]})
        with place.engine.ops.write() as tx:
            stage.unmerge(tx, parted)
        assert [place.show(case.case_id).links for case in found] == [(), ()]
        assert [len(care.cases_of(place.engine, key)) for key in keys] == [1, 1]


def problems(root: Path, rule: dict[str, Any], settings: dict[str, Any] = SETTINGS) -> list[str]:
    (root / "case_rules").mkdir(parents=True, exist_ok=True)
    (root / "foretell.yaml").write_text(json.dumps(settings))
    (root / "case_rules/one.yaml").write_text(json.dumps({"kind": "case_rule", "key": "one", "spec": rule}))
    return [one.code for one in definitions.load(root, KINDS)[1]]


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        (RULES["winback"], []),
        ({"team": "servise"}, ["UNKNOWN_TEAM"]),
        ({"assign": "round_robin"}, ["BAD_VALUE"]),
        ({"playbook": [{"key": "a", "do": "x"}, {"key": "a", "do": "y"}]}, ["BAD_VALUE"]),
        ({"priority": "by_value", "bands": {"urgent": 5, "high": 20}}, ["BAD_VALUE"]),
        ({"due": "0h"}, ["BAD_VALUE"]),
    ],
)
def test_rules_are_checked(tmp_path: Path, rule: dict[str, Any], codes: list[str]) -> None:
    assert problems(tmp_path, rule) == codes


def test_the_section_care_is_checked(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(json.dumps(SETTINGS))
    told["care"]["teams"]["service"]["holidays"] = "days_of"
    told["care"]["help_desk"] = {"uses": "zendesk", "settings": {"base_url": "https://x.zendesk.com", "user": "a@b.c"}}
    with care_place(tmp_path, told) as place:
        assert {one.code for one in all_problems(place.workspace)} == {"UNKNOWN_LIST", "SECRET_MISSING"}
    told["care"]["help_desk"]["settings"]["outcome"] = "happy"
    with care_place(tmp_path, told) as place:
        assert {one.code for one in all_problems(place.workspace)} == {"UNKNOWN_LIST", "BAD_VALUE"}
    told["care"]["help_desk"]["uses"] = "zendes"
    with care_place(tmp_path, told) as place:
        assert {one.code for one in all_problems(place.workspace)} == {"UNKNOWN_LIST", "UNKNOWN_DESK"}
