"""Sessions are what the events known so far make up, in whatever order they came, and each is told once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from foretell import collect
from foretell.engine import Engine
from tests.properties.naive_sessions import counts, sessions
from tests.unit.collect.workspace import Shop, shop

BEGIN = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
LATER = BEGIN + timedelta(days=20)
HISTORY = "format: jsonl\nhistory: true\nlag: 0s"
PEOPLE = [{"anonymousId": "a"}, {"anonymousId": "b"}, {"anonymousId": "c", "userId": "u"}, {"userId": "u"}]
CAMPAIGNS = [None, None, None, {"source": "news", "name": "may"}, {"source": "News", "medium": "email"}]
URLS = [
    None,
    "https://shop.example/a",
    "https://shop.example/b?q=red+shoes&x=1#top",
    "https://shop.example/c?utm_source=ad",
]


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A stream of a few devices whose events lie minutes apart, in the order of their arrival."""
    size = draw(st.integers(1, 60))
    return [_message(draw, number, draw(st.integers(0, 240))) for number in range(size)]


@st.composite
def endless(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A stream whose devices go on for days, mostly in the order of their arrival."""
    begin, size = draw(st.integers(0, 800)), draw(st.integers(60, 110))
    minutes = [begin + 24 * number + draw(st.sampled_from([0, 1, 6, 30, 31])) for number in range(size)]
    return [{**_message(draw, number, minute), **PEOPLE[number % 9 // 8]} for number, minute in enumerate(minutes)]


def _message(draw: st.DrawFn, number: int, minute: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["page", "page", "Product Viewed", "Products Searched", "Order Completed", "server"]))
    instant = BEGIN + timedelta(minutes=minute)
    who = draw(st.sampled_from(PEOPLE))
    context: dict[str, Any] = {} if kind == "server" else {"userAgent": "Mozilla/5.0 (Windows NT 10.0) Firefox/127.0"}
    if kind != "server" and (campaign := draw(st.sampled_from(CAMPAIGNS))):
        context["campaign"] = campaign
    told: dict[str, dict[str, Any]] = {
        "Products Searched": {"query": draw(st.sampled_from(["hat", "coat"]))},
        "Order Completed": {"order_id": f"o{number % 5}", "revenue": number / 4, "currency": "GBP"},
    }
    properties = told.get(kind, {})
    head = {"messageId": f"m{draw(st.integers(0, 9))}-{number}", "timestamp": instant.isoformat(), **who}
    if kind == "page":
        url = draw(st.sampled_from(URLS))
        return {"type": "page", **head, "context": context, "properties": {"url": url} if url else {}}
    event = "Order Shipped" if kind == "server" else kind
    return {"type": "track", "event": event, **head, "context": context, "properties": properties}


def load(it: Shop, name: str, part: list[dict[str, Any]]) -> None:
    it.load(name, "\n".join(map(json.dumps, part)) + "\n", source="web")


def stored(engine: Engine, names: list[str]) -> list[dict[str, Any]]:
    columns = ", ".join(names)
    found: list[dict[str, Any]] = engine.analytics.query(
        f"SELECT {columns} FROM session_rows WHERE events > 0"
    ).to_pylist()
    return sorted(found, key=lambda one: str(one["first_message"]))


def told(engine: Engine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = engine.analytics.query(
        "SELECT e.message_id, e.ts, e.known_at, e.properties FROM event_log e WHERE e.event = 'Session Ended'"
    ).to_pylist()
    return found


@settings(max_examples=8)
@given(messages(), st.integers(1, 4), st.lists(st.integers(0, 300), min_size=4, max_size=4))
def test_rows_are_a_function_of_the_events_known_so_far(
    stream: list[dict[str, Any]], parts: int, minutes: list[int]
) -> None:
    _hold([(stream[part::parts], BEGIN + timedelta(minutes=minutes[part])) for part in range(parts)])


@settings(max_examples=6)
@given(endless(), st.lists(st.integers(1, 100), max_size=5), st.booleans())
def test_visits_without_an_end_are_too(stream: list[dict[str, Any]], cuts: list[int], backwards: bool) -> None:
    edges = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    arriving = [stream[start:end] for start, end in pairwise(edges)]
    _hold([(part, datetime.fromisoformat(part[-1]["timestamp"])) for part in arriving[:: -1 if backwards else 1]])


def _hold(arriving: list[tuple[list[dict[str, Any]], datetime]]) -> None:
    """Refreshed after each part, the rows are what the naive evaluator makes of all that is known."""
    with TemporaryDirectory() as folder, shop(Path(folder), web=HISTORY) as it:
        known: list[dict[str, Any]] = []
        for number, (part, now) in enumerate(arriving):
            if not part:
                continue
            load(it, f"{number}.jsonl", part)
            known += part
            collect.refresh_sessions(it.engine, it.catalog, now=now)
            expected = sorted(sessions(known), key=lambda one: str(one["first_message"]))
            names = list(expected[0]) if expected else ["first_message"]
            assert stored(it.engine, names) == expected
        collect.refresh_sessions(it.engine, it.catalog, now=LATER)
        assert collect.refresh_sessions(it.engine, it.catalog, now=LATER) == collect.SessionsReport()
        _each_is_told_once(it.engine, known)


def _each_is_told_once(engine: Engine, known: list[dict[str, Any]]) -> None:
    """Every event that counts lies within one session that was told, at most."""
    rows = stored(engine, ["first_message", "session_id", "ended_event"])
    assert len({row["session_id"] for row in rows}) == len(rows)
    ids = Counter(one["message_id"] for one in told(engine))
    assert all(number == 1 for number in ids.values())
    assert {row["ended_event"] for row in rows} <= set(ids)
    within = sum(json.loads(one["properties"])["events"] for one in told(engine))
    assert within <= sum(map(counts, known))


@settings(max_examples=3)
@given(messages())
def test_of_events_in_order_every_session_is_told_as_it_is(stream: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder, shop(Path(folder), web=HISTORY) as it:
        ordered = sorted(stream, key=lambda one: str(one["timestamp"]))
        for place in range(0, len(ordered), 15):
            part = ordered[place : place + 15]
            load(it, f"{place}.jsonl", part)
            now = datetime.fromisoformat(part[-1]["timestamp"])
            following = ordered[place + 15 : place + 16]
            if following and following[0]["timestamp"] == part[-1]["timestamp"]:
                continue
            collect.refresh_sessions(it.engine, it.catalog, now=now)
        collect.refresh_sessions(it.engine, it.catalog, now=LATER)
        expected = sorted((one["ended_at"], one["over_at"], one["events"], one["revenue"]) for one in sessions(stream))
        found = [(one["ts"], one["known_at"], json.loads(one["properties"])) for one in told(it.engine)]
        assert sorted((ts, known, said["events"], said["revenue"]) for ts, known, said in found) == expected
