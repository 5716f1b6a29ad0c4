"""``query``."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_rows
from foretell.cli.tables import result

_SHOWN = 200


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(query)


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT over the published views (events, profiles, orders, …).")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Ask the published views in SQL; nothing can be changed this way."""
    with opened(workspace) as found:
        rows = found.engine.analytics.query(sql)
    if as_json:
        emit_rows(rows)
    else:
        result(rows, _SHOWN)
