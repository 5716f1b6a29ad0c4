"""``export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foretell import segment
from foretell.cli.exported import write_export
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsOf, Workspace
from foretell.cli.output import tell_left_out
from foretell.errors import UsageError

_SEGMENT = "segment:"


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(export)


def export(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="What goes out: segment:KEY, its members.")],
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="FILE",
            help="A file: .csv, .parquet or .json; an erasure rewrites it where it lies.",
        ),
    ],
    workspace: Workspace = HERE,
    as_of: AsOf = None,
) -> None:  # fmt: skip
    """Write the members of a segment to a file, without those whose data may not be handed over."""
    if not dataset.startswith(_SEGMENT):
        raise UsageError(
            "BAD_NAME", f"{dataset!r} is nothing that can be exported", next_step="Write segment:KEY; views are asked "
            "with foretell query.",
        )  # fmt: skip
    with opened(workspace, "write") as found:
        told = segment.export_members(
            found.engine, found.catalog, found.reader, dataset.removeprefix(_SEGMENT), as_of=instant(found, as_of),
            now=found.clock.now(),
        )  # fmt: skip
        write_export(found, told.rows, to, None)
    tell_left_out(told.left_out)
