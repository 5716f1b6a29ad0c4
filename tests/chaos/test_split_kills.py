"""``kill -9`` while a merge is taken back and rules are applied: wholly done in both stores or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import warm_start
from tests.support.small_events import event, frame, open_small

WORKER = """
import os, sys
from pathlib import Path
from foretell import identify
from foretell.errors import UsageError
from foretell.testing import install
from tests.support.small_events import NOW, open_small
rules = identify.IdentityRules.of([identify.IdentifierType("user_id", 2)])
with open_small(Path(sys.argv[1])) as engine:
    install(os.environ)
    ann = identify.find(engine, "user_id:ann")
    try:
        identify.split(engine, ann, now=NOW)
    except UsageError as done:
        assert done.code == "NEVER_MERGED", done
    if not identify.follows(engine.ops, rules):
        identify.reform(engine, rules, now=NOW)
"""
COMMITTING = ["batch.between_commits", "analytics.before_commit", "batch.after_commits"]
POINTS = [
    "batch.after_unmerge", "act.before_commit", *COMMITTING,
    "rules.before_commit", "batch.after_rekey", "act.before_commit", *COMMITTING,
]  # fmt: skip


def run(data: Path, **environment: str) -> int:
    words = ["-W", "error", "-c", WORKER, str(data)]
    done = warm_start.run(words, cwd=warm_start.REPOSITORY, env=os.environ | environment)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ann and her device are one; Bob on the same device is not, but would be if a person could have two accounts."""
    told = [{"anonymous_id": "d"}, {"user_id": "ann"}, {"user_id": "ann", "anonymous_id": "d"},
            {"user_id": "bob", "email": "b"}, {"email": "c"}, {"user_id": "cid", "email": "b"}]  # fmt: skip
    with open_small(tmp_path / "data") as engine:
        for number, ids in enumerate(told):
            engine.spool_append([frame([event("Seen", f"m{number}", number, ids=ids)])])
            engine.apply_pending()
    return tmp_path / "data"


def people(data: Path) -> list[tuple[object, ...]]:
    """Node and profile of everybody, the same in both stores."""
    sql = (
        "SELECT n.profile_id, coalesce(m.profile_key, n.node_key) AS k FROM nodes n "
        "LEFT JOIN merged m ON m.node_key = n.node_key"
    )
    with open_small(data) as engine:
        found = sorted(engine.ops.query(sql))
        told = engine.analytics.query(sql).to_pylist()
        assert sorted(tuple(row.values()) for row in told) == found
        owners = engine.analytics.query("SELECT DISTINCT event, node_key FROM log_events WHERE source = 'foretell'")
        assert owners.num_rows == engine.ops.query("SELECT count(*) FROM merges")[0][0] + len(
            engine.ops.query("SELECT 1 FROM kept_apart")
        )
    assert list((data / "batches").iterdir()) == []
    return found


def test_the_points_of_parting(data: Path, tmp_path: Path) -> None:
    points = tmp_path / "points"
    before = people(data)
    assert run(data, FORETELL_CRASH_POINTS=str(points)) == 0
    assert points.read_text().split() == POINTS
    assert people(data) != before


@pytest.mark.parametrize("point", [2, 3, 4, 7, 8, 9])
def test_killed_while_parting_and_done_again(data: Path, tmp_path: Path, point: int) -> None:
    assert run(data, FORETELL_KILL_AT=str(point)) == -9
    people(data)
    assert run(data) == 0
    ((splits,),) = query(data, "SELECT count(*) FROM kept_apart")
    ((merges,),) = query(data, "SELECT count(*) FROM merges WHERE state = 'in_force'")
    assert (splits, merges) == (1, 1)
    people(data)


def query(data: Path, sql: str) -> list[tuple[int, ...]]:
    with open_small(data) as engine:
        return engine.ops.query(sql)
