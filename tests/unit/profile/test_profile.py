"""What is known of a person: traits, first and last seen, timeline, merges, forgetting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP, Engine
from foretell.identify import find
from foretell.profile import Profile, ProfileStage, golden, seen_of, show, timeline
from tests.support.small_events import NOW, event, frame, open_small

ANN = {"user_id": "ann"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_small(tmp_path) as opened:
        yield opened


def apply(engine: Engine, *events: dict[str, Any]) -> None:
    engine.spool_append([frame(events)])
    engine.apply_pending()


def shown(engine: Engine, identifier: str = "user_id:ann") -> Profile:
    return show(engine, find(engine, identifier))


def test_a_card_shows_all_that_is_known(engine: Engine) -> None:
    apply(
        engine,
        event("Signed Up", "a", 1, ids=ANN | {"email": "ann@x.example"}, traits={"plan": "pro", "seats": 2.5}),
        event("Seen", "b", 3, ids=ANN, properties={"page": "home"}),
        event("Seen", "c", 2, ids={"user_id": "bob"}),
    )
    card = shown(engine)
    assert (card.first_seen, card.last_seen, card.events) == (NOW + timedelta(hours=1), NOW + timedelta(hours=3), 2)
    assert card.identifiers == {"email": ["ann@x.example"], "user_id": ["ann"]}
    assert card.traits == {"plan": "pro", "seats": Decimal("2.5")}
    assert [(entry.event, entry.message_id) for entry in card.timeline] == [("Seen", "b"), ("Signed Up", "a")]
    assert card.timeline[0].properties == '{"page": "home"}'
    assert card.timeline[0].at.tzinfo is not None


def test_the_latest_value_by_event_time_stays_however_late_others_come(engine: Engine) -> None:
    apply(
        engine, event("I", "a", 5, ids=ANN, traits={"plan": "new"}), event("I", "b", 3, ids=ANN, traits={"plan": "old"})
    )
    apply(engine, event("I", "c", 4, ids=ANN, traits={"plan": "late", "city": "Rome"}))
    assert shown(engine).traits == {"city": "Rome", "plan": "new"}
    history = engine.analytics.query("SELECT s FROM log_traits WHERE trait = 'plan' ORDER BY ts")
    assert history["s"].to_pylist() == ["old", "late", "new"]


def test_of_values_of_one_instant_the_one_that_came_last_stays(engine: Engine) -> None:
    apply(engine, *(event("I", f"m{n}", 1, ids=ANN, traits={"plan": f"v{n}"}) for n in range(3)))
    apply(engine, event("I", "m9", 1, ids=ANN, traits={"plan": "v9"}))
    assert shown(engine).traits == {"plan": "v9"}


def test_a_trait_can_be_unset_and_set_again(engine: Engine) -> None:
    apply(engine, event("I", "a", 1, ids=ANN, traits={"plan": "pro"}))
    apply(engine, event("I", "b", 3, ids=ANN, traits={"plan": None}))
    assert shown(engine).traits == {}
    apply(engine, event("I", "c", 2, ids=ANN, traits={"plan": "late"}))
    assert shown(engine).traits == {}, "a late value does not undo the unsetting"
    apply(engine, event("I", "d", 4, ids=ANN, traits={"plan": 7}))
    assert shown(engine).traits == {"plan": Decimal(7)}


def test_first_and_last_seen_go_both_ways(engine: Engine) -> None:
    for number, hours in enumerate((5, 9, 1)):
        apply(engine, event("Seen", f"m{number}", hours, ids=ANN))
    card = shown(engine)
    assert (card.first_seen, card.last_seen, card.events) == (NOW + timedelta(hours=1), NOW + timedelta(hours=9), 3)
    view = engine.analytics.query("SELECT * FROM profiles").to_pylist()
    assert [row["events"] for row in view] == [3]
    assert view[0]["first_seen"] == (NOW + timedelta(hours=1)).replace(tzinfo=None)
    assert view[0]["user_id"] == "ann"
    assert view[0]["known"] is True


def test_what_foretell_does_is_no_activity_of_the_person(engine: Engine) -> None:
    apply(engine, event("Seen", "a", 1, ids=ANN))
    key = find(engine, "user_id:ann").profile_key
    told = {
        "message_id": ["m1_sent"],
        "event": ["Email Sent"],
        "ts": pa.array([naive_utc(NOW + timedelta(hours=5))], TIMESTAMP),
        "node_key": pa.array([key], pa.int64()),
    }
    engine.act("deliver", lambda _tx, batch: batch.tell(pa.table(told)), now=NOW + timedelta(hours=5))
    card = shown(engine)
    assert (card.last_seen, card.events) == (NOW + timedelta(hours=1), 1)
    view = engine.analytics.query("SELECT last_seen, events FROM profiles").to_pylist()
    assert view == [{"last_seen": naive_utc(NOW + timedelta(hours=1)), "events": 1}]
    assert [entry.event for entry in card.timeline] == ["Email Sent", "Seen"], "the timeline tells it"


def test_a_merge_folds_everything_into_the_winner(engine: Engine) -> None:
    devices = [{"anonymous_id": f"d{number}"} for number in range(3)]
    apply(
        engine,
        event("Seen", "a", 2, ids=devices[0], traits={"a": "first", "only": "here"}),
        event("Seen", "b", 1, ids=devices[1], traits={"a": "older"}),
        event("Seen", "c", 9, ids=devices[2], traits={"a": "newest", "gone": "x"}),
        event("Seen", "d", 10, ids=devices[1], traits={"gone": None}),
    )
    apply(
        engine, *(event("Seen", f"x{n}", 3, ids=device | {"email": "a@x.example"}) for n, device in enumerate(devices))
    )
    card = shown(engine, "a@x.example")
    assert (card.first_seen, card.last_seen, card.events) == (NOW + timedelta(hours=1), NOW + timedelta(hours=10), 7)
    assert card.traits == {"a": "newest", "only": "here"}
    assert card.identifiers["anonymous_id"] == ["d0", "d1", "d2"]
    assert len([entry for entry in card.timeline if entry.event != "Profiles Merged"]) == 7
    assert seen_of(engine.ops).num_rows == 1
    assert set(golden(engine.ops, None)["profile_key"].to_pylist()) == {1}
    assert engine.analytics.query("SELECT events FROM profiles")["events"].to_pylist() == [7]


def test_a_timeline_is_newest_first_and_bounded(engine: Engine) -> None:
    apply(engine, *(event("Seen", f"m{number:02d}", number // 2, ids=ANN) for number in range(30)))
    apply(engine, event("Seen", "late", 3, ids=ANN), event("Seen", "other", 99, ids={"user_id": "bob"}))
    key = find(engine, "user_id:ann").profile_key
    assert [entry.message_id for entry in timeline(engine, key, 3)] == ["m29", "m28", "m27"]
    whole = [entry.message_id for entry in timeline(engine, key, 100)]
    assert len(whole) == 31
    assert whole[22:26] == ["m07", "m06", "late", "m05"]
    assert len(show(engine, find(engine, "ann"), events=5).timeline) == 5


def test_forgetting_leaves_the_others(engine: Engine) -> None:
    apply(
        engine,
        event("Seen", "a", 1, ids=ANN, traits={"plan": "pro"}),
        event("Seen", "b", 1, ids={"user_id": "bob"}, traits={"plan": "free"}),
    )
    match = find(engine, "user_id:ann")
    with engine.ops.write() as tx:
        ProfileStage().erase(tx, pa.table({"profile_key": [match.profile_key]}))
    assert engine.ops.query("SELECT node_key FROM node_seen") == [(2,)]
    assert engine.ops.query("SELECT node_key FROM node_traits") == [(2,)]
    card = show(engine, match)
    assert (card.first_seen, card.last_seen, card.events, card.traits) == (None, None, 0, {})
    assert shown(engine, "bob").traits == {"plan": "free"}


def test_events_of_nobody_make_no_profile(engine: Engine) -> None:
    apply(engine, event("Seen", "a", 1, ids={"user_id": "unknown"}, traits={"plan": "pro"}))
    assert engine.ops.query("SELECT count(*) FROM node_seen") == [(0,)]
    assert engine.ops.query("SELECT count(*) FROM node_traits") == [(0,)]
    assert engine.analytics.query("SELECT count(*) AS n FROM trait_values")["n"].to_pylist() == [0]
    assert engine.analytics.query("SELECT count(*) AS n FROM events")["n"].to_pylist() == [1]


def test_huge_and_odd_values_are_kept(engine: Engine) -> None:
    odd = {
        "long": "x" * 1_000_000,
        "empty": "",
        "a.b": "dotted",
        "quote'\"": "'; --",
        "emoji 😀": "ü",
        "neg": -0.000001,
    }
    apply(engine, event("I", "a", 1, ids=ANN, traits=odd))
    assert shown(engine).traits == {**odd, "neg": Decimal("-0.000001")}
