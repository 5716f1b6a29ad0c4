"""One writer, or several readers, at a time on a workspace's stores."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from foretell.errors import ForetellError, explain_os_errors


class WorkspaceLock:
    """An advisory lock on a file; it goes with the process, however that ends."""

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        with explain_os_errors("workspace"):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
            except OSError:
                if exclusive:
                    raise
                self._handle = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise ForetellError(
                "WORKSPACE_BUSY",
                "another process is writing to this workspace"
                if not exclusive
                else "another process uses this workspace",
                where=str(path.parent),
                next_step="Wait until it has finished, or use another workspace.",
                transient=True,
            ) from error

    def release(self) -> None:
        """Give the lock back."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
