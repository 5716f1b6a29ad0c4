"""All commands, and running one: what it raises becomes a line on standard error and an exit status."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from threading import Event
from types import FrameType

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
from foretell.cli.output import show_error, write_nowhere
from foretell.errors import ForetellError, UsageError, explain_os_errors

app = typer.Typer(
    name="foretell",
    help="Foretell: profiles, predictions, segments and KPIs from your customers' events.",
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


def run(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` say; returns the exit status. Errors are told in plain words."""
    stopped = _watch_for_interrupts()
    try:
        with explain_os_errors(""):
            status = int(app(list(arguments) or ["--help"], prog_name="foretell", standalone_mode=False) or 0)
        if not stopped.is_set():
            return status
    except (ForetellError, TyperException) as error:
        if not stopped.is_set():
            return _told(error if isinstance(error, ForetellError) else _misused(error), arguments)
    except Exception:
        if not stopped.is_set():
            raise
    except KeyboardInterrupt:
        pass
    what, next_step = "interrupted", "What was acknowledged is kept; the same command goes on from there."
    _told(ForetellError("INTERRUPTED", what, next_step=next_step, transient=True), arguments)
    return 128 + signal.SIGINT


def _watch_for_interrupts() -> Event:
    """Set by Ctrl-C: the parser and the stores turn the interruption into errors of their own.

    A second Ctrl-C ends at once, as losing power would.
    """
    stopped = Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, stop)
    return stopped


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
