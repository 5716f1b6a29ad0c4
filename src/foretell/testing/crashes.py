"""Killing a process at the N-th crash point, as a power cut of the process would.

A test starts a process that calls :func:`install` with its environment and then does its work:
``FORETELL_KILL_AT=N`` names the point at which it dies, ``FORETELL_KILL_AT=NAME:N`` the N-th point of
that name (of a process with several threads, whose points come in no fixed order); the points passed
are written to the file that ``FORETELL_CRASH_POINTS`` names, one a line.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from foretell.engine import observe_crash_points

ENVIRONMENT_VARIABLE = "FORETELL_KILL_AT"
RECORD_VARIABLE = "FORETELL_CRASH_POINTS"


def count_or_die(kill_at: int, record: Path | None = None, only: str = "") -> Callable[[str], None]:
    """An observer that counts crash points and kills this process (SIGKILL) at number ``kill_at``.

    Args:
        kill_at: 1 is the first point; 0 never kills.
        record: file to which every point's name is appended.
        only: name of the points that are counted; empty for all.
    """
    passed, counting = 0, threading.Lock()

    def observer(name: str) -> None:
        nonlocal passed
        with counting:
            passed += only in ("", name)
            if record is not None:
                with record.open("a", encoding="utf-8") as file:
                    file.write(name + "\n")
            if passed == kill_at and only in ("", name):
                os.kill(os.getpid(), signal.SIGKILL)

    return observer


def install(environ: Mapping[str, str]) -> None:
    """Install the observer that the environment asks for."""
    record = environ.get(RECORD_VARIABLE)
    only, _, number = environ.get(ENVIRONMENT_VARIABLE, "0").rpartition(":")
    observe_crash_points(count_or_die(int(number), Path(record) if record else None, only))
