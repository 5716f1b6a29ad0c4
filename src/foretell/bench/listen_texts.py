"""Reads what the answers of a workspace say, as a process whose cost can be measured: ``python -m … WORKSPACE``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from foretell import listen
from foretell.app import open_workspace
from foretell.clock import FixedClock

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def read(workspace: Path) -> None:
    """Judge every text that has not been judged."""
    with open_workspace(workspace, "write", FixedClock(NOW)) as found:
        listen.text.refresh(found.engine, found.catalog, now=NOW)


if __name__ == "__main__":
    read(Path(sys.argv[1]))
