"""How fast messages go: buckets against a count of every span, lanes, journeys in turns, nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import deliver
from foretell.clock import from_micros, micros
from foretell.definitions import Catalog, RateSection
from foretell.deliver import rates, turns
from foretell.engine import Engine
from tests.support.small_events import NOW
from tests.support.small_sending import TEMPLATE, catalog, open_sending

SECOND = timedelta(seconds=1)
_COLUMNS = (
    "message_id, profile_key, node_key, at, channel, medium, template, purpose, journey, variables, address, state, "
    "attempts, next_at"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        yield opened


def queue(engine: Engine, rows: Sequence[dict[str, Any]], now: datetime = NOW) -> None:
    """Messages of the purposes that need no consent; they are due ``now``."""
    with engine.ops.write() as tx:
        tx.executemany(
            f"INSERT INTO messages ({_COLUMNS}) VALUES (?, 1, 1, ?, 'email', 'email', 'hello', ?, ?, '{{}}', ?, "
            "'queued', 0, ?)",
            [
                (
                    row["id"],
                    micros(now),
                    row.get("purpose", "service"),
                    row.get("journey"),
                    row.get("address", "a@x.example"),
                    micros(now),
                )
                for row in rows
            ],
        )


def limited(root: Path, rate: dict[str, Any] | None = None, **sending: Any) -> Catalog:
    """A mail channel with a rate that lands in the inbox."""
    spec = {"uses": "inbox_email"} | ({} if rate is None else {"rate": rate})
    return catalog(root, TEMPLATE, {"kind": "channel", "key": "email", "spec": spec}, settings={"sending": sending})


def left(engine: Engine) -> list[tuple[str, datetime]]:
    rows = engine.ops.query(
        "SELECT message_id, handed_over_at FROM messages WHERE state = 'delivered' ORDER BY handed_over_at, message_id"
    )
    return [(message_id, from_micros(at)) for message_id, at in rows]


def play(engine: Engine, read: Catalog, until: datetime, now: datetime = NOW) -> None:
    """Dispatch whenever something is due, as the worker does."""
    while now <= until:
        report = deliver.dispatch(engine, read, now=now)
        if report.waits_until is None:
            return
        now = datetime.fromisoformat(report.waits_until)


def test_a_rate_puts_off_and_loses_nothing(engine: Engine, tmp_path: Path) -> None:
    read = limited(tmp_path, {"messages": 11, "per": "1s", "transactional": 1})
    queue(engine, [{"id": f"m{number:02}"} for number in range(35)])
    first = deliver.dispatch(engine, read, now=NOW)
    assert (first.sent, first.put_off) == ({"email": 10}, 25)
    assert first.waits_until == (NOW + SECOND / 10).isoformat()
    again = deliver.dispatch(engine, read, now=NOW)
    assert (again.sent, again.put_off) == ({}, 0), "the same instant has no more"
    play(engine, read, NOW + timedelta(minutes=1), NOW + SECOND / 10)
    gone = left(engine)
    assert len(gone) == 35
    assert gone[-1][1] == NOW + SECOND * 2.5, "ten a second after the first ten"
    assert engine.ops.query("SELECT DISTINCT attempts FROM messages") == [(1,)]


@settings(max_examples=30, deadline=None)
@given(
    messages=st.integers(1, 7),
    seconds=st.integers(1, 5),
    steps=st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 6)), min_size=1, max_size=25),
)
def test_no_span_holds_more_than_the_bucket_and_its_refill(
    tmp_path_factory: pytest.TempPathFactory, messages: int, seconds: int, steps: list[tuple[int, int]]
) -> None:
    rate = rates.Rate.of("x", RateSection(messages=messages, per=f"{seconds}s", transactional=0))
    root = tmp_path_factory.mktemp("rates")
    with open_sending(root) as opened:
        taken: list[int] = []
        now = micros(NOW)
        for pause, wanted in steps:
            now += pause * 1_000
            with opened.ops.write() as tx:
                standing = rates._Standing(tx, [rate], now)
                taken += [now for _ in range(wanted) if standing.take([rate], "service") is None]
                standing.keep(tx)
    interval = rate.bulk.interval
    assert interval * messages >= seconds * 1_000_000
    for place, begin in enumerate(taken):
        for count, end in enumerate(taken[place:], 1):
            assert count <= messages + (end - begin) // interval
    assert taken, "the first one always goes"


def test_a_domain_has_its_own_rate(engine: Engine, tmp_path: Path) -> None:
    read = limited(
        tmp_path,
        domain_rates={
            "Big.example": {"messages": 2, "per": "1m", "transactional": 0},
            "default": {"messages": 3, "per": "1m", "transactional": 0},
        },
    )
    addresses = ["a@big.example"] * 5 + ["b@one.example"] * 4 + ["c@two.example"] * 2
    queue(engine, [{"id": f"m{place:02}", "address": address} for place, address in enumerate(addresses)])
    deliver.dispatch(engine, read, now=NOW)
    gone = Counter(addresses[int(name[1:])] for name, _ in left(engine))
    assert gone == {"a@big.example": 2, "b@one.example": 3, "c@two.example": 2}
    kept = engine.ops.query("SELECT bucket FROM send_rates")
    assert not any("example" in bucket for (bucket,) in kept), "nobody's domain can be read there"
    play(engine, read, NOW + timedelta(hours=1), NOW + timedelta(seconds=1))
    assert len(left(engine)) == len(addresses)
    deliver.dispatch(engine, read, now=NOW + timedelta(days=3))
    assert engine.ops.query("SELECT bucket FROM send_rates") == []


def test_the_transactional_lane_goes_first_with_what_is_kept_for_it(engine: Engine, tmp_path: Path) -> None:
    read = limited(tmp_path, {"messages": 5, "per": "1m", "transactional": 2})
    queue(engine, [{"id": f"b{number}"} for number in range(9)])
    assert deliver.dispatch(engine, read, now=NOW).sent == {"email": 3}
    queue(engine, [{"id": f"t{number}", "purpose": "transactional"} for number in range(4)])
    assert deliver.dispatch(engine, read, now=NOW).sent == {"email": 2}, "two are kept for it whatever waits"
    assert {name for name, _ in left(engine)} == {"b0", "b1", "b2", "t0", "t1"}
    deliver.dispatch(engine, read, now=NOW + timedelta(minutes=1))
    assert {name for name, _ in left(engine)} >= {"t2", "t3"}, "and it comes before what waited longer"


def test_it_may_take_what_the_others_leave(engine: Engine, tmp_path: Path) -> None:
    read = limited(tmp_path, {"messages": 5, "per": "1m", "transactional": 2})
    queue(engine, [{"id": f"t{number}", "purpose": "transactional"} for number in range(6)])
    assert deliver.dispatch(engine, read, now=NOW).sent == {"email": 5}, "never more than the provider takes"


def test_journeys_take_turns(engine: Engine, tmp_path: Path) -> None:
    read = limited(tmp_path, {"messages": 6, "per": "1m", "transactional": 0})
    queue(engine, [{"id": f"a{number:02}", "journey": "wave"} for number in range(30)])
    queue(engine, [{"id": f"z{number}", "journey": "late"} for number in range(2)])
    deliver.dispatch(engine, read, now=NOW)
    assert Counter(name[0] for name, _ in left(engine)) == {"a": 4, "z": 2}


def test_a_wave_does_not_fill_the_turn(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "ROUND", 20)
    queue(engine, [{"id": f"a{number:02}", "journey": "wave"} for number in range(50)])
    queue(engine, [{"id": f"n{number}"} for number in range(3)], NOW + SECOND)
    queue(engine, [{"id": f"z{number:02}", "journey": "late"} for number in range(30)], NOW + SECOND)
    queue(engine, [{"id": "t", "purpose": "transactional", "journey": "wave"}], NOW + SECOND)
    found = [one.message_id for one in turns.next_turn(engine, limited(tmp_path), NOW + SECOND)]
    assert found[0] == "t"
    assert Counter(name[0] for name in found) == {"t": 1, "n": 3, "a": 8, "z": 8}
    assert {name[0] for name in found[1:4]} == {"n", "a", "z"}, "the first of each, then the second"
    assert all(plan_of(engine, sql) for sql in (_TRANSACTIONAL, _OF_JOURNEY))


def test_who_waits_long_is_looked_at_again(engine: Engine, tmp_path: Path) -> None:
    queue(engine, [{"id": f"m{number}"} for number in range(5)])
    slow = limited(tmp_path, {"messages": 1, "per": "1d"})
    report = deliver.dispatch(engine, slow, now=NOW)
    assert report.waits_until == (NOW + rates.LONGEST).isoformat()
    later = NOW + rates.LONGEST
    assert deliver.dispatch(engine, limited(tmp_path), now=later).sent == {"email": 4}, "the rate was taken away"


_TRANSACTIONAL = (
    "SELECT message_id FROM messages WHERE state = 'queued' AND next_at <= 5 AND purpose = 'transactional' "
    "ORDER BY next_at, message_id LIMIT 5"
)
_OF_JOURNEY = (
    "SELECT message_id FROM messages WHERE state = 'queued' AND next_at <= 5 AND purpose <> 'transactional' "
    "AND journey = 'wave' ORDER BY next_at, message_id LIMIT 5"
)


def plan_of(engine: Engine, sql: str) -> bool:
    """Whether an index made for it finds what waits."""
    plan = str(engine.ops.query(f"EXPLAIN QUERY PLAN {sql}"))
    return "messages_transactional" in plan or "messages_by_turn" in plan
