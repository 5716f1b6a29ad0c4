"""Merging and splitting by hand: who is who afterwards, what is told, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import identify
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.support.small_events import NOW, open_small
from tests.unit.identify.test_identify_stage import anonymous, people, published, told, user

RULES = identify.IdentityRules()


def split(engine: Engine, who: str, merge_id: int | None = None) -> identify.SplitPlan:
    return identify.split(engine, identify.find(engine, who), merge_id=merge_id, now=NOW)


def merge(engine: Engine, one: str, other: str, *, force: bool = False, note: str | None = None) -> identify.Joined:
    found = [identify.find(engine, who) for who in (one, other)]
    return identify.merge(engine, *found, rules=RULES, now=NOW, force=force, note=note)


def own_events(engine: Engine) -> list[tuple[str, ...]]:
    rows = engine.analytics.query(
        "SELECT event, profile_id, properties FROM events WHERE source = 'foretell' ORDER BY message_id"
    )
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_a_split_gives_back_both_people(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        before = people(engine)
        told(engine, user("ann", anonymous_id="d1"))
        assert people(engine) == published(engine) == [["anonymous_id:d1", "user_id:ann"]]
        done = split(engine, "user_id:ann")
        assert people(engine) == published(engine) == before
        assert (done.stays.identifiers, done.stays.events) == ([("anonymous_id", "d1")], 1)
        assert (done.leaves.identifiers, done.leaves.events) == ([("user_id", "ann")], 2)
        assert engine.ops.query("SELECT count(*) FROM merged") == [(0,)]


def test_the_same_evidence_does_not_join_them_again(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        split(engine, "user_id:ann")
        told(engine, user("ann", anonymous_id="d1"))
        assert people(engine) == published(engine) == [["anonymous_id:d1"], ["user_id:ann"]]


def test_by_hand_they_are_one_again(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        split(engine, "user_id:ann")
        done = merge(engine, "user_id:ann", "anonymous_id:d1", note="she rang us")
        assert people(engine) == published(engine) == [["anonymous_id:d1", "user_id:ann"]]
        assert engine.ops.query("SELECT count(*) FROM kept_apart") == [(0,)]
        reasons = "SELECT merge_id, reason, note, state FROM merges ORDER BY merge_id"
        assert engine.ops.query(reasons) == [(1, "event", None, "undone"), (2, "hand", "she rang us", "in_force")]
        assert done.merge_id == 2


def test_the_middle_of_a_chain_goes_with_what_hung_on_it(tmp_path: Path) -> None:
    """d1 – a – d2 – b – d3: taking away the middle leaves two and two."""
    with open_small(tmp_path) as engine:
        told(engine, *(anonymous(f"d{n}") for n in (1, 2, 3, 4)))
        told(engine, anonymous("d1", email="a@x.example"), anonymous("d4", email="c@x.example"))
        told(engine, anonymous("d2", email="a@x.example"))
        told(engine, anonymous("d3", email="c@x.example"))
        told(engine, {"email": "a@x.example", "card": "77"}, {"email": "c@x.example", "card": "77"})
        assert len(people(engine)) == 1
        last = engine.ops.query("SELECT max(merge_id) FROM merges")[0][0]
        split(engine, "anonymous_id:d3", last)
        assert people(engine) == published(engine) == [
            ["anonymous_id:d1", "anonymous_id:d2", "card:77", "email:a@x.example"],
            ["anonymous_id:d3", "anonymous_id:d4", "email:c@x.example"],
        ]  # fmt: skip


def test_both_are_told_and_count_as_nobodys_activity(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        before = engine.analytics.query("SELECT * FROM profiles").to_pylist()
        assert [event for event, _, _ in own_events(engine)] == ["Profiles Merged"]
        split(engine, "user_id:ann")
        merge(engine, "user_id:ann", "anonymous_id:d1")
        assert engine.analytics.query("SELECT * FROM profiles").to_pylist() == before
        assert sorted(event for event, _, _ in own_events(engine)) == [
            "Profiles Merged", "Profiles Merged", "Profiles Split",
        ]  # fmt: skip
        ids = {profile_id for _, profile_id, _ in own_events(engine)}
        assert ids == {identify.find(engine, "user_id:ann").profile_id}


def test_what_cannot_be_done_is_refused_with_a_next_step(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, user("ann", email="a@x.example"), user("bob"), anonymous("d1"))
        told(engine, user("ann", anonymous_id="d1"))
        for work, code in (
            (lambda: merge(engine, "user_id:ann", "email:a@x.example"), "PROFILES_ALREADY_ONE"),
            (lambda: merge(engine, "user_id:ann", "user_id:bob"), "LIMIT_EXCEEDED"),
            (lambda: merge(engine, "user_id:ann", "user_id:cid"), "PROFILE_UNKNOWN"),
            (lambda: split(engine, "user_id:bob"), "NEVER_MERGED"),
            (lambda: split(engine, "user_id:ann", 77), "MERGE_UNKNOWN"),
        ):
            with pytest.raises(UsageError) as refused:
                work()
            assert (refused.value.code, refused.value.next_step != "") == (code, True)
        merge(engine, "user_id:ann", "user_id:bob", force=True)
        assert len(people(engine)) == 1


def test_what_a_release_before_wrote_can_be_split(tmp_path: Path) -> None:
    """Merges without evidence are known by winner and loser."""
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        with engine.ops.write() as tx:
            tx.execute("UPDATE merges SET kind_a = NULL, value_a = NULL, node_a = winner_key, node_b = loser_key")
        split(engine, "user_id:ann")
        assert people(engine) == [["anonymous_id:d1"], ["user_id:ann"]]
