"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[
    Path,
    typer.Option(
        "--workspace", "-w", envvar="FORETELL_WORKSPACE", help="Folder of the workspace.", show_default="here"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="T", help="Instant to read at (ISO 8601; default: now).", show_default=False),
]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in your words.", show_default=False)]
BeyondLimits = Annotated[
    bool, typer.Option("--force", help="Also where together they have more identifiers than one person may.")
]
HERE = Path(".")
