"""Cli: the door for the terminal.

Enters: arguments. Leaves: exit status 0 (done), 1 (the work failed) or 2 (bad usage or definitions), a
text for people, or one JSON document on standard output with ``--json``; logs go to standard error.
Holds no rules: parse, call a room's door, render. One file a command group.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

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
from foretell.cli.output import log, show_error, write_nowhere
from foretell.errors import ForetellError, UsageError, explain_os_errors

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

__all__ = ["app", "main", "run"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` say; returns the exit status. Errors are told in plain words."""
    try:
        with explain_os_errors(""):
            status = int(app(list(arguments), prog_name="foretell", standalone_mode=False) or 0)
    except ForetellError as error:
        return _told(error, arguments)
    except TyperException as error:
        if error.message.startswith("Usage:"):  # a group without a command
            log.out(error.message, highlight=False)
            return UsageError.exit_status
        return _told(_misused(error), arguments)
    except (typer.Abort, KeyboardInterrupt):
        status = _INTERRUPTED
    if status == _INTERRUPTED:
        log.out("interrupted; what was acknowledged is kept", highlight=False)
    return status


def _told(error: ForetellError, arguments: Sequence[str]) -> int:
    try:
        show_error(error, as_json="--json" in arguments)
    except OSError:  # standard output itself is what failed
        write_nowhere()
    return error.exit_status


def _misused(error: TyperException) -> UsageError:
    """What the parser says of wrong arguments."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "foretell"
    what = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    return UsageError("BAD_USAGE", what[:1].lower() + what[1:], next_step=f"See `{command} --help`.")
