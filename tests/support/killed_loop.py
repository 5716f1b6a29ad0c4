"""``python -m tests.support.killed_loop``: what the worker of a server does, in processes that die.

Standard input has a JSON list ``[folder, point]`` a line. Each is lived in a child of its own, which is killed
(SIGKILL) at that counted point, 0 never; its exit code is printed. A child goes on with the tick in which the
one before it died.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from foretell import app, collect
from foretell.clock import SteppedClock
from foretell.testing import ENVIRONMENT_VARIABLE, install
from tests.support.journey_shop import at

TICKS = (1.0, 30.0, 78.0)
"""Hours: the mail; an order, and the text five hours after it was due; the case five hours after it was due."""
ORDER = {
    "type": "track", "messageId": "in-time", "userId": "buyer", "event": "Order Completed",
    "timestamp": at(20).isoformat(), "properties": {"order_id": "in-time", "revenue": 30, "currency": "EUR"},
}  # fmt: skip


def live(root: Path, kill_at: int) -> None:
    """Let the workspace go through its ticks, from the one that was begun last."""
    begun = root / "begun"
    last = float(begun.read_text()) if begun.exists() else TICKS[0]
    clock = SteppedClock(at(last))
    with app.open_workspace(root, clock=clock) as workspace:
        install({**os.environ, ENVIRONMENT_VARIABLE: str(kill_at)})
        for hours in TICKS[TICKS.index(last) :]:
            begun.write_text(str(hours))
            clock.instant = at(hours)
            if hours == TICKS[1]:
                origin = collect.Origin("site", "", clock.instant)
                line = json.dumps(ORDER).encode() + b"\n"
                workspace.engine.spool_append(
                    [collect.lines_frame(line, origin, arrival="import", first_line=None, lag=None)]
                )
            app.advance(workspace, clock.instant)


def in_a_child(root: Path, kill_at: int) -> int:
    """The exit code of a child that lives it; -9 where it was killed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            live(root, kill_at)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for task in sys.stdin.read().splitlines():
        print(in_a_child(Path(json.loads(task)[0]), json.loads(task)[1]), flush=True)
