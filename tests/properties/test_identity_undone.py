"""Merged and split is as never merged; stored edges under the same rules say what the events said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import Engine, EngineSettings, open_engine
from tests.support.small_events import NOW, decode, event, frame

Type = identify.IdentifierType
USUAL = identify.IdentityRules.of(
    [Type("user_id", 1), Type("email", 2), Type("phone", 2), Type("other", 2), Type("anonymous_id", 3)]
)
WIDE = identify.IdentityRules.of([Type("user_id", 2), Type("email", 9), Type("phone", 9), Type("other", 9)])
NAMES = identify.IdentityRules.of([Type("user_id", 1), Type("email", 2), Type("phone", 2, merges=False)])
SHARED = identify.IdentityRules.of(
    [Type("user_id", 1), Type("email", 3), Type("anonymous_id", 9, shared_after=2)], values=["e1"]
)
RULES = {"usual": USUAL, "wide": WIDE, "names": NAMES, "shared": SHARED}
KINDS = ("user_id", "email", "phone", "card", "anonymous_id")


def stream(seed: int, size: int) -> list[dict[str, Any]]:
    """Events that name one to three of few identifiers."""
    random = Random(seed)
    told = []
    for number in range(size):
        kinds = random.sample(KINDS, random.choice([1, 1, 2, 2, 2, 3]))
        ids = {kind: f"{kind[0]}{random.randrange(5)}" for kind in kinds}
        told.append(event("Seen", f"m{number}", number, ids=ids))
    return told


@contextmanager
def opened(rules: identify.IdentityRules) -> Iterator[Engine]:
    with TemporaryDirectory() as folder:
        stages = [identify.IdentifyStage(rules), profile.ProfileStage()]
        rooms = [identify.PARTS, profile.PARTS]
        with open_engine(EngineSettings(Path(folder)), rooms, stages, {"small": decode}, FixedClock(NOW)) as engine:
            yield engine


def take(engine: Engine, events: list[dict[str, Any]], size: int) -> None:
    for start in range(0, len(events), size):
        engine.spool_append([frame(events[start : start + size])])
        engine.apply_pending()


def grouped(engine: Engine) -> set[frozenset[str]]:
    """Who is one person: nodes by public id, by the operational store, which the published views must confirm."""
    rows = engine.ops.query(
        "SELECT n.profile_id, coalesce(m.profile_key, n.node_key) FROM nodes n LEFT JOIN merged m USING (node_key)"
    )
    found: dict[int, set[str]] = {}
    for name, key in rows:
        found.setdefault(int(key), set()).add(str(name))
    told = engine.analytics.query(
        "SELECT n.profile_id, coalesce(m.profile_key, n.node_key) AS key FROM nodes n "
        "LEFT JOIN merged m ON m.node_key = n.node_key"
    )
    assert sorted(rows) == sorted(zip(*told.to_pydict().values(), strict=True))
    return {frozenset(names) for names in found.values()}


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 20), st.sampled_from(sorted(RULES)))
def test_the_same_rules_change_nothing(seed: int, size: int, name: str) -> None:
    with opened(RULES[name]) as engine:
        take(engine, stream(seed, 40), size)
        told = identify.preview(engine, RULES[name])
        assert (told.merges, told.splits, told.changed.tolist()) == (0, 0, [])
        assert told.people == len(grouped(engine))


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 20), st.sampled_from(sorted(RULES)), st.sampled_from(sorted(RULES)))
def test_changed_rules_do_what_their_preview_says_and_can_be_changed_back(
    seed: int, size: int, name: str, other: str
) -> None:
    with opened(RULES[name]) as engine:
        take(engine, stream(seed, 40), size)
        before = grouped(engine)
        told = identify.preview(engine, RULES[other])
        done = identify.reform(engine, RULES[other], now=NOW)
        after = grouped(engine)
        assert (done.merges, done.splits) == (told.merges, told.splits)
        assert len(after) == told.people == len(before) + told.splits - told.merges
        assert identify.preview(engine, RULES[other]).changes_nothing
        assert identify.follows(engine.ops, RULES[other])
        every_merge_can_be_split(engine)
        identify.reform(engine, RULES[name], now=NOW)
        assert grouped(engine) == before


def every_merge_can_be_split(engine: Engine) -> None:
    """The merges in force are a tree over the nodes of each profile."""
    edges = engine.ops.query("SELECT node_a, node_b FROM merges WHERE state = 'in_force'")
    owners = dict(engine.ops.query("SELECT node_key, profile_key FROM merged"))
    assert len(edges) == len(owners)
    seen: dict[int, int] = {}

    def root(key: int) -> int:
        while key in seen:
            key = seen[key]
        return key

    for one, other in edges:
        assert owners.get(one, one) == owners.get(other, other)
        assert root(one) != root(other)
        seen[root(one)] = root(other)


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 12))
def test_each_first_alone_the_stored_edges_equal_a_world_under_the_other_rules(seed: int, size: int) -> None:
    """Where every identifier begins a node of its own, nothing is lost in the nodes."""
    alone = [event("Seen", f"a{kind}{n}", -1, ids={kind: f"{kind[0]}{n}"}) for kind in KINDS for n in range(5)]
    for other in (WIDE, NAMES):
        worlds = []
        for begin in (USUAL, other):
            with opened(begin) as engine:
                take(engine, [*alone, *stream(seed, 30)], size)
                if begin is USUAL:
                    identify.reform(engine, other, now=NOW)
                worlds.append(grouped(engine))
        assert worlds[0] == worlds[1]


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 12))
def test_split_one_by_one_everybody_is_who_they_were_at_first_and_pairs_stay_apart(seed: int, size: int) -> None:
    with opened(USUAL) as engine:
        take(engine, stream(seed, 40), size)
        random = Random(seed)
        while True:
            open_merges = engine.ops.query("SELECT merge_id, node_a FROM merges WHERE state = 'in_force'")
            if not open_merges:
                break
            number, node = random.choice(open_merges)
            ((name,),) = engine.ops.query("SELECT profile_id FROM nodes WHERE node_key = ?", (node,))
            identify.split(engine, identify.find(engine, name), merge_id=number, now=NOW)
            every_merge_can_be_split(engine)
        assert all(len(names) == 1 for names in grouped(engine))
        identify.reform(engine, USUAL, now=NOW)
        take(engine, [{**one, "id": f"again-{one['id']}"} for one in stream(seed, 40)], size)
        apart = {tuple(pair) for pair in engine.ops.query("SELECT node_a, node_b FROM kept_apart")}
        owners = dict(engine.ops.query("SELECT node_key, profile_key FROM merged"))
        assert all(owners.get(one, one) != owners.get(other, other) for one, other in apart)


def test_the_check_of_trees_catches_a_lost_edge() -> None:
    with opened(USUAL) as engine:
        take(engine, stream(1, 40), 10)
        with engine.ops.write() as tx:
            tx.execute(
                "DELETE FROM merges WHERE merge_id = (SELECT min(merge_id) FROM merges WHERE state = 'in_force')"
            )
        try:
            every_merge_can_be_split(engine)
        except AssertionError:
            return
        raise AssertionError("it was not seen")
