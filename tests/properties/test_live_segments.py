"""Segments kept from event to event hold the same people as a full recomputation, whatever happens in between.

``FORETELL_LIVE_STREAMS`` sets how many streams are made.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from foretell import identify
from foretell.errors import ForetellError, UsageError
from tests.support.live_segments import START, Shop
from tests.support.small_events import event

STREAMS = int(os.environ.get("FORETELL_LIVE_STREAMS", "3"))
END = "the end"
BEGIN = datetime(2026, 1, 27, 9, tzinfo=UTC)
NAMES = ("A", "B", "C")
WINDOWS = ("30m", "6h", "1d", "7d", "1mo", "3mo", "1y")
STEPS = (
    timedelta(0), timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=5), timedelta(days=1), timedelta(days=9),
)  # fmt: skip


def selection(rng: Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if rng.random() < 0.7:
        made["within"] = rng.choice(WINDOWS)
    where = rng.choice((None, None, {"path": {"starts_with": "/s"}}, {"rev": {"gt": 20}}, {"path": {"is_not": "/s"}}))
    return made | ({"where": where} if where else {})


def count(rng: Random) -> dict[str, Any]:
    test = rng.choice(
        ({"gte": rng.randint(1, 3)}, {"gt": rng.randint(0, 3)}, {"lt": rng.randint(1, 3)}, {"lte": 2}, {"is": 2},
         {"between": [1, 2]}, {"in": [0, 2]}, {"is_not": 1})
    )  # fmt: skip
    return {"did": rng.choice(NAMES), "times": test, **selection(rng)}


def leaf(rng: Random) -> dict[str, Any]:
    kind = rng.randint(0, 9)
    if kind <= 3:
        return count(rng)
    if kind == 4:
        return {"did_not": rng.choice(NAMES), **selection(rng)}
    if kind == 5:
        function = rng.choice(("sum", "avg", "min", "max"))
        test = rng.choice(({"gte": 30}, {"lt": 50}, {"between": [10, 60]}, {"gt": -5}))
        return {"did": rng.choice((*NAMES, {"in": ["A", "Order Refunded"]})), function: {"rev": test}, **selection(rng)}
    if kind == 6:
        ago = rng.choice(({"gt": "2d"}, {"gte": "6h"}, {"lt": "1mo"}, {"lte": "7d"}, {"between": ["1d", "1mo"]}))
        return {rng.choice(("last", "first")): rng.choice(NAMES), "ago": ago}
    if kind == 7:
        return {"trait": "city", **rng.choice(({"is": "Rome"}, {"is_not": "Rome"}, {"exists": False}))}
    if kind == 8:
        return {"last": rng.choice(NAMES), "is": {"path": {"starts_with": "/s"}}}
    return {"did": rng.choice(NAMES), "distinct": {"path": {"gte": 2}}, **selection(rng)}


def condition(rng: Random, depth: int = 2) -> dict[str, Any]:
    draw = rng.random()
    if not depth or draw < 0.55:
        return leaf(rng)
    if draw < 0.65:
        return {"not": condition(rng, depth - 1)}
    parts = [condition(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    return {rng.choice(("all", "any")): parts}


def person(rng: Random) -> dict[str, str]:
    number = rng.randint(1, 8)
    draw = rng.random()
    if draw < 0.45:
        return {"user_id": f"u{number}"}
    if draw < 0.85:
        return {"anonymous_id": f"a{number}"}
    return {"user_id": f"u{number}", "anonymous_id": f"a{rng.randint(1, 8)}"}


def happening(rng: Random, number: int, now: datetime) -> dict[str, Any]:
    draw = rng.random()
    late = timedelta(0) if draw < 0.6 else timedelta(seconds=rng.randint(1, 4000))
    if draw > 0.85:
        late = timedelta(days=rng.randint(0, 45), hours=rng.randint(0, 23))
    if draw > 0.96:
        late = -timedelta(hours=rng.randint(1, 60))
    more: dict[str, Any] = {"ids": person(rng), "properties": {}}
    if rng.random() < 0.8:
        more["properties"]["path"] = rng.choice(("/s", "/s/1", "/t"))
    if rng.random() < 0.7:
        more["properties"]["rev"] = rng.choice((10, 25, 40, -15))
    if rng.random() < 0.2:
        more["traits"] = {"city": rng.choice(("Rome", "Oslo", None))}
    name = rng.choice((*NAMES, "Order Refunded"))
    return event(name, f"m{number}", (now - late - START) / timedelta(hours=1), **more)


def split_somebody(shop: Shop, rng: Random) -> None:
    try:
        match = identify.find(shop.engine, f"user_id:u{rng.randint(1, 8)}")
        identify.split(shop.engine, match, now=shop.clock.now())
    except ForetellError:
        pass  # nobody, or nothing to take back


def erase_somebody(shop: Shop, rng: Random) -> None:
    with suppress(UsageError):  # nobody
        shop.erase(f"user_id:u{rng.randint(1, 8)}")


def play(rng: Random, shop: Shop, check: Callable[[str], None], steps: int = 14) -> None:
    """Let things happen, and check after each step."""
    now, number = BEGIN, 0
    segments = {f"s{place}": {"condition": condition(rng), "of": rng.choice(("known", "all"))} for place in range(8)}
    segments["both"] = {"condition": {"all": [{"segment": "s0"}, {"not": {"segment": "s1"}}]}}
    for step in range(steps):
        now += rng.choice(STEPS)
        shop.clock.instant = now
        if step == 0 or rng.random() < 0.2:
            segments[f"s{rng.randint(0, 7)}"] = {"condition": condition(rng), "of": rng.choice(("known", "all"))}
            shop.define(segments)
        if rng.random() < 0.8:
            shop.happen([happening(rng, number + i, now) for i in range(rng.randint(1, 12))])
            number += 12
        if rng.random() < 0.15:
            split_somebody(shop, rng)
        if rng.random() < 0.08:
            erase_somebody(shop, rng)
        if rng.random() < 0.1:
            shop.reopen()
        shop.look(now)
        check(f"step {step} at {now}")
    shop.look(now + timedelta(minutes=16))  # what is asked for by query is due again
    check(END)


def differences(shop: Shop, now: datetime, exempt: set[str]) -> list[str]:
    """Segments whose kept members are not the recomputed ones."""
    kept, right = shop.kept_by_key(), shop.recomputed_by_key(now)
    return [
        f"{key} {shop.segments[key]}: kept {sorted(kept[key])}, recomputed {sorted(right[key])}"
        for key in shop.segments
        if key not in exempt and kept[key] != right[key]
    ]


@settings(
    max_examples=STREAMS,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 2**32 - 1))
def test_kept_segments_are_the_recomputed_ones(seed: int) -> None:
    rng = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        try:
            play(rng, shop, lambda when: checked(shop, when))
        finally:
            shop.engine.close()


def checked(shop: Shop, when: str) -> None:
    slow = set() if when == END else {key for key, kept in shop.freshness().items() if kept.fresh.every is not None}
    found = differences(shop, shop.clock.now(), slow)
    assert not found, f"{when}: {found}"
    told = shop.rows("SELECT count(*) FROM event_log WHERE source = 'foretell' AND event LIKE 'Segment %'")
    assert told == shop.rows("SELECT count(*) FROM segment_changes WHERE how = 'event'"), f"told {when}"
    overlapping = (
        "SELECT count(*) FROM (SELECT *, lead(entered_at) OVER (PARTITION BY segment, profile_id ORDER BY entered_at) "
        "AS next_at FROM segment_memberships) WHERE next_at < exited_at OR (exited_at IS NULL AND next_at IS NOT NULL)"
    )
    assert shop.rows(overlapping) == [(0,)], f"overlap {when}"
