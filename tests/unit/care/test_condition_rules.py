"""Case rules that open by a condition: kept from event to event, and exactly as if all was read anew."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, care, identify, segment
from foretell.clock import micros
from foretell.condition import Reader, parse
from tests.support.care_place import MONDAY, Care, care_place

TICKETS = {"did": "Ticket Opened", "within": "3d", "times": {"gte": 2}}
SILENT = {"all": [{"did": "Order Completed"}, {"not": {"did": "Order Completed", "within": "2d"}}]}
RULES: Mapping[str, Mapping[str, Any]] = {
    "tickets": {"opens": {"condition": TICKETS, "again_after": "1d"}, "one_open": True},
    "silent": {"opens": [{"condition": SILENT, "again_after": "4d"}, {"condition": {"did": "Cart Left"}}]},
}


@contextmanager
def shop(root: Path, rules: Mapping[str, Mapping[str, Any]] = RULES) -> Iterator[Care]:
    documents = {
        f"case_rules/{key}.yaml": {"kind": "case_rule", "key": key, "spec": {"title": key, **spec}}
        for key, spec in rules.items()
    }
    with care_place(root, documents=documents, people=12) as place:
        yield place


def look(place: Care) -> int:
    where = place.workspace
    return care.open_by_rules(where.engine, where.catalog, where.reader, now=place.clock.instant)


def did(place: Care, user: str, event: str, number: int, at: datetime | None = None) -> None:
    when = (at or place.clock.instant).isoformat()
    place.send({"userId": user, "event": event, "messageId": f"{event}-{number}", "timestamp": when})


def whose(place: Care, rule: str) -> list[int]:
    rows = place.engine.ops.query("SELECT profile_key FROM cases WHERE rule = ? ORDER BY profile_key", (rule,))
    return [key for (key,) in rows]


def expected(place: Care, rule: str) -> list[int]:
    """Who has a case by a rule after a look: as now, and everybody for whom a condition holds and who has none."""
    where, now = place.workspace, place.clock.instant
    found = whose(place, rule)
    spec = care.rule_of(where.catalog, rule)
    assert spec is not None
    for one in spec.opens:
        assert one.condition is not None
        again = now - timedelta(days=int(str(one.again_after)[:-1]))
        covered = place.engine.ops.query(
            "SELECT profile_key FROM cases WHERE rule = ? AND (state <> 'closed' OR opened_at > ?)",
            (rule, micros(again)),
        )
        known = {key for (key,) in covered} | set(found[len(whose(place, rule)) :])
        members = where.reader.members(parse(dict(one.condition)), as_of=now)["profile_key"].to_pylist()
        found += [key for key in members if key not in known]
    return sorted(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_look_opens_what_reading_all_anew_would_open(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    opened = 0
    with shop(tmp_path) as place:
        for step in range(40):
            for number in range(draw.randint(0, 3)):
                event = draw.choice(["Ticket Opened", "Ticket Opened", "Order Completed", "Cart Left"])
                at = place.clock.instant + timedelta(hours=draw.choice([0, -1, -30, 5]))
                did(place, f"u{draw.randint(1, 12)}", event, step * 10 + number, at)
            if step % 7 == 3 and (cases := list(care.list_cases(place.engine, care.Wanted("unclosed")).cases)):
                place.close(draw.choice(cases).case_id)
            if step % 11 == 5:
                segment.live.forget_state(place.engine)  # as the end of a process does
            if step == 20:
                place.send({"type": "identify", "userId": "u1", "traits": {"email": "one@x.example"}},
                           {"type": "identify", "userId": "u2", "traits": {"email": "one@x.example"}})  # fmt: skip
            wanted = {rule: expected(place, rule) for rule in RULES}
            opened += look(place)
            assert {rule: whose(place, rule) for rule in RULES} == wanted, f"step {step}"
            assert look(place) == 0
            place.at(hours=draw.choice([1, 6, 13, 30]))
    assert opened > 15


def test_a_look_reads_no_history_and_looks_at_whom_something_happened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shop(tmp_path) as place:
        for user in range(1, 13):
            did(place, f"u{user}", "Order Completed", user)
        look(place)
        asked: list[pa.Table] = []
        monkeypatch.setattr(Reader, "members", lambda *_, **told: asked.append(told.get("people")))
        place.at(hours=1)
        did(place, "u3", "Cart Left", 99)
        where = place.workspace
        told = segment.live.refresh(where.engine, where.catalog, where.reader, now=place.clock.instant)
        assert (told.events, told.people) == (1, 1)
        assert (look(place), asked) == (1, [])
        place.at(days=2)
        assert look(place) == 11, "the others when the time has come, whose case is not open already"


def test_nobody_is_told_of_it_and_no_segment_is_there(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        did(place, "u1", "Cart Left", 1)
        done = app.advance(place.workspace, place.clock.instant)
        assert (done.cases.opened, done.fresh.segments, done.fresh.entered) == (1, 0, 0)
        query = place.engine.analytics.query
        assert query("SELECT * FROM segment_memberships").num_rows == 0
        assert query("SELECT * FROM events WHERE event LIKE 'Segment%'").num_rows == 0


def test_who_is_their_own_again_leaves_the_case_and_the_other_gets_one(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        for number, user in enumerate(("u1", "u2")):
            did(place, user, "Cart Left", number)
        sides = [identify.find(place.engine, f"user_id:{user}") for user in ("u1", "u2")]
        keys = [one.profile_key for one in sides]
        identify.merge(place.engine, *sides, rules=identify.IdentityRules(), now=place.clock.instant, force=True)
        assert look(place) == 1
        place.at(hours=1)
        (case,) = care.list_cases(place.engine, care.Wanted(None)).cases
        other = next(key for key in keys if key != case.node_key)
        identify.split(place.engine, identify.find(place.engine, "user_id:u2"), now=place.clock.instant)
        assert look(place) == 1
        assert whose(place, "silent") == sorted([case.node_key, other])


def test_a_rule_that_changes_its_condition_looks_at_everybody(tmp_path: Path) -> None:
    with shop(tmp_path, {"one": {"opens": {"condition": {"did": "Cart Left"}}}}) as place:
        did(place, "u1", "Ticket Opened", 1)
        assert look(place) == 0
        changed = {"title": "one", "opens": {"condition": {"did": "Ticket Opened"}}}
        document = {"kind": "case_rule", "key": "one", "spec": changed}
        (tmp_path / "case_rules/one.yaml").write_text(json.dumps(document))
        app.reload_definitions(place.workspace)
        place.at(minutes=1)
        assert look(place) == 1
        (tmp_path / "case_rules/one.yaml").unlink()
        app.reload_definitions(place.workspace)
        place.at(minutes=1)
        assert look(place) == 0


def test_an_instant_before_the_last_look_opens_nothing(tmp_path: Path) -> None:
    with shop(tmp_path) as place:
        assert look(place) == 0
        place.clock.instant = MONDAY - timedelta(hours=5)
        did(place, "u1", "Cart Left", 1)
        assert look(place) == 0
        place.clock.instant = MONDAY
        assert look(place) == 1
