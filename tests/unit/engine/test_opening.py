"""Opening and closing: nothing leaks, stores that lag are caught up, stores that do not belong together
are told apart."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import AnalyticsTable, Engine, EngineSettings, RoomParts, View, migrations, open_engine
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.errors import ForetellError
from tests.support.small_events import NOW, event, frame, open_small

ANN = {"user_id": "ann"}
LATER = NOW + timedelta(hours=1)
SCORES = AnalyticsTable("score", {"node_key": "BIGINT", "value": "DOUBLE"}, key=("node_key",))


def messages(engine: Engine) -> list[str]:
    found: list[str] = engine.analytics.query("SELECT message_id FROM events ORDER BY 1")["message_id"].to_pylist()
    return found


def open_rooms(data: Path, *rooms: RoomParts, mode: str = "write") -> Engine:
    stages = [identify.IdentifyStage(), profile.ProfileStage()]
    parts = [identify.PARTS, profile.PARTS, *rooms]
    return open_engine(EngineSettings(data), parts, stages, {}, FixedClock(NOW), mode)  # type: ignore[arg-type]


def failing_apply(number: int, rows: object) -> None:
    raise ForetellError("DISK_FULL", "the disk is full", transient=True)


def test_a_lagging_store_is_caught_up_before_the_next_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        with monkeypatch.context() as patch:
            patch.setattr(engine.analytics, "apply", failing_apply)
            with pytest.raises(ForetellError, match="disk is full"):
                engine.apply_pending()
        engine.spool_append([frame([event("Seen", "b", ids=ANN)])])
        engine.apply_pending()
        assert messages(engine) == ["a", "b"]
    with open_small(tmp_path) as engine:
        assert messages(engine) == ["a", "b"]


def test_publishing_catches_up_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        with monkeypatch.context() as patch:
            patch.setattr(engine.analytics, "apply", failing_apply)
            with pytest.raises(ForetellError, match="disk is full"):
                engine.apply_pending()
        rows = pa.table({"node_key": [9], "profile_id": ["p_9"]})
        assert engine.publish("test", {"nodes": rows}, now=NOW) == 2
        assert messages(engine) == ["a"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({"never declared": pa.table({"x": [1]})}, "TABLE_UNDECLARED"),
        ({"nodes": pa.table({"node_key": [1], "more": [1]})}, "COLUMN_UNDECLARED"),
        ({"nodes": pa.table({"node_key": ["one"]})}, "COLUMN_TYPE"),
        ({"merged": pa.table({"profile_key": [1]})}, "KEY_MISSING"),
    ],
)
def test_rows_that_no_table_takes_are_refused_before_they_are_recorded(
    tmp_path: Path, rows: dict[str, pa.Table], code: str
) -> None:
    with open_small(tmp_path) as engine:
        with pytest.raises(ForetellError) as caught:
            engine.publish("test", rows, now=NOW)
        assert caught.value.code == code
        assert engine.ops.query("SELECT count(*) FROM batches") == [(0,)]
    with open_small(tmp_path) as engine:
        assert engine.analytics.last_batch() == 0


def test_a_failed_opening_gives_the_workspace_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        with monkeypatch.context() as patch:
            patch.setattr(engine.analytics, "apply", failing_apply)
            with pytest.raises(ForetellError, match="disk is full"):
                engine.apply_pending()
    (record,) = (tmp_path / "batches").iterdir()
    shutil.move(record, tmp_path / "aside")
    handles = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(3):
        with pytest.raises(ForetellError) as caught:
            open_small(tmp_path)
        assert caught.value.code == "RECORD_MISSING"
    if handles:
        assert len(os.listdir("/proc/self/fd")) == handles
    shutil.move(tmp_path / "aside", record)
    with open_small(tmp_path) as engine:
        assert messages(engine) == ["a"]


def test_stores_of_two_backups_are_told_apart(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        engine.apply_pending()
    for name in ("operations.sqlite", "operations.sqlite-wal"):
        (tmp_path / name).unlink(missing_ok=True)
    with pytest.raises(ForetellError) as caught:
        open_small(tmp_path)
    assert caught.value.code == "STORES_APART"
    assert "one backup" in caught.value.next_step


def test_spooled_segments_that_were_moved_away_take_nothing_with_them(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", f"old {n}", ids=ANN) for n in range(20)])])
        engine.apply_pending()
    shutil.rmtree(tmp_path / "spool")
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "new", ids=ANN)])])
        assert engine.apply_pending().events == 1


@pytest.mark.parametrize("where", ["migrate", "declare"])
def test_an_interrupted_first_start_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if where == "migrate":
            patch.setattr(migrations, "statements", stop)
        else:
            patch.setattr(EmbeddedAnalytics, "_make_views", stop)
        with pytest.raises(KeyboardInterrupt):
            open_small(tmp_path)
    with open_small(tmp_path, "read") as engine:
        assert messages(engine) == []
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        assert engine.apply_pending().events == 1


def test_a_new_release_that_only_reads_still_brings_the_stores_up_to_date(tmp_path: Path) -> None:
    open_rooms(tmp_path).close()
    room = RoomParts(
        "later",
        ("CREATE TABLE later_things (name TEXT)",),
        (SCORES,),
        (View("later_view", "SELECT 1 AS one", {"one": "One."}),),
    )
    with open_rooms(tmp_path, room, mode="read") as engine:
        assert engine.ops.query("SELECT * FROM later_things") == []
        assert engine.analytics.query("SELECT one FROM later_view").to_pylist() == [{"one": 1}]
        assert engine.analytics.query("SELECT value FROM score").num_rows == 0
    changed = RoomParts("later", room.migrations, room.tables, (View("later_view", "SELECT 2 AS two", {"two": "2."}),))
    with open_rooms(tmp_path, changed, mode="read") as engine:
        assert engine.analytics.query("FROM later_view").to_pylist() == [{"two": 2}]


def test_a_reader_of_an_older_release_does_not_read_what_it_does_not_know(tmp_path: Path) -> None:
    open_rooms(tmp_path, RoomParts("later", ("CREATE TABLE later_things (name TEXT)",))).close()
    with pytest.raises(ForetellError) as caught:
        open_rooms(tmp_path, mode="read")
    assert caught.value.code == "WORKSPACE_TOO_NEW"


def test_two_readers_of_one_release_open_side_by_side(tmp_path: Path) -> None:
    open_rooms(tmp_path).close()
    with open_rooms(tmp_path, mode="read"), open_rooms(tmp_path, mode="read") as two:
        assert messages(two) == []


READER = """
import os, sys
from pathlib import Path
from tests.support.small_events import open_small
with open_small(Path(sys.argv[1]), "read") as engine:
    engine.analytics.query("SELECT count(*) AS n FROM events")
if os.geteuid() == 0:
    os.seteuid(65534)
with open_small(Path(sys.argv[2]), "read") as engine:
    print(engine.ops.query("SELECT events FROM node_seen"))
    print(engine.analytics.query("SELECT message_id FROM events").to_pylist())
"""


def test_a_folder_that_may_only_be_read_can_be_read() -> None:
    """As another user where the tests run as root, who may write everywhere."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        data, other = folder / "data", folder / "other"
        open_small(other).close()
        with open_small(data) as engine:
            engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
            engine.apply_pending()
        for path in data.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        data.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", READER, other, data],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["[(1,)]", "[{'message_id': 'a'}]"]
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)


KILLED = """
import os, sys
from pathlib import Path
from tests.support.small_events import event, frame, open_small
engine = open_small(Path(sys.argv[1]))
engine.spool_append([frame([event("Seen", "a", ids={"user_id": "ann"})])])
engine.apply_pending()
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_writer_left_can_be_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    with open_small(tmp_path, "read") as one, open_small(tmp_path, "read") as two:
        assert messages(one) == messages(two) == ["a"]
        assert one.ops.query("SELECT events FROM node_seen") == [(1,)]
