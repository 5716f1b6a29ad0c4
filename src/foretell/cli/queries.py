"""``query`` and ``run``."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, emit_rows
from foretell.cli.progress import steps
from foretell.cli.tables import result, say
from foretell.clock import FixedClock, parse_instant, zone_of
from foretell.engine import ApplyReport

_SHOWN = 200


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(query)
    app.command()(run)


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


def run(
    workspace: Workspace = HERE,
    now: Annotated[
        str | None, typer.Option("--now", metavar="T", help="Instant that counts as the present (ISO 8601).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Apply what waits in the spool and bring every store up to date."""
    clock = None if now is None else FixedClock(parse_instant(now, zone_of("UTC")))
    with opened(workspace, "write", clock) as found, steps() as progress:
        progress.begin("Applying")
        report: ApplyReport = found.engine.apply_pending(lambda part: progress.advance(part.events))
    if as_json:
        emit_json(vars(report))
        return
    say(
        f"{report.events:,} events applied in {report.batches:,} batches, "
        f"{report.duplicates:,} were there already, {report.problems:,} went to quarantine"
    )
