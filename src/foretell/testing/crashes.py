"""Killing a process at the N-th crash point, as a power cut of the process would.

A test starts a process that calls :func:`install` with its environment and then does its work:
``FORETELL_KILL_AT=N`` names the point at which it dies; the points passed are written to the file
that ``FORETELL_CRASH_POINTS`` names, one a line.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from foretell.engine import observe_crash_points

ENVIRONMENT_VARIABLE = "FORETELL_KILL_AT"
RECORD_VARIABLE = "FORETELL_CRASH_POINTS"


def count_or_die(kill_at: int, record: Path | None = None) -> Callable[[str], None]:
    """An observer that counts crash points and kills this process (SIGKILL) at number ``kill_at``.

    Args:
        kill_at: 1 is the first point; 0 never kills.
        record: file to which every point's name is appended.
    """
    passed = 0

    def observer(name: str) -> None:
        nonlocal passed
        passed += 1
        if record is not None:
            with record.open("a", encoding="utf-8") as file:
                file.write(name + "\n")
        if passed == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return observer


def install(environ: Mapping[str, str]) -> None:
    """Install the observer that the environment asks for."""
    record = environ.get(RECORD_VARIABLE)
    observe_crash_points(count_or_die(int(environ.get(ENVIRONMENT_VARIABLE, "0")), Path(record) if record else None))
