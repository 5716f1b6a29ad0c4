"""Traits and sightings by node: what an older release kept moves over, merges move nothing, splits give back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from foretell import collect, identify, profile
from foretell.app import open_workspace
from foretell.clock import FixedClock, SystemClock
from foretell.engine import Engine, EngineSettings, open_engine
from foretell.profile import TraitTold
from tests.support.small_events import NOW, event, frame, open_small
from tests.support.small_workspace import write_documents

AT = "2025-01-01T09:00:00Z"


def take(engine: Engine, *events: dict[str, object]) -> None:
    engine.spool_append([frame(events)])
    engine.apply_pending()


def rows(engine: Engine) -> tuple[list[tuple[object, ...]], ...]:
    return (
        engine.ops.query("SELECT * FROM node_traits ORDER BY node_key, trait, source"),
        engine.ops.query("SELECT * FROM node_seen ORDER BY node_key"),
    )


def traits(engine: Engine, who: str) -> list[TraitTold]:
    return profile.traits_told(engine.ops, identify.find(engine, who).profile_key)


def test_a_merge_moves_nothing_and_a_split_gives_everything_back(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        take(
            engine,
            event("I", "a", 1, ids={"anonymous_id": "d1"}, traits={"plan": "free", "city": "Ulm"}),
            event("I", "b", 2, ids={"user_id": "ann"}, traits={"plan": "pro"}, source="shop"),
        )
        before, apart = rows(engine), [traits(engine, who) for who in ("anonymous_id:d1", "user_id:ann")]
        take(engine, event("Seen", "c", 3, ids={"user_id": "ann", "anonymous_id": "d1"}))
        assert rows(engine)[0] == before[0]
        merged = {one.name: one for one in traits(engine, "user_id:ann")}
        assert (merged["plan"].value, merged["plan"].source, merged["city"].value) == ("pro", "shop", "Ulm")
        assert [(one.value, one.source) for one in merged["plan"].others] == [("free", "test")]
        identify.split(engine, identify.find(engine, "user_id:ann"), now=NOW)
        assert [traits(engine, who) for who in ("anonymous_id:d1", "user_id:ann")] == apart
        seen = profile.seen_of(engine.ops).to_pylist()
        assert sorted(row["events"] for row in seen) == [1, 2]


def test_when_people_were_seen_does_not_depend_on_how_many_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretell.profile.by_node.NODES_AT_ONCE", 2)
    with open_small(tmp_path) as engine:
        take(engine, *(event("I", f"i{n}", n, ids={"anonymous_id": f"d{n}"}) for n in range(1, 6)))
        take(engine, event("Seen", "s", 9, ids={"anonymous_id": "d1", "user_id": "ann"}))
        take(engine, event("Seen", "t", 9, ids={"anonymous_id": "d4", "user_id": "ann"}))
        everybody = profile.seen_of(engine.ops).to_pylist()
        assert sorted(row["events"] for row in everybody) == [1, 1, 1, 4]
        for row in everybody:
            assert profile.seen_of(engine.ops, [row["profile_key"]]).to_pylist() == [row]
        assert profile.seen_of(engine.ops, [row["profile_key"] for row in everybody]).to_pylist() == everybody
        assert profile.seen_of(engine.ops, []).num_rows == 0


def test_what_an_older_release_kept_by_profile_moves_over(tmp_path: Path) -> None:
    scripts = profile.PARTS.migrations
    (place,) = [number for number, script in enumerate(scripts) if "CREATE TABLE node_traits" in script]
    older = [identify.PARTS, profile.PARTS.__class__("profile", scripts[:place])]
    with open_engine(EngineSettings(tmp_path), older, [], {}, FixedClock(NOW)) as engine, engine.ops.write() as tx:
        tx.execute("INSERT INTO profiles VALUES (7, 1000000, 3000000, 5)")
        tx.execute("INSERT INTO profile_traits VALUES (7, 'plan', 'pro', NULL, 2000000, 4)")
        tx.execute("INSERT INTO profile_traits VALUES (7, 'gone', NULL, NULL, 2000000, 4)")
        tx.execute("INSERT INTO profile_traits VALUES (7, 'seats', NULL, 2500000, 2000000, 4)")
    with open_small(tmp_path) as engine:
        told = profile.traits_told(engine.ops, 7)
        assert {one.name: (one.value, one.source) for one in told} == {
            "plan": ("pro", ""),
            "seats": (Decimal("2.5"), ""),
        }
        assert profile.seen_of(engine.ops, [7]).to_pylist() == [
            {"profile_key": 7, "first_seen": 1_000_000, "last_seen": 3_000_000, "events": 5}
        ]


def test_a_value_of_ten_megabytes_goes_to_quarantine_and_the_rest_is_kept(tmp_path: Path) -> None:
    write_documents(tmp_path)
    huge = {"note": "x" * 10_000_000}
    lines = [
        {
            "type": "identify",
            "messageId": f"m{number}",
            "userId": "u1",
            "timestamp": "2025-01-01T09:00:00Z",
            "traits": told,
        }
        for number, told in enumerate((huge, {"city": "Ulm", "size": 7.5, "näme": "Ünï 🎁"}))
    ]
    (tmp_path / "e.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_workspace(tmp_path) as place:
        collect.import_files(place.engine, place.catalog, [tmp_path / "e.jsonl"], "site", now=SystemClock().now())
        assert place.engine.ops.query("SELECT code FROM quarantine") == [("TOO_LARGE",)]
        told = {one.name: one.value for one in traits(place.engine, "user_id:u1")}
        assert told == {"city": "Ulm", "size": Decimal("7.5"), "näme": "Ünï 🎁"}
