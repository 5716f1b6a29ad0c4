"""Commands on a disk of their own that can be full or read-only: a memory file system in a private
mount namespace, for which no privileges are needed on Linux."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import disk_command, warm_start


def on_own_disk(script: str, mount: Path, *, megabytes: int, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a bash ``script`` with a file system of ``megabytes`` mounted at ``mount``.

    In the script, ``remount size=200m`` or ``remount ro`` changes it. What lies there is gone afterwards. ``foretell``
    runs in a process that begins with it loaded; ``command foretell`` is the installed command, for one that goes on.

    Args:
        path: folder that is put first in PATH (where the command under test lies).
    """
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        pytest.fail("a full disk is tested with `unshare` (Linux, package util-linux); it is missing here")
    mount.mkdir(parents=True, exist_ok=True)
    spaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    with _answering() as place:
        prelude = (
            f"mount -t tmpfs -o size={megabytes}m tmpfs '{mount}' || exit 1\n"
            f"remount() {{ mount -o remount,\"$1\" '{mount}'; }}\n"
            f"foretell() {{ '{sys.executable}' -I -S '{disk_command.__file__}' '{place}' \"$@\"; }}\n"
        )
        return subprocess.run(
            ["unshare", *spaces, "bash", "-c", prelude + script],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "200"},
        )


@contextmanager
def _answering() -> Iterator[str]:
    """Run what :mod:`tests.support.disk_command` asks for, one command after the other; gives the socket's path."""
    with tempfile.TemporaryDirectory(prefix="disk-") as folder, socket.socket(socket.AF_UNIX) as listening:
        place = f"{folder}/asked"
        listening.bind(place)
        listening.listen()
        thread = threading.Thread(target=_answer_each, args=(listening,))
        thread.start()
        try:
            yield place
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _answer_each(listening: socket.socket) -> None:
    while True:
        try:
            channel, _ = listening.accept()
        except OSError:  # the script has ended
            return
        with channel:
            head, files, _, _ = socket.recv_fds(channel, disk_command.HEAD, 4)
            asked = json.loads(channel.recv(int.from_bytes(head), socket.MSG_WAITALL))
            *streams, disks = files
            words = ["-m", "foretell", *asked["words"]]
            status = warm_start.run_in(disks, words, cwd=asked["cwd"], env=asked["env"], files=streams)
            for file in files:
                os.close(file)
            channel.sendall(status.to_bytes(disk_command.HEAD, signed=True))
