"""Answers by the door: parts, replays, what becomes of merges and splits, and the view over all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect
from foretell.clock import FixedClock
from foretell.condition import parse
from foretell.errors import UsageError
from foretell.listen import surveys
from foretell.listen.surveys import Answered, Answering
from tests.support.small_events import NOW
from tests.support.small_workspace import write

SURVEY = """\
kind: survey
key: delivery
spec:
  title: Us
  touchpoint: parcel
  questions:
    - {key: mood, type: csat, ask: How?, required: true}
    - {key: liked, type: choice, several: true, ask: What?, options: [{key: price, label: P}, {key: team, label: T}]}
    - {key: how, type: matrix, ask: How?, rows: [{key: a, label: A}], columns: [{key: x, label: X}, {key: y, label: Y}]}
    - {key: why, type: text, ask: Why?}
"""
OLD = [
    {"userId": "u1", "messageId": "a1", "properties": {"survey": "delivery", "score": 2, "text": "old"}},
    {"userId": "u1", "messageId": "a2", "properties": {"survey": "delivery", "score": "4", "response_id": 77,
                                                       "complete": "false"}},
    {"userId": "u1", "messageId": "a3", "properties": {"survey": "delivery", "score": 5, "response_id": "77", "part": 2,
                                                       "channel": "email", "asked_at": "2025-01-01T10:00:00"}},
    {"userId": "u2", "messageId": "a4", "properties": {"survey": "nps", "score": 11, "response_id": "77"}},
    {"userId": "u2", "messageId": "a5", "properties": {"survey": "nps", "score": "often", "response_id": "78"}},
    {"userId": "u2", "messageId": "a6", "properties": {"survey": "mine", "score": 99.5, "part": -3}},
    {"userId": "u2", "messageId": "a7", "properties": {"score": 1}},
    {"userId": "u2", "messageId": "a8", "properties": {"survey": "mine", "measure": "CES", "score": 7, "part": 10**12}},
]  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[app.Workspace]:
    root: Path = tmp_path_factory.mktemp("answering")
    write(root, {"foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\n", "surveys/delivery.yaml": SURVEY})
    rows = [
        {
            "type": "track",
            "event": "Survey Answered",
            "timestamp": (NOW - timedelta(days=9, minutes=-i)).isoformat(),
            **row,
        }
        for i, row in enumerate(OLD)
    ]
    (root / "old.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with app.open_workspace(root, clock=FixedClock(NOW)) as found:
        collect.import_files(found.engine, found.catalog, [root / "old.jsonl"], None, now=NOW, reader=found.frames)
        yield found


def responses(place: app.Workspace, survey: str = "delivery") -> dict[str, dict[str, Any]]:
    rows = place.engine.analytics.query("SELECT * FROM survey_responses WHERE survey = $s", {"s": survey}).to_pylist()
    return {row["response_id"]: row for row in rows}


def key_of(place: app.Workspace, user: str) -> int:
    sql = "SELECT coalesce(m.profile_key, i.node_key) FROM identifiers i LEFT JOIN merged m ON m.node_key = i.node_key"
    return int(place.engine.ops.query(f"{sql} WHERE i.value = ?", (user,))[0][0])


def say(place: app.Workspace, response: str, minutes: float = 0, /, user: str = "u1", **told: Any) -> Answered:
    known = {name: told.pop(name) for name in ("shown", "seen", "complete", "channel", "survey") if name in told}
    answers = {name.replace("__", "."): value for name, value in told.items()}
    key = key_of(place, user)
    answering = Answering(known.pop("survey", "delivery"), answers, response, key, **known)
    return surveys.answer(place.engine, place.catalog, answering, now=NOW + timedelta(minutes=minutes))


def test_imported_answers_are_responses_whatever_they_look_like(place: app.Workspace) -> None:
    found = responses(place)
    assert (found["a1"]["score"], found["a1"]["text"], found["a1"]["measure"]) == (2.0, "old", "csat")
    seventy = found["77"]
    assert (seventy["score"], seventy["complete"], seventy["channel"]) == (5.0, True, "email")
    assert (seventy["changed_at"] - seventy["answered_at"]).total_seconds() == 60
    assert seventy["asked_at"].isoformat() == "2025-01-01T10:00:00"
    nps = responses(place, "nps")
    assert (nps["77"]["score"], nps["77"]["measure"], nps["78"]["score"]) == (None, "nps", None)
    mine = responses(place, "mine")
    assert {row["score"] for row in mine.values()} == {99.5, 7.0}
    assert mine["a8"]["measure"] == "ces"
    total = place.engine.analytics.query("SELECT count(*) AS n FROM event_log WHERE event = 'Survey Answered'")
    assert total["n"][0].as_py() >= len(OLD)


def test_parts_are_added_and_replays_change_nothing(place: app.Workspace) -> None:
    first = say(place, "r1", mood=2, complete=False)
    assert (first.part, first.complete, first.is_new) == (1, False, True)
    assert say(place, "r1", 1, mood=2, complete=False) == Answered("r1", 1, {"mood": 2}, ("mood",), False, False)
    second = say(place, "r1", 2, liked=["price", "team"], how__a="y", why="late", shown=["liked", "how", "why"])
    assert (second.part, second.complete) == (2, True)
    row = responses(place)["r1"]
    assert (row["score"], row["text"], row["complete"], row["touchpoint"]) == (2.0, "late", True, "parcel")
    third = say(place, "r1", 3, liked=["team"], shown=["liked", "how", "why"])
    assert third.told == {"mood": 2, "liked": ["team"]}
    assert responses(place)["r1"]["text"] is None


def test_conditions_read_answers_of_every_kind(place: app.Workspace) -> None:
    say(place, "r2", user="u2", mood=4, liked=["price", "team"], how__a="x", why="Fine ✓")
    for where, holds in (
        ({"answers.liked": "team"}, True), ({"answers.liked": "other"}, False), ({"answers.mood": {"gte": 4}}, True),
        ({"answers.how.a": "x"}, True), ({"answers.why": {"contains": "✓"}}, True), ({"complete": "true"}, True),
        ({"response_id": "r2", "part": 1}, True),
    ):  # fmt: skip
        tree = parse({"did": "Survey Answered", "where": {"survey": "delivery", **where}})
        people = place.reader.members(tree, as_of=NOW + timedelta(hours=1), of="all")["profile_key"].to_pylist()
        assert (key_of(place, "u2") in people) is holds, where
    last = parse({"last": "Survey Answered", "where": {"survey": "delivery"}, "is": {"score": {"gte": 4}}})
    assert key_of(place, "u2") in place.reader.members(last, as_of=NOW + timedelta(hours=1))["profile_key"].to_pylist()


@pytest.mark.parametrize(("told", "code", "said"), [
    ({"mood": 6}, "BAD_ANSWER", "6 is no answer to the question 'mood'"), ({"mood": "x" * 90}, "BAD_ANSWER", "…"),
    ({"mod": 3}, "UNKNOWN_QUESTION", "there is no question 'mod'"), ({}, "NO_ANSWER", "nothing was answered"),
    ({"liked": ["price", "cake"]}, "BAD_ANSWER", "'liked'"), ({"how.b": "x"}, "UNKNOWN_QUESTION", "'how.b'"),
    ({"how.a": "z"}, "BAD_ANSWER", "'how'"), ({"mood": [1, 2, 9]}, "BAD_ANSWER", "'mood'"),
    ({"mood": {"a": 1}}, "BAD_ANSWER", "'mood'"), ({"why": " "}, "NO_ANSWER", "nothing was answered"),
])  # fmt: skip
def test_bad_answers_are_refused_and_nothing_is_kept(
    place: app.Workspace, told: dict[str, Any], code: str, said: str
) -> None:
    before = len(responses(place))
    with pytest.raises(UsageError) as raised:
        surveys.answer(place.engine, place.catalog, Answering("delivery", told, "bad"), now=NOW)
    assert (raised.value.code, said in raised.value.what) == (code, True), raised.value.what
    assert raised.value.next_step
    assert len(responses(place)) == before
    with pytest.raises(UsageError, match="there is no survey"):
        surveys.answer(place.engine, place.catalog, Answering("delivry", told), now=NOW)


def test_a_response_of_somebody_else_is_refused(place: app.Workspace) -> None:
    say(place, "r3", mood=5)
    with pytest.raises(UsageError) as raised:
        say(place, "r3", 1, user="u2", mood=1)
    assert raised.value.code == "OTHER_RESPONSE"
    assert responses(place)["r3"]["score"] == 5.0


def test_responses_follow_merges_and_splits(place: app.Workspace) -> None:
    say(place, "r4", user="u2", mood=1)
    before = responses(place)["r4"]["profile_id"]
    app.merge_people(place, "user_id:u1", "user_id:u2", force=True)
    winner = key_of(place, "u1")
    assert key_of(place, "u2") == winner
    merged = responses(place)
    assert len({row["profile_id"] for row in merged.values()}) == 1
    kept = place.engine.ops.query("SELECT DISTINCT profile_key FROM survey_given")
    assert kept == [(winner,)]
    nodes = place.engine.ops.query("SELECT node_key FROM survey_given WHERE response_id = 'r4'")
    later = Answering("delivery", {"why": "Afterwards"}, "r4", nodes[0][0])
    assert surveys.answer(place.engine, place.catalog, later, now=NOW + timedelta(minutes=9)).part == 2
    app.split_person(place, "user_id:u2", dry_run=False)
    row = responses(place)["r4"]
    assert (row["profile_id"], row["text"]) == (before, "Afterwards")
    assert len(set(place.engine.ops.query("SELECT DISTINCT profile_key FROM survey_given"))) == 2


def test_nobody_is_an_answerer_too(place: app.Workspace) -> None:
    found = surveys.answer(
        place.engine, place.catalog, Answering("delivery", {"mood": 3}, surveys.new_id(), channel="qr"), now=NOW
    )
    row = responses(place)[found.response_id]
    assert (row["profile_id"], row["channel"], row["score"]) == ("", "qr", 3.0)
