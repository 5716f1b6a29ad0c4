"""``kill -9`` at every counted point: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support import warm_start
from tests.support.small_events import open_small

WORKER = """
import sys, os
from pathlib import Path
from foretell.testing import install
from tests.support.small_events import event, frame, open_small
install(os.environ)
data, acknowledged = Path(sys.argv[1]), Path(sys.argv[2])
with open_small(data) as engine:
    engine.apply_pending()
    for number in range(3):
        name = f"m{number}"
        engine.spool_append([frame([
            event("Seen", name, number, ids={"anonymous_id": f"a{number}"}, properties={f"p{number}": number}),
            event("Seen", f"x{number}", number, traits={"n": number},
                  ids={"user_id": "ann", "anonymous_id": f"a{number}"}),
        ])])
        with acknowledged.open("a") as file:
            file.write(name + "\\n")
        engine.apply_pending()
"""


def run(data: Path, acknowledged: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(data), str(acknowledged)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def state(data: Path) -> str:
    """Everything that a crash could have lost or doubled."""
    with open_small(data) as engine:
        engine.apply_pending()
        found = {
            "events": engine.analytics.query(
                "SELECT message_id, profile_id, event, timestamp, properties FROM events ORDER BY 1"
            ).to_pylist(),
            "profiles": engine.ops.query("SELECT * FROM node_seen ORDER BY 1"),
            "traits": engine.ops.query("SELECT node_key, trait, source, s, n, ts FROM node_traits ORDER BY 1, 2, 3"),
            "identifiers": engine.ops.query("SELECT kind, value FROM identifiers ORDER BY 1, 2"),
            "messages": engine.ops.query("SELECT count(*) FROM seen_messages"),
            "history": engine.analytics.query("SELECT trait, n FROM trait_values ORDER BY ts").to_pylist(),
            "people": engine.analytics.query("SELECT count(*) AS n FROM profiles").to_pylist(),
            "waiting": sorted(path.name for path in (data / "batches").glob("*")),
        }
        return json.dumps(found, default=str, indent=1)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    points = folder / "points"
    assert run(folder / "data", folder / "acknowledged", FORETELL_CRASH_POINTS=str(points)) == 0
    return points.read_text().split(), state(folder / "data")


def test_the_points_cover_both_commits(undisturbed: tuple[list[str], str]) -> None:
    points, _ = undisturbed
    assert len(points) == 20
    assert {"spool.after_write", "spool.after_sync", "batch.before_commit", "batch.between_commits"} <= set(points)


@pytest.mark.parametrize("point", range(1, 19))
def test_killed_at_a_point(tmp_path: Path, undisturbed: tuple[list[str], str], point: int) -> None:
    data, acknowledged = tmp_path / "data", tmp_path / "acknowledged"
    assert run(data, acknowledged, FORETELL_KILL_AT=str(point)) == -9
    kept = json.loads(state(data))
    names = {event["message_id"] for event in kept["events"]}
    told = set(acknowledged.read_text().split()) if acknowledged.exists() else set()
    assert told <= names, "an acknowledged event was lost"
    assert len(names) == len(kept["events"]), "an event was applied twice"
    assert run(data, acknowledged) == 0
    assert state(data) == undisturbed[1]
