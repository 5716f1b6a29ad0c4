"""How the process treats memory that it has freed."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


_OBJECTS = 500_000


@contextmanager
def bulk_memory() -> Iterator[None]:
    """For work in many large batches: freed memory is kept, and the collector of cycles looks after
    every half million new objects, since rows on their way to a driver are many and form no cycle."""
    keep_freed_memory()
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


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
