"""Rows of people written to a file: it is remembered, so that an erasure finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from foretell.app import Workspace
from foretell.cli.opening import located
from foretell.cli.output import Format, rows_as, tell
from foretell.errors import UsageError, explain_os_errors
from foretell.protect import register_artifact

To = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FILE",
        help="Write them to a file (.csv, .parquet or .json); an erasure rewrites it where it lies.",
        show_default=False,
    ),
]


def write_export(workspace: Workspace, rows: pa.Table, to: Path, form: Format | None) -> None:
    """Write rows of people to ``to`` and remember it.

    Raises:
        UsageError: ``BAD_NAME`` for a name that does not say in which format; nothing is written then.
    """
    path = located(to)
    known = {f".{one.value}": one for one in Format}
    if path.suffix not in known or form not in (None, known[path.suffix]):
        raise UsageError(
            "BAD_NAME", "the name of the file says in which format it is", thing=str(to),
            next_step=f"End it in {', '.join(known)}.",
        )  # fmt: skip
    with explain_os_errors("export"):
        path.write_bytes(rows_as(rows, known[path.suffix]))
    register_artifact(workspace.engine, path, "export", workspace.clock.now())
    tell(f"{rows.num_rows:,} rows in {to}.")
