"""What a server keeps while nobody looks at people does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foretell.clock import FixedClock
from foretell.web import caching
from tests.support.served_workspace import Served, served

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
SHOWN_EVERYWHERE = ("workspace", "health", "overview", "consents/purposes")
"""What the app asks for on every page, and the first page."""


class _Ticks:
    """Seconds set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server to which tables of more than a few people are large."""
    monkeypatch.setattr(caching, "LARGE_BYTES", 1_000)
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        yield found


def _come(shop: Served, first: int, last: int) -> None:
    lines = [
        {"type": "identify", "userId": f"u{n}", "messageId": f"m{n}", "timestamp": "2025-01-05T09:00:00Z",
         "traits": {"email": f"u{n}@shop.example", "name": f"Person {n}"}}
        for n in range(first, last)
    ]  # fmt: skip
    assert shop.browser.post("/v1/batch", content=json.dumps({"batch": lines})).status_code == 200
    shop.site.workspace.engine.apply_pending()


def _kept(shop: Served, ticks: _Ticks) -> dict[str, int]:
    """Rows that are kept when somebody has looked at people, and then had the app open on its first page."""
    assert shop.get("people")["total"] == shop.site.cache.rows()["directory"]
    ticks.now += caching.LARGE_WANTED_SECONDS + 1
    for path in SHOWN_EVERYWHERE:
        shop.get(path)
    shop.site.cache.keep_up()
    return shop.site.cache.rows()


def test_what_is_kept_does_not_grow_with_people(small: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = _Ticks()
    monkeypatch.setattr(small.site.cache, "_ticks", ticks)
    _come(small, 0, 40)
    few = _kept(small, ticks)
    _come(small, 40, 160)
    many = _kept(small, ticks)
    assert small.site.headcount().everybody == 160
    assert "directory" not in many
    assert sum(many.values()) == sum(few.values())


def test_the_headcount_is_that_of_the_directory(small: Served) -> None:
    _come(small, 0, 3)
    line = json.dumps({"anonymousId": "a1", "messageId": "x", "event": "Page Viewed"})
    assert small.browser.post("/v1/track", content=line).status_code == 200
    small.apply()
    everybody = small.site.directory()
    known = sum(everybody["known"].to_pylist())
    found = small.site.headcount()
    assert (found.everybody, found.known) == (everybody.num_rows, known) == (4, 3)
