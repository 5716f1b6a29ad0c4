"""What the rules do to people: shared phones and devices, blocked patterns, aliases, evidence, denials, junk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify
from foretell.clock import FixedClock
from foretell.engine import Engine, EngineSettings, open_engine
from tests.support.small_events import NOW, decode, event, frame
from tests.unit.identify.test_identify_stage import anonymous, people, told, user

PHONE = identify.IdentityRules.of([identify.IdentifierType("phone", 5, merges=False)])
SHARED = identify.IdentityRules.of([identify.IdentifierType("anonymous_id", 50, shared_after=2)])


@contextmanager
def opened(folder: Path, rules: identify.IdentityRules | None = None) -> Iterator[Engine]:
    stage = identify.IdentifyStage(rules)
    parts = [identify.PARTS]
    with open_engine(EngineSettings(folder), parts, [stage], {"small": decode}, FixedClock(NOW)) as engine:
        yield engine


def take(engine: Engine, together: bool, *events: Mapping[str, str]) -> None:
    for part in [list(events)] if together else [[one] for one in events]:
        told(engine, *part)


@pytest.mark.parametrize("together", [True, False])
def test_two_known_people_on_one_phone_stay_two(tmp_path: Path, together: bool) -> None:
    with opened(tmp_path, PHONE) as engine:
        take(
            engine,
            together,
            user("ann", phone="555"),
            user("bob", phone="555"),
            {"email": "c@x.example", "phone": "555"},
        )
        assert people(engine) == [["phone:555", "user_id:ann"], ["user_id:bob"], ["email:c@x.example"]]
        found = identify.denied_joins(engine.ops, offset=0, limit=10).denials
        assert {(one.rule, one.value_a, one.value_b) for one in found} == {
            ("merges:phone", "bob", "555"), ("merges:phone", "c@x.example", "555"),
        }  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
def test_a_phone_names_whom_nothing_stronger_names(tmp_path: Path, together: bool) -> None:
    with opened(tmp_path, PHONE) as engine:
        visits = [anonymous("d1"), {"phone": "555"}, user("ann", phone="555"), anonymous("d1", phone="555")]
        take(engine, together, *visits)
        assert people(engine) == [["anonymous_id:d1", "phone:555", "user_id:ann"]]


@pytest.mark.parametrize("together", [True, False])
def test_a_device_of_many_is_nobodys(tmp_path: Path, together: bool) -> None:
    """Of the first two it is; the third makes it shared: what it does alone belongs to itself from then on."""
    with opened(tmp_path, SHARED) as engine:
        kiosk = anonymous("kiosk")
        users = [user(name, **kiosk) for name in ("ann", "bob", "cid", "ann")]
        take(engine, together, kiosk, *users, kiosk, kiosk)
        assert people(engine) == [
            ["anonymous_id:kiosk", "user_id:ann"], ["user_id:bob"], ["user_id:cid"], ["shared_anonymous_id:kiosk"],
        ]  # fmt: skip
        owners = engine.analytics.query("SELECT profile_key FROM log_events WHERE source = 'test' ORDER BY seq")
        assert owners["profile_key"].to_pylist() == [1, 1, 2, 3, 1, 4, 4]
        rules = {one.rule: one.times for one in identify.denied_joins(engine.ops, offset=0, limit=10).denials}
        assert rules == {"limit:user_id": 1, "shared:anonymous_id": 1}
        known = engine.analytics.query("SELECT count(*) AS n FROM log_sightings WHERE node_key = 4 AND known")
        assert known["n"].to_pylist() == [0], "a shared device is no known person"


def test_forgetting_somebody_forgets_with_whom_they_were_seen(tmp_path: Path) -> None:
    with opened(tmp_path, SHARED) as engine:
        told(engine, user("ann", anonymous_id="d"), user("bob", anonymous_id="e"))
        assert engine.ops.query("SELECT count(*) FROM seen_with") == [(2,)]
        with engine.ops.write() as tx:
            identify.IdentifyStage(SHARED).erase(tx, pa.table({"profile_key": [1]}))
        assert engine.ops.query("SELECT count(*) FROM seen_with") == [(1,)]


def alias(engine: Engine, *calls: tuple[str, str]) -> None:
    """Alias calls: user id and former id, as the tracking API hands them on."""
    start = engine.ops.query("SELECT coalesce(max(value), 0) FROM counters WHERE name = 'seq'")[0][0]
    events = [
        event(
            "Alias", f"a{start + n}", start + n, type="alias",
            ids={"user_id": now, "anonymous_id": before}, properties={"previous_id": before},
        )
        for n, (now, before) in enumerate(calls)
    ]  # fmt: skip
    engine.spool_append([frame(events)])
    engine.apply_pending()


TWO_NAMES = identify.IdentityRules.of([identify.IdentifierType("user_id", 2)])


def test_an_alias_joins_with_its_reason(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        told(engine, anonymous("d"), user("ann"))
        alias(engine, ("ann", "d"))
        assert people(engine) == [["anonymous_id:d", "user_id:ann"]]
        (entry,) = identify.ledger(engine.ops, offset=0, limit=10).entries
        assert (entry.reason, entry.kind_a, entry.value_a, entry.kind_b, entry.value_b, entry.message_id) == (
            "alias", "user_id", "ann", "anonymous_id", "d", "a2",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "calls", "expected"),
    [
        (TWO_NAMES, [("new", "old")], [["user_id:new", "user_id:old"]]),
        (TWO_NAMES, [("new", "old"), ("old", "new"), ("new", "old")], [["user_id:new", "user_id:old"]]),
        (None, [("new", "old")], [["user_id:old"], ["user_id:new"]]),
        (None, [("old", "old")], [["user_id:old"]]),
        (None, [("old", "never-seen")], [["anonymous_id:never-seen", "user_id:old"]]),
        (None, [("old", "unknown")], [["user_id:old"]]),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_former_user_ids(
    tmp_path: Path,
    rules: identify.IdentityRules | None,
    calls: list[tuple[str, str]],
    expected: list[list[str]],
    together: bool,
) -> None:
    with opened(tmp_path, rules) as engine:
        told(engine, user("old"))
        for part in [calls] if together else [[one] for one in calls]:
            alias(engine, *part)
        assert people(engine) == expected


def test_a_merge_keeps_the_two_identifiers_that_joined(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann", email="a@x.example"), user("ann", anonymous_id="d1"))
        (entry,) = identify.ledger(engine.ops, offset=0, limit=10).entries
        assert (entry.kind_a, entry.value_a, entry.kind_b, entry.value_b) == ("user_id", "ann", "anonymous_id", "d1")
        assert (entry.reason, entry.message_id, entry.node_a, entry.node_b) == ("event", "m2", 2, 1)


def test_a_new_identifier_goes_to_the_node_of_the_strongest(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"), user("ann", anonymous_id="d1"))
        told(engine, user("ann", email="a@x.example"))
        assert engine.ops.query("SELECT node_key FROM identifiers WHERE kind = 'email'") == [(2,)]


def test_denials_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.identify.denying.MOST", 5)
    with opened(tmp_path) as engine:
        for start in (0, 4):
            told(engine, *(user(f"u{number}", anonymous_id="d") for number in range(start, start + 4)))
        found = identify.denied_joins(engine.ops, offset=0, limit=100)
        assert {one.value_a for one in found.denials} == {"u3", "u4", "u5", "u6", "u7"}


def test_a_null_id_in_many_events_glues_nobody(tmp_path: Path) -> None:
    rules = identify.IdentityRules.of(patterns=["^dummy"])
    with opened(tmp_path, rules) as engine:
        told(engine, *(user("null", anonymous_id=f"d{number}", card="dummy-1") for number in range(500)))
        assert [len(found) for found in people(engine)] == [1] * 500


def test_a_value_that_is_too_long_identifies_nobody(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        told(engine, user("x" * 1_000_000, anonymous_id="d1"), user("y" * 2_001))
        assert people(engine) == [["anonymous_id:d1"]]


def test_pairs_that_are_awaited_are_kept_apart_from_birth(tmp_path: Path) -> None:
    """While the log is derived again, two may be born and named together in one batch."""
    with opened(tmp_path / "live") as live:
        told(live, user("ann"), anonymous("d"))
        ids = [row[0] for row in live.ops.query("SELECT profile_id FROM nodes ORDER BY node_key")]
    with opened(tmp_path / "anew") as engine:
        with engine.ops.write() as tx:
            tx.execute("INSERT INTO awaited_apart (profile_a, profile_b, since) VALUES (?, ?, 0)", tuple(ids))
        told(engine, user("ann"), anonymous("d"), user("ann", anonymous_id="d"))
        assert people(engine) == [["user_id:ann"], ["anonymous_id:d"]]
