"""Measuring a whole process: CPU of all its threads and the most memory it held."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from foretell.errors import ForetellError


@dataclass(frozen=True)
class Cost:
    """What a process used.

    Args:
        cpu_seconds: user and system time of all threads.
        wall_seconds: from start to end.
        peak_mb: most resident memory.
        output: what it printed.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    output: str


def measure(command: Sequence[str | Path]) -> Cost:
    """Run ``command`` to its end; raises :class:`ForetellError` where it fails."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise ForetellError(
                "BENCHMARK_FAILED",
                f"{Path(str(command[0])).name} ended with status {process.returncode}",
                thing=" ".join(str(part) for part in command[:6]),
                next_step=errors.read().decode(errors="replace")[-2_000:],
            )
        per_mb = 1024 * 1024 if sys.platform == "darwin" else 1024
        return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / per_mb, output.read().decode())
