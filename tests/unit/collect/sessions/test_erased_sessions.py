"""Sessions of erased people stay as numbers, and are never told to be over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from foretell import app, collect, protect
from foretell.clock import FixedClock
from tests.support.small_workspace import write

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
TOLD = "SELECT message_id FROM event_log WHERE event = 'Session Ended' AND source = 'foretell' ORDER BY message_id"
STAY = "SELECT session_id FROM session_rows ORDER BY started_at DESC LIMIT 1"


def test_a_session_of_somebody_erased_is_not_told_again(tmp_path: Path) -> None:
    lines = [
        {
            "type": "page", "messageId": who, "userId": who, "timestamp": (NOW - timedelta(minutes=ago)).isoformat(),
            "context": {"page": {"url": "https://shop.example/a"}},
        }
        for who, ago in (("gone", 180), ("here", 5))
    ]  # fmt: skip
    write(tmp_path, {"foretell.yaml": "name: Shop\n", "a.jsonl": "".join(f"{json.dumps(line)}\n" for line in lines)})
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as shop:
        collect.import_files(shop.engine, shop.catalog, [tmp_path / "a.jsonl"], now=NOW)
        assert collect.refresh_sessions(shop.engine, shop.catalog, now=NOW).ended == 1
        protect.erase_people(app.protected(shop), ["user_id:gone"], made_by="dpo", now=NOW)
        (other,) = shop.engine.analytics.query(STAY)["session_id"].to_pylist()
        assert collect.refresh_sessions(shop.engine, shop.catalog, now=NOW + timedelta(hours=1)).ended == 1
        assert shop.engine.analytics.query(TOLD)["message_id"].to_pylist() == [f"session-ended-{other}"]
        assert shop.engine.analytics.query("SELECT count(*) AS n FROM sessions").to_pylist() == [{"n": 2}]
