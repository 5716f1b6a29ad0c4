"""``kill -9`` at counted points of spool, claims and recorded batches on PostgreSQL: acknowledged once, applied once.

One workspace lives through all kills; what one process leaves behind is what the next ones go on with.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from foretell.engine import PostgresPlace
from tests.support import warm_start
from tests.support.killed_member import EVENTS_A_FRAME, opened
from tests.support.pairs import schemas

DEATHS = (
    ("write", "spool.committed:1"),
    ("member", "spool.committed:3"),
    ("member", "spool.claimed:1"),
    ("write", "spool.claimed:2"),
    ("member", "batch.before_commit:1"),
    ("write", "batch.before_commit:2"),
    ("member", "spool.before_settled:2"),
    ("write", "spool.before_settled:1"),
    ("member", "batch.between_commits:1"),
    ("write", "batch.between_commits:2"),
    ("write", "analytics.before_commit:1"),
    ("write", "batch.after_commits:1"),
)
"""How the process has the workspace open, and where it dies."""
FRAMES = 4
"""Frames that each process would spool."""


def lived(root: Path, place: PostgresPlace, mode: str, begin: int, kill_at: str) -> list[int]:
    """Let a process spool and apply until it dies; the frames that were acknowledged."""
    env = os.environ | {"PLACE_URL": place.url, "PLACE_SCHEMA": place.schema, "FORETELL_KILL_AT": kill_at}
    words = ["-W", "error", "-m", "tests.support.killed_member", root, mode, begin, begin + FRAMES]
    done = warm_start.run([str(word) for word in words], cwd=warm_start.REPOSITORY, env=env)
    assert done.returncode == -9, done.stderr
    return [int(line) for line in done.stderr.split()]


def test_killed_at_a_point_of_each_name(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    with schemas() as made:
        place = made.place(tmp_path)
        with opened(tmp_path, place, "write"):
            pass
        for number, (mode, kill_at) in enumerate(DEATHS):
            acknowledged += lived(tmp_path, place, mode, number * FRAMES, kill_at)
        with opened(tmp_path, place, "write") as engine:
            engine.apply_pending()
            rows = engine.analytics.query("SELECT message_id, node_key FROM event_log")
            ops = engine.ops.query
            assert ops("SELECT count(*) FROM spool_waiting") == [(0,)]
            assert ops("SELECT count(*) FROM batch_records") == [(0,)]
            assert ops("SELECT count(*), max(batch) FROM batches")[0][0] == engine.analytics.last_batch()
            assert ops("SELECT count(*) FROM seen_messages") == [(rows.num_rows,)]
    found = Counter(rows["message_id"].to_pylist())
    told = {f"m{number * EVENTS_A_FRAME + place}" for number in acknowledged for place in range(EVENTS_A_FRAME)}
    sent = {f"m{name}" for name in range(len(DEATHS) * FRAMES * EVENTS_A_FRAME)}
    assert told <= set(found) <= sent, "an acknowledged event was lost"
    assert max(found.values()) == 1, "an event was applied twice"
    assert len(acknowledged) >= len(DEATHS)
