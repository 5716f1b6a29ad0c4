"""Commands on a disk of their own that can be full or read-only: a memory file system in a private
mount namespace, for which no privileges are needed on Linux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def on_own_disk(script: str, mount: Path, *, megabytes: int, path: Path) -> subprocess.CompletedProcess[str]:
    """Run a bash ``script`` with a file system of ``megabytes`` mounted at ``mount``.

    In the script, ``remount size=200m`` or ``remount ro`` changes it. What lies there is gone afterwards.

    Args:
        path: folder that is put first in PATH (where the command under test lies).
    """
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        pytest.fail("a full disk is tested with `unshare` (Linux, package util-linux); it is missing here")
    mount.mkdir(parents=True, exist_ok=True)
    prelude = (
        f"mount -t tmpfs -o size={megabytes}m tmpfs '{mount}' && remount() {{ mount -o remount,\"$1\" '{mount}'; }}\n"
    )
    spaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    return subprocess.run(
        ["unshare", *spaces, "bash", "-c", prelude + script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "200"},
    )
