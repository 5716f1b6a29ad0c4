"""``bench``: comparisons against what a user would pick instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foretell import bench as benches
from foretell.cli.opening import located
from foretell.cli.options import AsJson
from foretell.cli.output import emit_json, log
from foretell.cli.tables import people, right, table


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help="Name of the benchmark, e.g. import.")],
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes, the same keys.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Folder with reference data.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a benchmark: both sides in one run, ratios judged, seconds only printed."""
    result = benches.run(name, quick=quick, report=log.out, data=None if data is None else located(data))
    if as_json:
        emit_json(result.as_dict())
        return
    table(["ratio", right("measured"), "limit"], [(k, v, result.limits.get(k, "")) for k, v in result.ratios.items()])
    people.out("")
    table(["figure", right("")], [(key, f"{value:,}") for key, value in result.figures.items()])
