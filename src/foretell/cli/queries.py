"""``query``."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_rows
from foretell.cli.tables import result
from foretell.collect import correct_sessions

_SHOWN = 200
_SESSIONS = re.compile(r"\b(machine_)?sessions\b", re.IGNORECASE)
"""A query of sessions has them put together first from what arrived since; every other query only reads."""


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(query)


def query(
    sql: Annotated[str, typer.Argument(help="A SELECT over the published views (events, profiles, orders, …).")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Ask the published views in SQL; nothing can be changed this way."""
    of_sessions = bool(_SESSIONS.search(sql))
    with opened(workspace, "write" if of_sessions else "read") as found:
        if of_sessions:
            correct_sessions(found.engine, found.catalog, now=found.clock.now())
        rows = found.engine.analytics.query(sql)
    if as_json:
        emit_rows(rows)
    else:
        result(rows, _SHOWN)
