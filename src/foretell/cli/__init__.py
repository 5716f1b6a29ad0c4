"""Cli: the door for the terminal.

Enters: arguments. Leaves: exit status 0 (done), 1 (the work failed) or 2 (bad usage or definitions), a
text for people, or one JSON document on standard output with ``--json``; logs go to standard error.
Holds no rules: parse, call a room's door, render. One file a command group.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys

_status: list[int] = []
"""How the command of this process ended; empty until it has."""


@atexit.register  # before all others: what is registered later runs earlier
def _leave() -> None:
    """End without taking every loaded library apart, which costs more than many commands do."""
    if not _status:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # the interpreter tells it on its own way out
        return
    os._exit(_status[0])


def main() -> None:
    """Run the command line of this process. What the terminal cannot show becomes a question mark."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is under way yet: Ctrl-C ends at once
    gc.disable()  # until the command is loaded: what its libraries make while they are loaded, stays
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    from foretell.cli.commands import run

    _status.append(run(sys.argv[1:]))
    sys.exit(_status[0])
