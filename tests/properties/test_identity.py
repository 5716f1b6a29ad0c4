"""Set-wise resolution equals taking each event one by one, in any batch size."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import (
    EVENTS,
    IDENTIFIERS,
    Batch,
    Decoded,
    Engine,
    EngineSettings,
    Frame,
    Stage,
    Tx,
    open_engine,
)
from foretell.identify import known

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PRIORITY = {"user_id": 0, "email": 1, "phone": 2, "card": 3, "anonymous_id": 9}
RULES = identify.IdentityRules(limits={"user_id": 1, "email": 2, "phone": 2, "anonymous_id": 3}, other_limit=2)
Event = list[tuple[str, str]]


class OneByOne:
    """The reference: a union-find that takes one event after the other."""

    def __init__(self) -> None:
        self.parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(self, node: tuple[str, str]) -> tuple[str, str]:
        self.parent.setdefault(node, node)
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def members(self, root: tuple[str, str]) -> list[tuple[str, str]]:
        return [node for node in self.parent if self.root(node) == root]

    def take(self, event: Event) -> tuple[str, str] | None:
        nodes = sorted(
            {(kind, value) for kind, value in event if value != "unknown"},
            key=lambda node: (PRIORITY[node[0]], node),
        )
        for node in nodes[1:]:
            self.join(nodes[0], node)
        return self.root(nodes[0]) if nodes else None

    def join(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        one, other = self.root(one), self.root(other)
        if one == other:
            return
        kinds = Counter(kind for kind, _ in self.members(one) + self.members(other))
        if all(number <= RULES.limit(kind) for kind, number in kinds.items()):
            self.parent[other] = one


def _decoder(events: list[Event]):  # type: ignore[no-untyped-def]
    def decode(frame: Frame) -> Decoded:
        start, end = frame.meta["start"], frame.meta["end"]
        rows, links = [], []
        for row, event in enumerate(events[start:end]):
            at = (NOW + timedelta(seconds=start + row)).replace(tzinfo=None)
            name = f"m{start + row}"
            rows.append((row, row + 1, name, "track", "Seen", at, at, at, "test", "{}", "{}"))
            links += [(row, kind, value, PRIORITY[kind]) for kind, value in event]
        return Decoded(_table(EVENTS, rows), _table(IDENTIFIERS, links))

    return decode


def _table(schema: pa.Schema, rows: list[tuple[object, ...]]) -> pa.Table:
    if not rows:
        return schema.empty_table()
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.table(columns, schema=schema)


class BrokenOffError(Exception):
    """What breaks a batch off."""


class FailsOnce(Stage):
    """Breaks the batch of a number off, the first time, when all else is done."""

    room = "fails"

    def __init__(self, number: int) -> None:
        self.number = number

    def apply(self, tx: Tx, batch: Batch) -> None:
        if batch.number == self.number:
            self.number = 0
            raise BrokenOffError


def _resolved(events: list[Event], sizes: list[int], *, bulk: bool = False, failing: int = 0) -> list[str]:
    """Profile of every event after the whole stream, taken in batches of the given sizes."""
    with TemporaryDirectory() as folder:
        engine = open_engine(
            EngineSettings(Path(folder)),
            [identify.PARTS, profile.PARTS],
            [identify.IdentifyStage(RULES), profile.ProfileStage(), FailsOnce(failing)],
            {"test": _decoder(events)},
            FixedClock(NOW),
        )
        with engine:
            with engine.bulk() if bulk else nullcontext():
                _take(engine, len(events), sizes)
            found = engine.analytics.query(
                "SELECT profile_id FROM events ORDER BY CAST(substr(message_id, 2) AS INTEGER)"
            )
            counts = engine.ops.query("SELECT coalesce(sum(events), 0) FROM profiles")[0][0]
            nobody = sum(name == "" for name in found["profile_id"].to_pylist())
            assert counts == len(events) - nobody
            return [str(name) for name in found["profile_id"].to_pylist()]


def _take(engine: Engine, height: int, sizes: list[int]) -> None:
    start, turn = 0, 0
    while start < height:
        end = min(height, start + sizes[turn % len(sizes)])
        engine.spool_append([Frame("test", {"start": start, "end": end})])
        with suppress(BrokenOffError):
            engine.apply_pending()
        engine.apply_pending()
        start, turn = end, turn + 1


def _partition(names: list[object]) -> list[int]:
    first: dict[object, int] = {}
    return [first.setdefault(name, place) for place, name in enumerate(names)]


def _expected(events: list[Event]) -> list[int]:
    reference = OneByOne()
    nodes = [min(event, key=lambda n: (PRIORITY[n[0]], n)) if event else None for event in map(_kept, events)]
    for event in events:
        reference.take(event)
    return _partition([reference.root(node) if node else "" for node in nodes])


def _kept(event: Event) -> Event:
    return [node for node in event if node[1] != "unknown"]


identifier = st.tuples(
    st.sampled_from(sorted(PRIORITY)), st.one_of(st.integers(0, 5).map(str), st.just("unknown"))
).map(lambda pair: (pair[0], pair[1] if pair[1] == "unknown" else f"v{pair[1]}"))
streams = st.lists(st.lists(identifier, min_size=0, max_size=4), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(streams, st.lists(st.integers(1, 15), min_size=1, max_size=4))
def test_equals_one_by_one(events: list[Event], sizes: list[int]) -> None:
    assert _partition(list(_resolved(events, sizes))) == _expected(events)


@settings(max_examples=15, deadline=None)
@given(streams)
def test_batch_size_does_not_matter(events: list[Event]) -> None:
    whole, single = _resolved(events, [len(events)]), _resolved(events, [1])
    assert whole == single


@settings(max_examples=25, deadline=None)
@given(streams, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.sampled_from([2, 7, 1000]), st.integers(1, 8))
def test_what_bulk_work_keeps_in_memory_is_what_the_store_holds(
    events: list[Event], sizes: list[int], limit: int, failing: int
) -> None:
    with mock.patch.object(known, "LIMIT", limit):
        assert _resolved(events, sizes, bulk=True, failing=failing) == _resolved(events, sizes)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_shared_device_does_not_glue_two_users(size: int) -> None:
    events: list[Event] = [
        [("anonymous_id", "shared")],
        [("user_id", "ann"), ("anonymous_id", "shared")],
        [("user_id", "bob"), ("anonymous_id", "shared")],
        [("anonymous_id", "shared")],
    ]
    names = _resolved(events, [size])
    assert names[0] == names[1] == names[3] != names[2]
