"""``kill -9`` while a room publishes rows: they are there once, or not at all and nothing else is harmed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import warm_start
from tests.support.small_events import open_small

WORKER = """
import os, sys
from pathlib import Path
import pyarrow as pa
from foretell.testing import install
from tests.support.small_events import NOW, open_small
with open_small(Path(sys.argv[1])) as engine:
    engine.publish("test", {"nodes": pa.table({"node_key": [1], "profile_id": ["p_before"]})}, now=NOW)
    install(os.environ)
    engine.publish("test", {"nodes": pa.table({"node_key": [2], "profile_id": ["p_published"]})}, now=NOW)
"""
POINTS = ["publish.before_commit", "batch.between_commits", "analytics.before_commit", "batch.after_commits"]


def run(data: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(data)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def test_the_points_of_publishing(tmp_path: Path) -> None:
    points = tmp_path / "points"
    assert run(tmp_path / "data", FORETELL_CRASH_POINTS=str(points)) == 0
    assert points.read_text().split() == POINTS


@pytest.mark.parametrize("point", range(1, len(POINTS) + 1), ids=POINTS)
def test_killed_while_publishing(tmp_path: Path, point: int) -> None:
    assert run(tmp_path, FORETELL_KILL_AT=str(point)) == -9
    expected = ["p_before"] if POINTS[point - 1] == "publish.before_commit" else ["p_before", "p_published"]
    for mode in ("read", "write"):
        with open_small(tmp_path, mode) as engine:  # type: ignore[arg-type]
            found = engine.analytics.query("SELECT profile_id FROM nodes ORDER BY node_key")["profile_id"].to_pylist()
            assert found == expected
            assert engine.ops.query("SELECT count(*) FROM batches") == [(len(expected),)]
            assert engine.analytics.last_batch() == len(expected)
    assert list((tmp_path / "batches").iterdir()) == []
