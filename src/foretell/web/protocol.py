"""What goes over the wire when a command is handed to the server (:mod:`foretell.web.commanding`)."""

from __future__ import annotations

import struct
from pathlib import Path

from pydantic import BaseModel

COMMAND_ADDRESS = "/api/command"
OUT, LOG, STATUS = 1, 2, 0
"""Which output a piece was written to; the last piece is the exit status."""
HEAD = struct.Struct(">BI")
"""Before each piece: its output and the number of its bytes."""


class Screen(BaseModel):
    """One of the two outputs of the caller's terminal.

    Args:
        colors: name of rich's colour system; None without colour.
        width: characters in a line, where it is a terminal.
    """

    is_terminal: bool
    colors: str | None
    width: int


class Asked(BaseModel):
    """A command and the terminal of whoever gave it.

    Args:
        folder: where it was given; files are named relative to it.
        columns: characters in a line of its output; None without an end.
    """

    arguments: list[str]
    folder: Path
    columns: int | None
    out: Screen
    log: Screen
