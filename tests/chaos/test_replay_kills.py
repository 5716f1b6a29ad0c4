"""``kill -9`` in the middle of ``quarantine replay``: what was put aside goes in once, and leaves the list."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from foretell import collect
from tests.support import warm_start
from tests.unit.collect.tracking.planned import ORDERS, order, planned

LOOSE = ORDERS.replace("pattern: '^O', ", "")
WORKER = """
import os, sys
from pathlib import Path
from foretell import collect
from foretell.testing import install
from tests.chaos.test_replay_kills import LOOSE
from tests.unit.collect.tracking.planned import planned
with planned(Path(sys.argv[1]), shop=LOOSE) as it:
    install(os.environ)
    collect.replay(it.engine, it.catalog)
"""
POINTS = 6


def run(folder: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(folder)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def put_aside(folder: Path) -> Path:
    """A workspace in which three of five orders wait for a mended plan."""
    with planned(folder, shop=ORDERS) as it:
        it.load("site.jsonl", [order(n, **({"order_id": f"X{n}"} if n % 2 == 0 else {})) for n in range(5)])
        assert collect.quarantine_counts(it.engine) == {"PLAN_VIOLATION": 3}
    return folder


def test_the_points_are_all_there_are(tmp_path: Path) -> None:
    points = tmp_path / "points"
    assert run(put_aside(tmp_path / "it"), FORETELL_CRASH_POINTS=str(points)) == 0
    assert len(points.read_text().split()) == POINTS


@pytest.mark.parametrize("point", range(1, POINTS + 1))
def test_killed_at_a_point(tmp_path: Path, point: int) -> None:
    folder = put_aside(tmp_path / "it")
    assert run(folder, FORETELL_KILL_AT=str(point)) == -9
    assert run(folder) == 0
    with planned(folder, shop=LOOSE) as it:
        assert collect.quarantined(it.engine) == []
        assert len(collect.quarantined(it.engine, state="replayed")) == 3
        assert it.rows("SELECT count(*) AS n, count(DISTINCT message_id) AS d FROM events") == [{"n": 5, "d": 5}]
        assert it.rows("SELECT count(*) AS n FROM violations") == [{"n": 3}]
