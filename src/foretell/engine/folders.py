"""Making files and folders durable: what has been synced is still there after a power cut."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make ``folder`` and the folders above it; every entry made is durable."""
    missing = [path for path in (folder, *folder.parents) if not path.is_dir()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new, renamed and removed entries of ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(handle: int) -> None:
    """Make what was written to an open file durable, its length included."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        _sync_through(handle)


def _sync_through(handle: int) -> None:
    """``fsync``; where the system would leave the data in the drive's buffer, through that too."""
    through = getattr(fcntl, "F_FULLFSYNC", None)
    if through is None:
        os.fsync(handle)
    else:
        fcntl.fcntl(handle, through)
