"""One writer or several readers; a lock goes with its process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from foretell.engine.lock import WorkspaceLock
from foretell.errors import ForetellError


def refused(path: Path, *, exclusive: bool) -> ForetellError:
    with pytest.raises(ForetellError) as caught:
        WorkspaceLock(path, exclusive=exclusive)
    assert (caught.value.code, caught.value.transient) == ("WORKSPACE_BUSY", True)
    assert str(path.parent) in caught.value.where
    return caught.value


def test_one_writer_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "writer.lock"
    writer = WorkspaceLock(path, exclusive=True)
    assert "uses this workspace" in refused(path, exclusive=True).what
    assert "is writing" in refused(path, exclusive=False).what
    writer.release()
    writer.release()
    WorkspaceLock(path, exclusive=True).release()


def test_readers_share_and_keep_writers_out(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    one, two = WorkspaceLock(path, exclusive=False), WorkspaceLock(path, exclusive=False)
    refused(path, exclusive=True)
    one.release()
    refused(path, exclusive=True)
    two.release()
    WorkspaceLock(path, exclusive=True).release()


def test_a_refused_lock_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    writer = WorkspaceLock(path, exclusive=True)
    refused(path, exclusive=True)
    probe = os.open(path, os.O_RDONLY)
    os.close(probe)
    for _ in range(20):
        refused(path, exclusive=True)
    again = os.open(path, os.O_RDONLY)
    os.close(again)
    assert again == probe
    writer.release()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    program = (
        "import os, sys; from pathlib import Path; from foretell.engine.lock import WorkspaceLock; "
        "WorkspaceLock(Path(sys.argv[1]), exclusive=True); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "src"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        refused(path, exclusive=True)
        process.kill()
    WorkspaceLock(path, exclusive=True).release()


def test_a_lock_file_that_is_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").mkdir()
    with pytest.raises(ForetellError) as caught:
        WorkspaceLock(tmp_path / "writer.lock", exclusive=True)
    assert caught.value.code == "OS_ERROR"
