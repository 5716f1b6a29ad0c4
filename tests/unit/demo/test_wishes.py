"""What people of the demo say of consent on its last day."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

from foretell import collect, profile
from foretell.app import open_workspace
from foretell.clock import FixedClock
from foretell.demo import wishes
from tests.support.small_events import NOW


def test_some_ask_some_object_and_nobody_twice(tmp_path: Path, repository: Path) -> None:
    place = tmp_path / "shop"
    shutil.copytree(repository / "src/foretell/demo/shop/workspace", place)
    people = [
        {"type": "identify", "messageId": f"i{number}", "userId": f"u{number}", "timestamp": "2025-01-01T00:00:00Z",
         "traits": {"email": f"u{number}@shop.example"}}
        for number in range(20)
    ]  # fmt: skip
    lines = tmp_path / "people.jsonl"
    lines.write_text("".join(json.dumps(line) + "\n" for line in people))
    with open_workspace(place, "write", FixedClock(NOW)) as shop:
        assert not shop.problems
        assert wishes.speak(shop, NOW) == 0
        collect.import_files(shop.engine, shop.catalog, [lines], now=NOW, reader=shop.frames)
        for _ in range(2):
            assert wishes.speak(shop, NOW) == 13
        assert not shop.engine.analytics.query("SELECT * FROM violations").num_rows
        counts = profile.consent_counts(shop.engine, NOW, profile.purposes_of(shop.catalog))
        assert counts == {
            "email.tips": {"granted": 3, "pending": 3}, "profiling": {"denied": 4}, "export": {"denied": 2},
            "sms.marketing": {"expired": 1},
        }  # fmt: skip
        mails = shop.engine.ops.query("SELECT at, medium FROM inbox")
        assert {medium for _, medium in mails} == {"email"}
        assert len(mails) == 6
        assert max(at for at, _ in mails) < int((NOW - timedelta(hours=13)).timestamp() * 1_000_000)
