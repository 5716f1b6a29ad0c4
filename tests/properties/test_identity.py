"""Set-wise resolution equals taking each event one by one, in any batch size.

``FORETELL_IDENTITY_DEPTH`` multiplies how many streams are tried.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
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
    Decoder,
    Engine,
    EngineSettings,
    Frame,
    Stage,
    Tx,
    open_engine,
)
from foretell.identify import known
from tests.properties.naive_identity import NaiveRules, NaiveType, Name, OneByOne, Said

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEPTH = int(os.environ.get("FORETELL_IDENTITY_DEPTH", "1"))
PLAIN = NaiveRules(
    {
        "user_id": NaiveType(1), "email": NaiveType(2), "phone": NaiveType(2), "other": NaiveType(2),
        "anonymous_id": NaiveType(3),
    },
    frozenset({"unknown"}),
)  # fmt: skip
STRICT = NaiveRules(
    {
        "user_id": NaiveType(2), "email": NaiveType(2), "phone": NaiveType(2, merges=False),
        "other": NaiveType(3, merges=False), "anonymous_id": NaiveType(4, shared_after=2),
    },
    frozenset({"unknown"}),
    ("^v[45]$", "TEST@"),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What became of a stream: whose each event was, and what the ledger and the denials say."""

    owners: list[str]
    merges: int
    denied: Counter[tuple[Name, Name]]


def compiled(rules: NaiveRules) -> identify.IdentityRules:
    types = [
        identify.IdentifierType(name, one.limit, one.merges, one.shared_after) for name, one in rules.types.items()
    ]
    return identify.IdentityRules.of(types, values=rules.blocked, patterns=rules.patterns, keep_defaults=False)


def _decoder(events: Sequence[Said]) -> Decoder:
    def decode(frame: Frame) -> Decoded:
        start, end = int(str(frame.meta["start"])), int(str(frame.meta["end"]))
        part = events[start:end]
        rows, links, former = [], [], []
        at = (NOW + timedelta(seconds=start)).replace(tzinfo=None)
        for row, said in enumerate(part):
            kind = "track" if said.former is None else "alias"
            rows.append((row, row + 1, f"m{start + row}", kind, "Seen", at, at, at, "test", "{}", "{}"))
            links += [(row, name, value, 0) for name, value in said.names]
            if said.former is not None:
                links.append((row, "anonymous_id", said.former, 0))
                former.append((row, said.former, None))
        properties = pa.schema([("row", pa.int64()), ("s:previous_id", pa.string()), ("n:previous_id", pa.int64())])
        return Decoded(_table(EVENTS, rows), _table(IDENTIFIERS, links), properties=_table(properties, former))

    return decode


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
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


def resolved(
    events: Sequence[Said],
    sizes: list[int],
    rules: NaiveRules = PLAIN,
    *,
    bulk: bool = False,
    failing: int = 0,
    apart: Sequence[tuple[int, Name, Name]] = (),
) -> Outcome:
    """What becomes of a stream that is taken in batches of the given sizes.

    Args:
        apart: (event, two identifiers): their people are kept apart from this event on.
    """
    with TemporaryDirectory() as folder:
        stages = [identify.IdentifyStage(compiled(rules)), profile.ProfileStage(), FailsOnce(failing)]
        parts = [identify.PARTS, profile.PARTS]
        settings = EngineSettings(Path(folder))
        engine = open_engine(settings, parts, stages, {"test": _decoder(events)}, FixedClock(NOW))
        with engine:
            with engine.bulk() if bulk else nullcontext():
                start = 0
                for end, one, other in [*apart, (len(events), None, None)]:
                    _take(engine, start, end, sizes)
                    if one is not None and other is not None:
                        _keep_apart(engine, one, other)
                    start = end
            return _outcome(engine, len(events))


def _outcome(engine: Engine, height: int) -> Outcome:
    found = engine.analytics.query(
        "SELECT profile_id FROM events WHERE source = 'test' ORDER BY CAST(substr(message_id, 2) AS INTEGER)"
    )
    owners = [str(name) for name in found["profile_id"].to_pylist()]
    counts = engine.ops.query("SELECT coalesce(sum(events), 0) FROM node_seen")[0][0]
    assert counts == height - owners.count("")
    rows = engine.ops.query("SELECT kind_a, value_a, kind_b, value_b, sum(times) FROM denied GROUP BY 1, 2, 3, 4")
    denied = Counter({((a, b), (c, d)): int(times) for a, b, c, d, times in rows})
    ((merges,),) = engine.ops.query("SELECT count(*) FROM merges WHERE message_id IS NOT NULL")
    assert merges == engine.ops.query("SELECT count(*) FROM merged")[0][0]
    return Outcome(owners, int(merges), denied)


def _take(engine: Engine, start: int, end: int, sizes: list[int]) -> None:
    turn = 0
    while start < end:
        stop = min(end, start + sizes[turn % len(sizes)])
        engine.spool_append([Frame("test", {"start": start, "end": stop})])
        with suppress(BrokenOffError):
            engine.apply_pending()
        engine.apply_pending()
        start, turn = stop, turn + 1


def _keep_apart(engine: Engine, one: Name, other: Name) -> None:
    nodes = [
        engine.ops.query("SELECT node_key FROM identifiers WHERE kind = ? AND value = ?", name) for name in (one, other)
    ]
    pair = sorted(int(node[0][0]) for node in nodes)
    with engine.ops.write() as tx:
        tx.execute("INSERT INTO kept_apart VALUES (?, ?, 0, NULL)", pair)


def expected(
    events: Sequence[Said], rules: NaiveRules = PLAIN, apart: Sequence[tuple[int, Name, Name]] = ()
) -> Outcome:
    """The same, one event after the other."""
    reference = OneByOne(rules)
    stars = []
    for number, said in enumerate(events):
        reference.apart += [(reference.node[one], reference.node[two]) for at, one, two in apart if at == number]
        stars.append(reference.take(said))
    denied: Counter[tuple[Name, Name]] = Counter()
    for (_, one, other), times in reference.denied.items():
        denied[one, other] += times
    return Outcome([reference.profile_id(star) for star in stars], reference.merges, denied)


def assert_equal(ours: Outcome, theirs: Outcome) -> None:
    assert ours.owners == theirs.owners
    assert ours.merges == theirs.merges
    # An edge that was denied at first, and whose two sides others made one in the same batch, is not counted.
    assert all(times <= theirs.denied[pair] for pair, times in ours.denied.items())


identifier = st.tuples(
    st.sampled_from(["user_id", "email", "phone", "card", "anonymous_id"]),
    st.one_of(st.integers(0, 5).map(lambda number: f"v{number}"), st.just("unknown")),
)
saids = st.builds(
    Said,
    st.lists(identifier, min_size=0, max_size=4).map(tuple),
    st.one_of(st.none(), st.none(), st.integers(0, 5).map(lambda number: f"v{number}")),
)
streams = st.lists(saids, min_size=1, max_size=40)


@settings(max_examples=16 * DEPTH, deadline=None)
@given(streams, st.lists(st.integers(1, 15), min_size=1, max_size=4), st.sampled_from([PLAIN, STRICT]))
def test_equals_one_by_one(events: list[Said], sizes: list[int], rules: NaiveRules) -> None:
    assert_equal(resolved(events, sizes, rules), expected(events, rules))


@settings(max_examples=5 * DEPTH, deadline=None)
@given(streams, st.sampled_from([PLAIN, STRICT]))
def test_batch_size_does_not_matter(events: list[Said], rules: NaiveRules) -> None:
    whole, single = resolved(events, [len(events)], rules), resolved(events, [1], rules)
    assert (whole.owners, whole.merges) == (single.owners, single.merges)
    assert single.denied == expected(events, rules).denied


@settings(max_examples=6 * DEPTH, deadline=None)
@given(streams, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.sampled_from([2, 7, 1000]), st.integers(1, 8))
def test_what_bulk_work_keeps_in_memory_is_what_the_store_holds(
    events: list[Said], sizes: list[int], limit: int, failing: int
) -> None:
    with mock.patch.object(known, "LIMIT", limit):
        bulk = resolved(events, sizes, STRICT, bulk=True, failing=failing)
        assert bulk == resolved(events, sizes, STRICT)


@settings(max_examples=6 * DEPTH, deadline=None)
@given(streams, streams, st.lists(st.integers(1, 15), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_who_is_kept_apart_stays_apart(
    before: list[Said], after: list[Said], sizes: list[int], chance: random.Random
) -> None:
    reference = OneByOne(PLAIN)
    for said in before:
        reference.take(said)
    first = {id(person): name for name, person in reference.person.items()}
    people = sorted(first.values())
    pairs = [chance.sample(people, 2) for _ in range(min(3, len(people) // 2))]
    apart = [(len(before), one, other) for one, other in pairs]
    events = [*before, *after]
    assert_equal(resolved(events, sizes, apart=apart), expected(events, apart=apart))


def long_stream(height: int, seed: int) -> list[Said]:
    """People with devices, addresses and phones; borrowed devices, shared phones, families, kiosks, junk, aliases."""
    chance = random.Random(seed)
    people = height // 8
    events = []
    for _ in range(height):
        person = min(int(chance.expovariate(4 / people)), people)
        device = ("anonymous_id", f"d{person}-{chance.randrange(3)}")
        names = [device]
        if chance.random() < 0.55:
            names.append(("user_id", f"u{person}"))
        if chance.random() < 0.12:
            names.append(("email", f"{person}-{chance.randrange(3)}@x.example"))
        if chance.random() < 0.07:
            names.append(("phone", f"p{person // chance.choice((1, 1, 3))}"))
        roll = chance.random()
        if roll < 0.005:
            names.append(("user_id", "unknown"))
        elif roll < 0.01:
            names[0] = ("anonymous_id", f"d{max(0, person - 1)}-0")
        elif roll < 0.02:
            names[0] = ("anonymous_id", f"kiosk{chance.randrange(20)}")
        elif roll < 0.025:
            names.append(("email", f"test@shop{chance.randrange(9)}.example"))
        former = None
        if chance.random() < 0.01:
            former = chance.choice((f"d{person}-1", f"u{person}", f"u{max(0, person - 1)}", "unknown"))
        events.append(Said(tuple(names), former))
    return events


LONG = NaiveRules(
    {
        "user_id": NaiveType(2), "email": NaiveType(3), "phone": NaiveType(2, merges=False), "other": NaiveType(5),
        "anonymous_id": NaiveType(10, shared_after=3),
    },
    frozenset({"unknown"}),
    ("^test@",),
)  # fmt: skip


def test_two_hundred_thousand_events_equal_one_by_one() -> None:
    events = long_stream(200_000, seed=5)
    theirs = expected(events, LONG)
    ours = resolved(events, [10_000, 7_321, 40_000], LONG)
    assert_equal(ours, theirs)
    assert theirs.merges > 5_000
    assert theirs.denied.total() > 1_000


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_shared_device_does_not_glue_two_users(size: int) -> None:
    device = ("anonymous_id", "shared")
    events = [
        Said(names) for names in ((device,), (("user_id", "ann"), device), (("user_id", "bob"), device), (device,))
    ]
    names = resolved(events, [size]).owners
    assert names[0] == names[1] == names[3] != names[2]
