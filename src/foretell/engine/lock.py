"""One writer, or several readers, at a time on a workspace's stores."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from foretell.engine.folders import make_folder
from foretell.errors import ForetellError, explain_os_errors


class WorkspaceLock:
    """An advisory lock on a file; it goes with the process, however that ends.

    Args:
        path: the lock file; made where it is missing, and never removed.
        exclusive: True for the one writer, False for a reader beside others.

    Raises:
        ForetellError: ``WORKSPACE_BUSY``, at once: nobody waits for a lock.
    """

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        with explain_os_errors("workspace"):
            make_folder(path.parent)
            self._handle = _opened(path, exclusive)
            try:
                fcntl.flock(self._handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError as error:
                self.release()
                raise ForetellError(
                    "WORKSPACE_BUSY",
                    "another process uses this workspace"
                    if exclusive
                    else "another process is writing to this workspace",
                    where=str(path.parent),
                    next_step="Wait until it has finished, or use another workspace.",
                    transient=True,
                ) from error
            except OSError:
                self.release()
                raise

    def release(self) -> None:
        """Give the lock back."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            os.close(handle)


def _opened(path: Path, exclusive: bool) -> int:
    """The lock file, open; a reader needs no more than to read it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError:
        if exclusive:
            raise
        return os.open(path, os.O_RDONLY)
