"""All commands, and running one: what it raises becomes a line on standard error and an exit status."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping, Sequence
from threading import Event
from types import FrameType
from typing import ClassVar

import typer
from typer.exceptions import TyperException

from foretell.cli.on_demand import OnDemand, Place
from foretell.errors import ForetellError, UsageError, explain_os_errors

_LOG = logging.getLogger("foretell.cli")


class _Root(OnDemand):
    places: ClassVar[Mapping[str, Place]] = {
        "init": Place("documents", "Write a small workspace to start from."),
        "doctor": Place("documents", "Look whether a workspace is in order, and where each setting comes from."),
        "plan": Place(
            "documents", "Show what applying the definitions would change, and everything that is wrong with them."
        ),
        "apply": Place("documents", "Put the definitions of the workspace's files in force; twice changes nothing."),
        "schema": Place("documents", "Print the JSON schema of a kind of document, or of a condition, for editors."),
        "demo": Place(
            "demonstration",
            "Play a shop through: profiles, predictions, segments, a journey with its messages; then serve the app.",
        ),
        "import": Place("importing", "Import files; returns when their rows are in the views."),
        "run": Place(
            "running", "Take in what waits, score what is due, tell whose band changed; history can be played through."
        ),
        "rebuild": Place(
            "rebuilding", "Read what arrived anew by the definitions of today; what differs is shown first."
        ),
        "backup": Place("backups", "Write the workspace to one file: stores, arrivals, models, keys and definitions."),
        "restore": Place(
            "backups", "Restore a workspace into an empty folder; whoever was erased since is erased again."
        ),
        "engine": Place("moving", "Stores: carry the workspace over to others.", "app"),
        "query": Place("queries", "Ask the published views in SQL; nothing can be changed this way."),
        "export": Place(
            "exporting", "Write the members of a segment to a file, without those whose data may not be handed over."
        ),
        "serve": Place("serving", "Serve the app and the API, take in events and do what is due, until Ctrl-C."),
        "bench": Place("benchmarks", "Run a benchmark: both sides in one run, ratios judged, seconds only printed."),
        "profile": Place("people", "One person: identifiers, traits, timeline.", "app"),
        "segment": Place("segments", "Segments: sizes, members, reasons, at any instant.", "app"),
        "persona": Place(
            "personas", "Personas: kinds of customers by behaviour, what is known of each, whom to ask.", "app"
        ),
        "predict": Place("predictions", "Predictions: train, score, judge, explain.", "app"),
        "kpi": Place("kpis", "KPIs by month and by segment.", "app"),
        "map": Place("maps", "Journey maps: stages, who goes on, where people stop, what they meet.", "app"),
        "journey": Place("journeys", "Journeys: start, pause, what they did.", "app"),
        "audience": Place("audiences", "Audiences: lists of people at advertising platforms.", "app"),
        "issue": Place("issues", "Issues: what goes wrong for people, before they complain.", "app"),
        "case": Place("cases", "Cases: what the team has to do for people, and by when.", "app"),
        "improvement": Place(
            "improvements", "Improvements: what is done about root causes, and what came of it.", "app"
        ),
        "survey": Place("surveys", "Surveys: what people are asked, and what they said.", "app"),
        "text": Place("texts", "Texts: what people write, how it feels, what it is about.", "app"),
        "messages": Place("messages", "Messages: what was sent, what was not, and why.", "app"),
        "channel": Place("channels", "Channels: the ways to people, and whether they work.", "app"),
        "template": Place("templates", "Templates: what messages say, to whom, and what is doubtful about it.", "app"),
        "privacy": Place("privacy", "What people ask of us: to see, to be forgotten, to be left alone.", "app"),
        "source": Place("source", "Sources of events, and the write keys they come with.", "app"),
        "tracking": Place("tracking", "Tracking plans: who has to mend what, and a first draft.", "app"),
        "table": Place(
            "own_tables", "Own tables: load rows that belong to people or accounts, and look at them.", "app"
        ),
        "quarantine": Place("quarantine", "Rows that could not be taken in; replay them when they can be.", "app"),
    }
    """A line a command: its file, and what the list of commands says of it."""


app = typer.Typer(
    name="foretell",
    cls=_Root,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root() -> None:
    """Foretell: profiles, predictions, segments and KPIs from your customers' events."""


def run(arguments: Sequence[str]) -> int:
    """Do what ``arguments`` say; returns the exit status. Errors are told in plain words."""
    stopped = _watch_for_interrupts()
    try:
        status = _done(arguments)
        if not stopped.is_set():
            return status
    except (ForetellError, TyperException) as error:
        if not stopped.is_set():
            return _told(_plain(error), arguments)
    except Exception:
        if not stopped.is_set():
            raise
    except KeyboardInterrupt:
        pass
    what, next_step = "interrupted", "What was acknowledged is kept; the same command goes on from there."
    _told(ForetellError("INTERRUPTED", what, next_step=next_step, transient=True), arguments)
    return 128 + signal.SIGINT


def run_for_another(arguments: Sequence[str]) -> int:
    """The same, for another process in a thread of the server that has the workspace (:mod:`foretell.cli.remote`)."""
    try:
        return _done(arguments)
    except (ForetellError, TyperException) as error:
        return _told(_plain(error), arguments)
    except Exception as error:  # noqa: BLE001 - the other process is told, this one goes on
        _LOG.exception("%s failed", " ".join(arguments))
        return _told(ForetellError("COMMAND_FAILED", f"{type(error).__name__}: {error}"), arguments)


def _done(arguments: Sequence[str]) -> int:
    """Run the command; where a server has taken its workspace, let that do it."""
    try:
        with explain_os_errors(""):
            return int(app(list(arguments) or ["--help"], prog_name="foretell", standalone_mode=False) or 0)
    except ForetellError as taken:
        # What speaks HTTP takes long to load, and is seldom needed.
        from foretell.cli.opening import TakenByServer
        from foretell.cli.remote import hand_over
        from foretell.web import presence_among, presence_in

        if not isinstance(taken, TakenByServer):
            raise
        server = presence_in(taken.data) or presence_among(taken.root)
        status = None if server is None else hand_over(server, arguments)
        if status is None:
            raise
        return status


def _plain(error: ForetellError | TyperException) -> ForetellError:
    return error if isinstance(error, ForetellError) else _misused(error)


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
    from foretell.cli.output import show_error  # it brings the libraries of results along
    from foretell.cli.terminal import write_nowhere

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
