"""Retention: events and traits go from the stores and from the arrivals when their time is over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from foretell import app, collect
from foretell.clock import FixedClock
from foretell.profile.privacy import Retained
from tests.support.planted import places
from tests.support.small_workspace import write

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
SETTINGS = """\
name: Shop
currency: EUR
zone: UTC
privacy:
  retention:
    - {event: Page Viewed, keep: 2mo}
    - {trait: notes, keep: 6mo}
"""


def lines() -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for number, day in enumerate(("2025-01-05", "2026-03-20")):
        at, word = f"{day}T10:00:00Z", ("oldword", "newword")[number]
        found.append({"type": "page", "messageId": f"p{number}", "userId": "u1", "timestamp": at,
                      "properties": {"section": word}})  # fmt: skip
        found.append({"type": "identify", "messageId": f"i{number}", "userId": f"u{number}", "timestamp": at,
                      "traits": {"notes": f"{word}-note", "city": "Kiel"}})  # fmt: skip
        found.append({"type": "track", "event": "Order Completed", "messageId": f"o{number}", "userId": "u1",
                      "timestamp": at, "properties": {"order_id": f"r{number}", "revenue": 5}})  # fmt: skip
    return found


def test_what_is_past_its_time_goes_everywhere_and_the_rest_stays(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    write(root, {"foretell.yaml": SETTINGS})
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines()), "utf-8")
    with app.open_workspace(root, "write", FixedClock(NOW)) as shop:
        collect.import_files(shop.engine, shop.catalog, [file], None, now=NOW, reader=shop.frames)
        first = app.advance(shop, NOW)
        assert first.retained == Retained(events=1, traits=1)
        assert app.advance(shop, NOW + timedelta(hours=23)).retained == Retained()
        assert app.advance(shop, NOW + timedelta(hours=25)).retained == Retained()
        ask = shop.engine.analytics.query
        events = ask("SELECT event, count(*) AS n FROM event_log WHERE source <> 'foretell' GROUP BY 1 ORDER BY 1")
        assert events.to_pylist() == [
            {"event": "Identify", "n": 2}, {"event": "Order Completed", "n": 2}, {"event": "Page Viewed", "n": 1},
        ]  # fmt: skip
        traits = ask("SELECT trait, s FROM trait_values ORDER BY trait, s").to_pylist()
        assert traits == [
            {"trait": "city", "s": "Kiel"}, {"trait": "city", "s": "Kiel"}, {"trait": "notes", "s": "newword-note"},
        ]  # fmt: skip
        assert shop.engine.ops.query("SELECT s FROM node_traits WHERE trait = 'notes'") == [("newword-note",)]
        with app.rebuild(shop, collect.Scope()) as beside:
            again = beside.analytics.query("SELECT message_id FROM event_log WHERE source <> 'foretell' ORDER BY 1")
            assert again["message_id"].to_pylist() == ["i0", "i1", "o0", "o1", "p1"]
    assert places("oldword", root, tmp_path / "scratch") == set()
    assert places("newword", root, tmp_path / "scratch") != set()
