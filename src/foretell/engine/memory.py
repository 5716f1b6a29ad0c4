"""How the process treats memory that it has freed."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> None:
    """Let the process keep freed memory for the next batch, rather than hand it back and fetch it anew.

    Bulk work frees and takes the same large buffers again and again; returning them costs about a
    tenth of an import's CPU in page faults. Peak memory stays as it is. Only glibc has the switch
    (mallopt(3)); elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_MMAP_THRESHOLD, 32 * 1024 * 1024)
        mallopt(_TOP_PAD, 128 * 1024 * 1024)
