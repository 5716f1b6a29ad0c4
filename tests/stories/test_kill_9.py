"""``kill -9`` in the middle of an import, and the same import again: as if nothing had been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell import collect, identify, profile
from foretell.app import open_workspace
from tests.support import warm_start
from tests.support.commands import Foretell, environment
from tests.support.story_shop import write_shop

FRAME_BYTES = 200_000


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[str]]:
    """What an import that nobody disturbs ends with, and the points that it passes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_shop(folder)
    assert launch(folder, FORETELL_CRASH_POINTS=str(folder / "points")) == 0
    return state(folder), (folder / "points").read_text().split()


def launch(folder: Path, **more: str) -> int:
    """Import the shop's events with the launcher; returns the exit status."""
    words = ["-m", "tests.support.killed_command", "import", "site.jsonl", "--source", "site"]
    done = warm_start.run(words, cwd=folder, env=environment(FORETELL_FRAME_BYTES=str(FRAME_BYTES), **more))
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def state(folder: Path) -> dict[str, Any]:
    """Everything that a user can see of an import, but for when it ran."""
    with open_workspace(folder, "read") as shop:
        query = shop.engine.analytics.query
        return {
            "events": query(
                "SELECT message_id, profile_id, event, timestamp, known_at, source, properties FROM events "
                "ORDER BY message_id"
            ).to_pylist(),
            "profiles": query("SELECT * FROM profiles ORDER BY profile_id").to_pylist(),
            "orders": query("SELECT * FROM orders ORDER BY order_id, kind").to_pylist(),
            "quarantine": [(row.line, row.code, row.body) for row in collect.quarantined(shop.engine)],
            "person": profile.show(shop.engine, identify.find(shop.engine, "u3")),
        }


def test_the_file_has_several_frames(undisturbed: tuple[dict[str, Any], list[str]]) -> None:
    kept, points = undisturbed
    assert points.count("spool.after_sync") == points.count("batch.before_commit") >= 4
    assert len(kept["events"]) > 2_000
    assert [line for line, _, _ in kept["quarantine"]] == [11, 12]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_killed_and_done_again(
    foretell_command: Path, tmp_path: Path, undisturbed: tuple[dict[str, Any], list[str]], share: float
) -> None:
    kept, points = undisturbed
    write_shop(tmp_path)
    point = 1 + round(share * (len(points) - 1))
    assert launch(tmp_path, FORETELL_KILL_AT=str(point)) == -9
    again = Foretell(foretell_command, tmp_path).json("import", "site.jsonl", "--source", "site")
    (report,) = again["files"]
    assert report["events"] + report["duplicates"] == len(kept["events"])
    assert state(tmp_path) == kept
