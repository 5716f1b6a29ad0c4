"""Freed memory goes back to the system, also from between blocks that stay."""

from __future__ import annotations

import subprocess
import sys

_HELD = """
import ctypes
from pathlib import Path
from foretell.engine import hand_back_memory

def held_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

c = ctypes.CDLL(None)
c.malloc.restype, c.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [c.malloc(20_000) for _ in range(5_000)]
for block in blocks:
    ctypes.memset(block, 1, 20_000)
for block in blocks[:-1]:  # the last one keeps the area from shrinking
    c.free(block)
before = held_mb()
hand_back_memory()
print(before - held_mb())
"""


def test_what_lies_between_blocks_that_stay_is_handed_back() -> None:
    told = subprocess.run([sys.executable, "-c", _HELD], check=True, capture_output=True, text=True)
    assert float(told.stdout) > 80
