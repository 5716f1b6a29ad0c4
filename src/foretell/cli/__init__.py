"""Cli: the door for the terminal.

Enters: arguments. Leaves: exit status 0 (done), 1 (the work failed) or 2 (bad usage or definitions), a
text for people, or one JSON document on standard output with ``--json``; logs go to standard error.
Holds no rules: parse, call a room's door, render. One file a command group.
"""

from __future__ import annotations

import sys

import typer

from foretell.cli import (
    benchmarks,
    demonstration,
    documents,
    importing,
    kpis,
    people,
    predictions,
    queries,
    segments,
)
from foretell.cli.output import show_error
from foretell.errors import ForetellError

app = typer.Typer(
    name="foretell",
    help="Foretell: profiles, predictions, segments and KPIs from your customers' events.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (documents, demonstration, importing, queries, benchmarks):
    group.add_to(app)
app.add_typer(people.app, name="profile")
app.add_typer(segments.app, name="segment")
app.add_typer(predictions.app, name="predict")
app.add_typer(kpis.app, name="kpi")
app.add_typer(importing.quarantine, name="quarantine")

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; errors are told in plain words."""
    try:
        app()
    except ForetellError as error:
        show_error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was acknowledged is kept\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
