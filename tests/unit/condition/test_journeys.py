"""Conditions of journeys: people in runs, what their messages became, which event they came by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.condition import Reader, parse, parse_problems, references, sentence
from foretell.errors import UsageError
from tests.properties.condition_by_hand import ANN, BOB, CLEO, HISTORY, JOURNEY_CASES, NOON, PEOPLE
from tests.properties.condition_store import asked_people, stored
from tests.properties.naive import History
from tests.unit.condition.test_reading import CATALOG

IN_RUNS = asked_people(PEOPLE)
OPENED = parse({"message": "hello", "is": "opened"}, journey=True)
DEAR = parse({"event": "revenue", "gte": 50}, journey=True)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with stored(HISTORY, tmp_path_factory.mktemp("runs")) as engine:
        yield Reader(engine, CATALOG)


def asked(reader: Reader, raw: dict[str, Any], people: pa.Table) -> set[int]:
    found = reader.members(parse(raw, journey=True), as_of=NOON, people=people)["profile_key"].to_pylist()
    assert len(found) == len(set(found))
    return set(found)


@pytest.mark.parametrize(("raw", "people"), JOURNEY_CASES)
def test_by_hand(raw: dict[str, Any], people: set[int], reader: Reader) -> None:
    assert asked(reader, raw, IN_RUNS) == people


def test_only_the_people_asked_about_are_told(reader: Reader) -> None:
    some = pa.table({"profile_key": pa.array([BOB, CLEO, 99], pa.int64())})
    assert asked(reader, {"did": "Order Completed"}, some) == {BOB}
    assert asked(reader, {"did_not": "Order Completed"}, some) == {CLEO}
    assert asked(reader, {"prediction": "churn", "exists": False}, some) == {BOB, CLEO}
    assert asked(reader, {"trait": "plan", "is": "pro"}, some) == {BOB}
    assert asked(reader, {"consent": "email.marketing"}, some) == {BOB}
    assert asked(reader, {"did_not": "Order Completed"}, some.slice(0, 0)) == set()


def test_columns_may_come_in_other_types(reader: Reader) -> None:
    people = pa.table(
        {
            "profile_key": pa.array([ANN], pa.int32()),
            "since": pa.array([NOON - timedelta(days=3)], pa.timestamp("us", "UTC")),
            "run": pa.array(["a"]).dictionary_encode(),
            "step": ["more"],
        }
    )
    assert asked(reader, {"message": "hello", "is": "sent"}, people) == {ANN}
    assert asked(reader, {"did": "Order Completed", "times": 2}, people) == set()


def test_without_a_run_or_an_entry_there_is_no_answer(reader: Reader) -> None:
    for tree in (OPENED, DEAR):
        for people in (None, IN_RUNS.select(["profile_key", "since"])):
            with pytest.raises(UsageError) as refused:
                reader.members(tree, as_of=NOON, people=people)
            assert refused.value.code == "ONLY_IN_JOURNEYS"


def test_before_any_message_nothing_was_opened(tmp_path: Path) -> None:
    with stored(History(events=HISTORY.events[:9]), tmp_path) as engine:
        early = Reader(engine, CATALOG)
        assert asked(early, {"message": "hello", "is": "opened"}, IN_RUNS) == set()
        assert asked(early, {"message": "hello", "is_not": "opened"}, IN_RUNS) == {ANN, BOB, CLEO}
        assert asked(early, {"event": "total", "gte": 1}, IN_RUNS) == set()
        assert asked(early, {"consent": "email.marketing"}, IN_RUNS) == set()


def test_why_says_what_was_found(reader: Reader) -> None:
    def why(raw: dict[str, Any], person: int) -> tuple[bool, str, list[str]]:
        told = reader.why(parse(raw, journey=True), person, as_of=NOON, people=IN_RUNS)
        part = told.parts[1]
        assert part.holds == told.holds
        return part.holds, part.found, [event.message_id for event in part.events]

    assert why({"message": "hello", "is": "opened"}, BOB) == (True, "1 events", ["m13"])
    assert why({"message": "hello", "is_not": "opened"}, ANN) == (True, "no event", [])
    assert why({"event": "revenue", "gte": 50}, ANN) == (True, "50", ["m0"])
    assert why({"event": "revenue", "gte": 50}, CLEO) == (False, "no event", [])
    assert why({"event": "products.category", "is": "socks"}, ANN) == (True, "its products", ["m0"])
    assert why({"consent": "email.marketing"}, BOB) == (True, f"granted at {NOON.isoformat()}", [])
    assert why({"consent": "email.marketing"}, CLEO) == (False, "never asked", [])
    assert why({"did": "Order Completed", "times": 1}, ANN)[2] == ["m3"]


def test_what_is_doubtful(reader: Reader) -> None:
    def codes(raw: dict[str, Any]) -> list[str]:
        return [problem.code for problem in reader.warnings(parse(raw, journey=True), as_of=NOON)]

    assert codes({"consent": "email.marketing"}) == []
    assert codes({"consent": "fax.marketing"}) == ["CONSENT_NEVER_SEEN", "EVERYBODY_OR_NOBODY"]
    assert codes({"all": [{"message": "x", "is": "sent"}, {"did": "Never"}]}) == ["EVENT_NEVER_SEEN"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"consent": "email.marketing"}, "People who consent to marketing over email."),
        ({"message": "miss_you", "is": "opened"}, "People whose message miss_you was opened."),
        ({"message": "miss_you", "is_not": "opened"}, "People whose message miss_you was not opened."),
        ({"event": "total", "gte": 100}, "People whose entry event says that total is at least 100."),
    ],
)
def test_in_plain_english(raw: dict[str, Any], words: str) -> None:
    assert sentence(parse(raw, journey=True)) == words


def test_what_is_named() -> None:
    parts = [{"message": "b", "is": "sent"}, {"message": "a", "is_not": "sent"}, {"message": "b", "is": "opened"}]
    named = references(
        parse({"any": [*parts, {"consent": "EMAIL.tips.weekly"}, {"event": "x", "is": 1}]}, journey=True)
    )
    assert (named.steps, named.consents) == (("b", "a"), (("email", "tips.weekly"),))
    assert (named.events, named.properties) == ((), ())


@pytest.mark.parametrize(
    ("raw", "place", "code", "words"),
    [
        ({"message": "a"}, "message", "MISSING_TEST", "held against nothing"),
        ({"message": "a", "is": "sent", "is_not": "opened"}, "message", "MISSING_TEST", "both is and is_not"),
        ({"message": "a", "is": "open"}, "is", "BAD_VALUE", "open"),
        ({"message": "a", "is": ["sent"]}, "is", "BAD_VALUE", "a list"),
        ({"message": "a", "is": "sent", "within": "1d"}, "within", "UNKNOWN_KEY", "within"),
        ({"message": 7, "is": "sent"}, "message", "BAD_VALUE", "message"),
        ({"event": "total"}, "event", "MISSING_TEST", "held against nothing"),
        ({"event": None, "gte": 1}, "event", "BAD_VALUE", "event"),
        ({"consent": "marketing"}, "consent", "BAD_VALUE", "channel and purpose"),
        ({"consent": "email."}, "consent", "BAD_VALUE", "channel and purpose"),
        ({"consent": ["email.marketing"]}, "consent", "BAD_VALUE", "a list"),
        ({"consent": "email.marketing", "is": "granted"}, "is", "UNKNOWN_KEY", "is"),
    ],
)
def test_mistakes_are_told(raw: dict[str, Any], place: str, code: str, words: str) -> None:
    problems = parse_problems(raw, journey=True)
    assert [(problem.where, problem.code) for problem in problems] == [(place, code)]
    assert words in problems[0].message


@pytest.mark.parametrize("raw", [{"message": "a", "is": "sent"}, {"event": "total", "gte": 1}])
def test_only_journeys_know_runs(raw: dict[str, Any]) -> None:
    (problem,) = parse_problems({"all": [{"not": raw}]})
    assert (problem.code, problem.where) == ("ONLY_IN_JOURNEYS", f"all.0.not.{next(iter(raw))}")
    assert "journey" in problem.message
    (problem,) = parse_problems(raw, journey=True, future=True)
    assert problem.code == "NOT_IN_OUTCOME"
    assert [one.code for one in parse_problems({"consent": "email.marketing"}, future=True)] == ["NOT_IN_OUTCOME"]
