"""Survey fatigue against a rule written row by row, and what the gate says of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.deliver import CANDIDATES, CONSENTS, HISTORY, SUPPRESSED, SURVEYED, SURVEYS, GateRules, gate
from foretell.deliver.survey_fatigue import tired
from foretell.deliver.words import says

BEGIN = datetime(2026, 3, 1)
DAY = 86_400_000_000
days = st.integers(0, 120)
names = st.sampled_from(["nps", "csat", "ces"])
asked = st.fixed_dictionaries(
    {
        "profile_key": st.integers(1, 2),
        "day": days,
        "surveys": st.lists(st.tuples(names, st.sampled_from([0, 10, 90])), max_size=2, unique_by=lambda one: one[0]),
        "thread": st.sampled_from(["t1", "t2", "t3"]),
    }
)
before = st.fixed_dictionaries(
    {"profile_key": st.integers(1, 2), "day": days, "survey": names, "thread": st.sampled_from(["t1", "t2", "t9"])}
)


def at(day: int) -> datetime:
    return BEGIN + timedelta(days=day)


def one_by_one(rows: list[dict[str, Any]], past: list[dict[str, Any]], gap: int) -> set[int]:
    """The same, one candidate after the other."""
    known, stopped = list(past), set()
    for place, row in enumerate(rows):
        hit = any(
            one["profile_key"] == row["profile_key"]
            and one["thread"] != row["thread"]
            and abs(one["day"] - row["day"]) < (max(again, gap) if one["survey"] == survey else gap)
            for survey, again in row["surveys"]
            for one in known
        )
        if hit:
            stopped.add(place)
        else:
            known += [{**row, "survey": survey} for survey, _ in row["surveys"]]
    return stopped


@settings(max_examples=120)
@given(rows=st.lists(asked, max_size=5), past=st.lists(before, max_size=5), gap=st.sampled_from([0, 7, 30]))
def test_it_stops_whom_one_would_row_by_row(rows: list[dict[str, Any]], past: list[dict[str, Any]], gap: int) -> None:
    turns: dict[int, int] = {}
    candidates, surveys = [], []
    for place, row in enumerate(rows):
        turns[row["profile_key"]] = turns.get(row["profile_key"], 0) + 1
        told = {"i": place, "profile_key": row["profile_key"], "at": at(row["day"]), "thread": row["thread"]}
        candidates.append({**told, "turn": turns[row["profile_key"]]})
        surveys += [{"i": place, "survey": one, "again_us": again * DAY} for one, again in row["surveys"]]
    kinds = pa.schema(
        [("i", pa.int64()), ("profile_key", pa.int64()), ("at", pa.timestamp("us")), ("thread", pa.string()),
         ("turn", pa.int64())]
    )  # fmt: skip
    history = [{**one, "at": at(one["day"])} for one in past]
    found = tired(
        pa.Table.from_pylist(candidates, schema=kinds),
        pa.Table.from_pylist(surveys, schema=SURVEYS),
        pa.Table.from_pylist(history, schema=SURVEYED),
        timedelta(days=gap),
    )
    assert set(found["i"].to_pylist()) == one_by_one(rows, past, gap)
    assert len(found["i"]) == len(set(found["i"].to_pylist())), "each says one reason"


def decided(*candidates: dict[str, Any], surveyed: list[dict[str, Any]], gap: int = 30) -> list[dict[str, Any]]:
    """The gate's answer about messages of the survey nps, which asks again after 90 days."""
    rows = [
        {"message_id": f"m{place}", "profile_key": 1, "medium": "email", "purpose": "marketing", "address": "a",
         **{key: value for key, value in one.items() if key != "survey"}}
        for place, one in enumerate(candidates)
    ]  # fmt: skip
    surveys = [
        {"i": place, "survey": one["survey"], "again_us": 90 * DAY}
        for place, one in enumerate(candidates)
        if one.get("survey")
    ]
    allowed = {"profile_key": 1, "channel": "email", "purpose": "marketing", "allowed": True, "found": "granted"}
    answer = gate(
        pa.Table.from_pylist(rows, schema=CANDIDATES),
        consents=pa.Table.from_pylist([allowed, {**allowed, "profile_key": 2}], schema=CONSENTS),
        suppressed=SUPPRESSED.empty_table(),
        history=HISTORY.empty_table(),
        rules=GateRules(survey_gap=timedelta(days=gap)),
        surveys=pa.Table.from_pylist(surveys, schema=SURVEYS),
        surveyed=pa.Table.from_pylist(surveyed, schema=SURVEYED),
    )
    return answer.to_pylist()


def test_the_gate_says_after_which_survey_somebody_comes_too_soon() -> None:
    past = [{"profile_key": 1, "at": at(0), "survey": "csat", "thread": "before"}]
    soon, plain, other = decided(
        {"at": at(10), "survey": "nps"}, {"at": at(10)}, {"at": at(10), "survey": "nps", "profile_key": 2},
        surveyed=past,
    )  # fmt: skip
    assert (soon["decision"], soon["reason"]) == ("refuse", "survey_fatigue")
    last = json.loads(soon["checks"])[-1]
    assert last == {
        "check": "survey_fatigue", "passed": False, "found": "asked csat at 2026-03-01T00:00:00Z, 2592000s apart"
    }  # fmt: skip
    assert says("survey_fatigue", last["found"]) == (
        "The person was asked by the survey csat at 2026-03-01T00:00:00Z, less than 30 days apart."
    )
    assert plain["decision"] == "send"
    assert "survey_fatigue" not in plain["checks"], "who asks nothing is not asked about it"
    assert other["decision"] == "send"
    passed = next(one for one in json.loads(other["checks"]) if one["check"] == "survey_fatigue")
    assert says("survey_fatigue", passed["found"]) == "The person was not asked by a survey too short a time ago."


def test_a_survey_rests_longer_before_it_asks_again_than_before_another() -> None:
    past = [{"profile_key": 1, "at": at(0), "survey": "nps", "thread": "before"}]
    assert [row["reason"] for row in decided({"at": at(45), "survey": "nps"}, surveyed=past)] == ["survey_fatigue"]
    assert [row["reason"] for row in decided({"at": at(45), "survey": "csat"}, surveyed=past)] == ["ok"]
    assert [row["reason"] for row in decided({"at": at(90), "survey": "nps"}, surveyed=past)] == ["ok"]


def test_a_reminder_does_not_come_too_soon_after_its_own_invitation() -> None:
    past = [{"profile_key": 1, "at": at(0), "survey": "nps", "thread": "invited"}]
    assert [row["reason"] for row in decided({"at": at(3), "survey": "nps", "thread": "invited"}, surveyed=past)] == [
        "ok"
    ]
    assert [row["reason"] for row in decided({"at": at(3), "survey": "nps"}, surveyed=past)] == ["survey_fatigue"]


def test_of_two_in_one_round_the_more_important_asks() -> None:
    answer = decided({"at": at(0), "survey": "nps"}, {"at": at(0), "survey": "csat", "priority": 5}, surveyed=[])
    assert [row["reason"] for row in answer] == ["survey_fatigue", "ok"]
