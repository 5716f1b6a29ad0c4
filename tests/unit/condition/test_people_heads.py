"""Persona, place, draw, moment, reference lists and the person's clock, by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.clock import FixedClock, naive_utc
from foretell.condition import Reader, parse, sentence
from foretell.definitions import PARTS as DEFINITIONS
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.engine import Engine, EngineSettings, RoomParts, open_engine
from foretell.errors import UsageError
from foretell.identify import PARTS as IDENTIFY
from foretell.predict import PARTS as PREDICT
from foretell.profile import PARTS as PROFILE
from foretell.segment.personas.tables import PERSONA_ROWS

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)  # a Friday
ANN, BOB, CLEO, DAN = 1, 2, 3, 4
PERSONAS = RoomParts("segment", tables=(PERSONA_ROWS,))


def _events(rows: list[tuple[int, str, datetime]]) -> pa.Table:
    return pa.table(
        {
            "seq": pa.array(range(1, len(rows) + 1), pa.int64()),
            "batch": pa.array([1] * len(rows), pa.int64()),
            "ts": pa.array([naive_utc(at) for _, _, at in rows], pa.timestamp("us")),
            "known_at": pa.array([naive_utc(at) for _, _, at in rows], pa.timestamp("us")),
            "event": [event for _, event, _ in rows],
            "type": ["track"] * len(rows),
            "node_key": pa.array([person for person, _, _ in rows], pa.int64()),
            "message_id": [f"m{number}" for number in range(len(rows))],
        }
    )


def _traits(rows: list[tuple[int, str, str | float]]) -> pa.Table:
    told = naive_utc(NOON - timedelta(days=100))
    return pa.table(
        {
            "seq": pa.array(range(1, len(rows) + 1), pa.int64()),
            "node_key": pa.array([person for person, _, _ in rows], pa.int64()),
            "ts": pa.array([told] * len(rows), pa.timestamp("us")),
            "known_at": pa.array([told] * len(rows), pa.timestamp("us")),
            "trait": [name for _, name, _ in rows],
            "s": pa.array([value if isinstance(value, str) else None for _, _, value in rows], pa.string()),
            "n": pa.array([None if isinstance(v, str) else round(v * 1_000_000) for _, _, v in rows], pa.int64()),
        }
    )


def _personas() -> pa.Table:
    rows = [
        (ANN, "loyal", NOON - timedelta(days=30)),
        (BOB, "loyal", NOON - timedelta(days=30)),
        (BOB, "hunter", NOON - timedelta(days=2)),
        (CLEO, "loyal", NOON - timedelta(days=30)),
        (CLEO, None, NOON - timedelta(days=2)),
        (DAN, "loyal", NOON + timedelta(days=1)),
    ]
    return pa.table(
        {
            "node_key": pa.array([person for person, _, _ in rows], pa.int64()),
            "persona": pa.array([name for _, name, _ in rows], pa.string()),
            "as_of": pa.array([naive_utc(at) for _, _, at in rows], pa.timestamp("us")),
            "known_at": pa.array([naive_utc(at) for _, _, at in rows], pa.timestamp("us")),
        }
    )


def _listed(key: str, since: datetime, columns: dict[str, list[str | None]]) -> pa.Table:
    rows = [(place, name, text) for place, (name, texts) in enumerate(columns.items()) for text in [None, *texts]]
    plain = [None if text is None or not text.isdigit() or text[0] == "0" else int(text) for _, _, text in rows]
    return pa.table(
        {
            "list_key": [key] * len(rows),
            "valid_from": pa.array([naive_utc(since)] * len(rows), pa.timestamp("us")),
            "place": pa.array([place for place, _, _ in rows], pa.int32()),
            "field": [name for _, name, _ in rows],
            "s": pa.array([text for _, _, text in rows], pa.string()),
            "n": pa.array([None if number is None else number * 1_000_000 for number in plain], pa.int64()),
        }
    )


TRAITS: list[tuple[int, str, str | float]] = [
    (ANN, "timezone", "America/New_York"),
    (BOB, "timezone", "Mars/Olympus"),
    (BOB, "zone", "Asia/Tokyo"),
    (CLEO, "timezone", "nonsense"),
    (ANN, "birth_date", "1990-12-03"),
    (BOB, "birth_date", "1984-11-27"),
    (CLEO, "birth_date", "2026-11-28"),
    (DAN, "birth_date", "1990-11-27T23:30:00Z"),
    (ANN, "home.latitude", 33.75),
    (ANN, "home.longitude", -84.39),
    (BOB, "home.lat", 34.75),
    (BOB, "home.lng", -84.39),
    (CLEO, "home.lat", 999.0),
    (CLEO, "home.lon", -84.39),
    (ANN, "zip", "01234"),
    (BOB, "zip", 30301.0),
    (CLEO, "zip", "elsewhere"),
]
EVENTS = [
    (ANN, "Page Viewed", datetime(2026, 11, 1, 3, tzinfo=UTC)),  # Saturday, 23:00 in New York (EDT)
    (BOB, "Page Viewed", datetime(2026, 11, 1, 3, tzinfo=UTC)),  # Sunday, 12:00 in Tokyo
    (CLEO, "Page Viewed", datetime(2026, 7, 6, 8, 30, tzinfo=UTC)),  # Monday, 9:30 in London (BST)
    (DAN, "Page Viewed", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),  # Monday, 9:30 in London (GMT)
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    rooms = [DEFINITIONS, IDENTIFY, PROFILE, PREDICT, PERSONAS]
    with open_engine(EngineSettings(tmp_path_factory.mktemp("heads")), rooms, [], {}, FixedClock(NOON)) as found:
        people = [ANN, BOB, CLEO, DAN]
        first = pa.array([naive_utc(NOON - timedelta(days=200))] * 4, pa.timestamp("us"))
        keys = pa.array(people, pa.int64())
        found.analytics.apply(
            1,
            {
                "event_log": _events(EVENTS),
                "trait_values": _traits(TRAITS),
                "sightings": pa.table({"node_key": keys, "ts": first, "known_at": first, "known": [True] * 4}),
                "nodes": pa.table({"node_key": keys, "profile_id": [f"p_{person}" for person in people]}),
                "persona_rows": _personas(),
                "list_values": pa.concat_tables(
                    [
                        _listed("zips", NOON - timedelta(days=9), {"code": ["01234", "30301"], "zip": ["elsewhere"]}),
                        _listed("plain", NOON - timedelta(days=9), {"code": ["01234", "30301"]}),
                        _listed("plain", NOON - timedelta(days=3), {"code": []}),
                    ]
                ),
            },
        )
        yield found


@pytest.fixture(scope="module")
def reader(engine: Engine) -> Reader:
    return Reader(engine, Catalog(Path(), WorkspaceSettings(zone="Europe/London"), {}))


def _people(reader: Reader, raw: dict[str, Any], as_of: datetime = NOON) -> set[int]:
    return set(reader.members(parse(raw), as_of=as_of)["profile_key"].to_pylist())


HOUR = "local_hour"
CASES: list[tuple[dict[str, Any], set[int]]] = [
    ({"persona": "loyal"}, {ANN}),
    ({"persona": "hunter"}, {BOB}),
    ({"not": {"persona": "loyal"}}, {BOB, CLEO, DAN}),
    ({"near": {"trait": "home", "lat": 33.7, "lon": -84.4, "km": 6}}, {ANN}),
    ({"near": {"trait": "home", "lat": 33.7, "lon": -84.4, "km": 120}}, {ANN, BOB}),
    ({"near": {"trait": "home", "lat": 33.7, "lon": -84.4, "km": 30_000}}, {ANN, BOB}),
    ({"did": "Page Viewed", HOUR: 23}, {ANN}),
    ({"did": "Page Viewed", HOUR: {"between": [9, 12]}}, {BOB, CLEO, DAN}),
    ({"did": "Page Viewed", HOUR: {"gte": 9, "is_not": 9}}, {ANN, BOB}),
    ({"did": "Page Viewed", "weekday": "sat"}, {ANN}),
    ({"did": "Page Viewed", "weekday": {"in": ["sat", "sun"]}}, {ANN, BOB}),
    ({"did": "Page Viewed", "weekday": {"between": ["mon", "fri"]}}, {CLEO, DAN}),
    ({"did_not": "Page Viewed", "weekday": "mon"}, {ANN, BOB}),
    ({"last": "Page Viewed", HOUR: 9, "ago": {"lt": "60d"}}, {DAN}),
    ({"trait": "zip", "in_list": "plain"}, set()),
    ({"trait": "zip", "in_list": "zips"}, {CLEO}),
    ({"not": {"trait": "zip", "in_list": "zips"}}, {ANN, BOB, DAN}),
    ({"trait": "birth_date", "anniversary_in": "7d"}, {ANN, BOB, DAN}),
    ({"trait": "birth_date", "anniversary_in": "6d"}, {BOB, DAN}),
    ({"trait": "birth_date", "anniversary_in": "1d"}, {BOB, DAN}),
]


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_by_hand(raw: dict[str, Any], people: set[int], reader: Reader) -> None:
    assert _people(reader, raw) == people
    for person in (ANN, CLEO):
        assert reader.why(parse(raw), person, as_of=NOON).holds == (person in people)


def test_a_list_is_read_as_it_was(reader: Reader) -> None:
    raw = {"trait": "zip", "in_list": "plain"}
    assert _people(reader, raw, NOON - timedelta(days=4)) == {ANN, BOB}
    assert _people(reader, raw, NOON - timedelta(days=3)) == set()
    assert _people(reader, raw, NOON - timedelta(days=10)) == set()
    known = reader.members(parse(raw), as_of=NOON, known_at=NOON - timedelta(days=5))
    assert set(known["profile_key"].to_pylist()) == {ANN, BOB}


def test_personas_are_read_as_of(reader: Reader) -> None:
    loyal = {"persona": "loyal"}
    assert _people(reader, loyal, NOON - timedelta(days=5)) == {ANN, BOB, CLEO}
    assert _people(reader, loyal, NOON - timedelta(days=31)) == set()
    assert _people(reader, loyal, NOON + timedelta(days=1)) == {ANN, DAN}


def test_days_turn_on_each_persons_own_clock(reader: Reader) -> None:
    # 20:00 UTC: it is the 28th in Tokyo (Bob) and still the 27th elsewhere.
    evening = NOON.replace(hour=20)
    assert _people(reader, {"trait": "birth_date", "anniversary_in": "1d"}, evening) == {DAN}


def test_leap_day_returns_on_the_last_of_february(engine: Engine) -> None:
    reader = Reader(engine, Catalog(Path(), WorkspaceSettings(zone="UTC"), {}))
    tree = parse({"trait": "birth_date", "anniversary_in": "1d"})
    for day, expected in ((date(2027, 2, 28), True), (date(2028, 2, 28), False), (date(2028, 2, 29), True)):
        query = reader.sql(tree, as_of=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        assert ("'02-29'" in query) is expected


@pytest.mark.parametrize("share", [0, 20, 55, 100])
def test_a_draw_is_a_share_of_the_hash_of_key_and_person(share: int, reader: Reader) -> None:
    def place(person: int) -> float:
        return int(hashlib.md5(f"spring:p_{person}".encode()).hexdigest()[:13], 16) / 16**13

    expected = {person for person in (ANN, BOB, CLEO, DAN) if place(person) < share / 100}
    assert _people(reader, {"bucket": "spring", "lt": f"{share}%"}) == expected
    assert _people(reader, {"bucket": "spring", "gte": f"{share}%"}) == {ANN, BOB, CLEO, DAN} - expected
    half_open = {"bucket": "spring", "between": ["0%", f"{share}%"]}
    assert _people(reader, half_open) == expected


def test_context_is_what_is_handed_in(reader: Reader) -> None:
    known = pa.table(
        {
            "profile_key": pa.array([ANN, BOB, BOB], pa.int64()),
            "name": ["page.path", "page.path", "cart.total"],
            "s": pa.array(["/category/shoes", "/home", None], pa.string()),
            "n": pa.array([None, None, 50_000_000], pa.int64()),
        }
    )

    def people(raw: dict[str, Any]) -> set[int]:
        tree = parse(raw, decision=True)
        return set(reader.members(tree, as_of=NOON, context=known)["profile_key"].to_pylist())

    assert people({"context": "page.path", "contains": "/category/shoes"}) == {ANN}
    assert people({"context": "cart.total", "gte": 50}) == {BOB}
    assert people({"context": "page.path", "not_contains": "/category"}) == {BOB, CLEO, DAN}
    with pytest.raises(UsageError, match="moment of a decision"):
        reader.members(parse({"context": "page.path", "is": "/"}, decision=True), as_of=NOON)
    with pytest.raises(UsageError, match="moment of a decision"):
        parse({"context": "page.path", "is": "/"})


def test_reasons_say_what_was_found_and_whose_clock(reader: Reader) -> None:
    def found(raw: dict[str, Any], person: int) -> str:
        return reader.why(parse(raw), person, as_of=NOON).parts[1].found

    view = {"did": "Page Viewed", HOUR: 23}
    assert found(view, ANN).endswith("on the clock of America/New_York")
    assert found(view, BOB).endswith("on the clock of Asia/Tokyo")
    assert found(view, CLEO).endswith("on the clock of Europe/London")
    assert found({"did": "Page Viewed"}, ANN) == "1 events"
    assert found({"near": {"trait": "home", "lat": 33.75, "lon": -84.39, "km": 5}}, BOB).endswith("111.2 km away")
    assert found({"near": {"trait": "home", "lat": 33.75, "lon": -84.39, "km": 5}}, DAN) == "no coordinates"
    assert found({"persona": "loyal"}, CLEO) == "of no persona"
    assert found({"persona": "loyal"}, BOB).startswith("hunter, assigned as of 2026-11-25")
    assert found({"bucket": "spring", "lt": "20%"}, ANN).startswith("at ")


def test_sentences() -> None:
    def said(raw: dict[str, Any]) -> str:
        return sentence(parse(raw, decision=True))

    assert said({"persona": "loyal"}) == "People whose persona is loyal."
    assert said({"near": {"trait": "home", "lat": 33.7, "lon": -84.4, "km": 25}}) == (
        "People whose home is at most 25 km from 33.7, -84.4."
    )
    assert said({"bucket": "spring26", "lt": "12.5%"}) == (
        "People whose place in the draw spring26 is less than 12.5%."
    )
    assert said({"context": "page.path", "contains": "/shoes"}) == (
        "People whose page.path at the moment contains “/shoes”."
    )
    assert said({"trait": "zip", "in_list": "hiking_zips"}) == "People whose zip is in the list “hiking_zips”."
    assert said({"trait": "birth_date", "anniversary_in": "7d"}) == (
        "People whose birth_date has its yearly return within 7 days."
    )
    assert said({"did": "Page Viewed", HOUR: {"is_not": 12}, "weekday": {"in": ["sat", "sun"]}, "within": "30d"}) == (
        "People who did Page Viewed in the last 30 days on Saturday or Sunday between 0:00 and 11:59 "
        "or between 13:00 and 23:59 on their clock at least once."
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"near": {"trait": "home", "lat": 91, "lon": 0, "km": 5}}, "no coordinate"),
        ({"near": {"trait": "home", "lat": 9, "lon": 0, "km": 0}}, "no distance"),
        ({"near": {"trait": "home", "lat": 9, "lon": 0}}, "has no 'km'"),
        ({"near": "home"}, "is no place"),
        ({"near": {"trait": "home", "lat": 9, "lon": 0, "km": 5, "miles": 3}}, "miles"),
        ({"bucket": "spring"}, "held against nothing"),
        ({"bucket": "spring", "lt": 20}, "from 0% to 100%"),
        ({"bucket": "spring", "lt": "20"}, "no share"),
        ({"bucket": "spring", "is": "20%"}, "'is'"),
        ({"trait": "zip", "in_list": "Hiking Zips"}, "no reference list"),
        ({"trait": "birth_date", "anniversary_in": "2y"}, "longer than a year"),
        ({"did": "A", HOUR: 24}, "no hour"),
        ({"did": "A", "weekday": "saturday"}, "no day of the week"),
        ({"persona": 7}, "no name of a persona"),
    ],
)
def test_what_is_wrong_is_said(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(raw)


@pytest.mark.parametrize(
    ("raw", "code", "path", "step"),
    [
        ({"not": {"persona": "loyall"}}, "PERSONA_NEVER_SEEN", "not.persona", "Did you mean 'loyal'?"),
        (
            {"near": {"trait": "hom", "lat": 1, "lon": 1, "km": 5}},
            "UNKNOWN_TRAIT",
            "near.trait",
            "Did you mean 'home'?",
        ),
        (
            {"any": [{"persona": "loyal"}, {"trait": "zip", "in_list": "new"}]},
            "LIST_NOT_APPLIED",
            "any.1.in_list",
            "Run `foretell apply`; at instants before that the list is empty.",
        ),
        (
            {"did": "Page Viewed", "where": {"zip": {"in_list": "new"}}},
            "LIST_NOT_APPLIED",
            "where.zip.in_list",
            "Run `foretell apply`; at instants before that the list is empty.",
        ),
    ],
)
def test_doubts_about_the_data(raw: dict[str, Any], code: str, path: str, step: str, reader: Reader) -> None:
    told = {problem.code: problem for problem in reader.warnings(parse(raw), as_of=NOON)}
    assert (told[code].where, told[code].next_step) == (path, step)
