"""How the process treats memory that it has freed."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pyarrow as pa

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_OBJECTS = 500_000
KEPT: dict[str, str | bool | int | float | list[str]] = {
    "allocator_flush_threshold": "8GB",
    "allocator_bulk_deallocation_flush_threshold": "8GB",
}
"""Settings of the embedded analytics engine: it hands freed memory back after a while, as its allocator
does by itself, and not after each larger query, of which an import has hundreds."""

SESSION = "SET TimeZone = 'UTC'; SET enable_progress_bar = false"
"""What holds for each connection: instants are UTC, and nothing is drawn into the output of a command."""


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
    tenth of an import's CPU in page faults. Large buffers too are taken from the heap, and those of
    Arrow together with all others, so that what one library frees serves the next. Only glibc has the
    switches (mallopt(3)); elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_MMAP_MAX, 0)
        mallopt(_TOP_PAD, 128 * 1024 * 1024)
        pa.set_memory_pool(pa.system_memory_pool())


def hand_back_memory() -> None:
    """Give the system back what the process freed, wherever it lies.

    A server that runs for long frees much between blocks that stay, and its allocator hands back only what lies at
    the end of an area: so its memory would grow with the most that each thread ever held. Takes some hundredths of a
    second a gigabyte. Only glibc has the call (malloc_trim(3)); elsewhere only Arrow's pool is emptied.
    """
    pa.default_memory_pool().release_unused()
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
