"""``kill -9`` while segments are kept fresh: who entered and left is told once, as if nothing had happened."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm_start
from tests.support.live_segments import START, Shop
from tests.support.small_events import event

SEGMENTS: dict[str, dict[str, Any]] = {
    "buyers": {"condition": {"did": "Bought", "within": "2d"}},
    "lost": {"condition": {"last": "Bought", "ago": {"gt": "1d"}}},
}
WORKER = """
import os, sys
from pathlib import Path
from foretell.testing import install
from tests.chaos.test_live_segment_kills import begun, went_on
shop = begun(Path(sys.argv[1]))
install(os.environ)
went_on(shop)
shop.engine.close()
"""
POINTS = [
    "act.before_commit", "batch.between_commits", "analytics.before_commit", "batch.after_commits", "live.told",
    "live.before_snapshot", "live.after_snapshot",
]  # fmt: skip
INTERVALS = "SELECT segment, profile_id, entered_at, exited_at, held FROM segment_memberships ORDER BY ALL"
EVENTS = "SELECT event, ts, node_key, message_id FROM event_log WHERE event LIKE 'Segment %' ORDER BY ALL"
NOW = START + timedelta(days=3)


def begun(root: Path) -> Shop:
    """People who bought, looked at once."""
    shop = Shop(root)
    shop.define(SEGMENTS)
    shop.look(START)
    shop.happen([event("Bought", str(n), n * 10, ids={"user_id": f"u{n}"}) for n in range(6)])
    return shop


def went_on(shop: Shop) -> None:
    """Look again: some entered, some left."""
    shop.look(NOW)


def run(root: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(root)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[object], list[object]]:
    folder = tmp_path_factory.mktemp("whole")
    points = folder / "points"
    assert run(folder / "ws", FORETELL_CRASH_POINTS=str(points)) == 0
    assert points.read_text().split() == POINTS
    return told(folder / "ws")


def told(root: Path) -> tuple[list[object], list[object]]:
    shop = Shop(root)
    try:
        shop.define(SEGMENTS)
        shop.look(NOW)
        for key in SEGMENTS:
            assert shop.kept(key) == shop.recomputed(key, NOW)
        return list(shop.rows(INTERVALS)), list(shop.rows(EVENTS))
    finally:
        shop.engine.close()


@pytest.mark.parametrize("point", range(1, len(POINTS) + 1), ids=POINTS)
def test_killed_while_looking(tmp_path: Path, undisturbed: tuple[list[object], list[object]], point: int) -> None:
    assert run(tmp_path, FORETELL_KILL_AT=str(point)) == -9
    assert told(tmp_path) == undisturbed
    assert undisturbed[1]
