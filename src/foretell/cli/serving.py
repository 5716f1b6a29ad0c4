"""``serve``: the app, the API and the worker over HTTP."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from foretell.app import open_workspace
from foretell.cli.options import HERE, Workspace
from foretell.cli.output import log, tell
from foretell.cli.watching import Format, Level, tell_started, watched
from foretell.clock import MovedClock, SystemClock, parse_instant, zone_of

if TYPE_CHECKING:
    from foretell import app, web

Host = Annotated[
    str, typer.Option("--host", help="Address to listen on; one that others can reach needs FORETELL_TOKEN.")
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one, as workers do.", show_default="8080"
    ),
]
Role = Annotated[
    Literal["all", "api", "worker"], typer.Option("--role", help="all, only answering (api), or only working (worker).")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="NAME", help="Further name by which it may be called.", show_default=False),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--now", metavar="T", help="Start the clock at this instant; it runs on from there.", show_default=False
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(serve)


def serve(
    workspace: Workspace = HERE,
    host: Host = "127.0.0.1",
    port: Port = None,
    role: Role = "all",
    allow_host: Names = None,
    now: Start = None,
    log_format: Format = "text",
    log_level: Level = "warning",
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the app in a browser.")] = False,
) -> None:
    """Serve the app and the API, take in events and do what is due, until Ctrl-C."""
    from foretell import web  # what speaks HTTP takes long to load

    clock = None if now is None else MovedClock.starting(parse_instant(now, zone_of("UTC")), SystemClock())

    def ready(address: str) -> None:
        said = f"Foretell serves {workspace.resolve().name} at {address}" if address else "The worker works"
        tell(said) if log_format == "text" else tell_started(said, address, role)
        if address and not no_open and log.is_terminal:
            webbrowser.open(address)

    where = 0 if port is None and role == "worker" else 8080 if port is None else port
    how = web.Serving(host, where, role, frozenset(allow_host or ()))
    company = web.company_at(workspace)
    with watched(log_format, log_level) as knows:
        if company is not None:
            with closing(company):
                web.serve_together(
                    company,
                    lambda mode: open_workspace(workspace, mode, clock),
                    how,
                    commands=_commands(),
                    ready=ready,
                    opened=knows,
                )
            return
        with open_workspace(workspace, "write", clock) as found:
            knows(found)
            answering(found, how, ready)


def answering(workspace: app.Workspace, how: web.Serving, ready: Callable[[str], None]) -> None:
    """Serve an opened workspace; commands of the terminal that find it taken are run here."""
    from foretell import web

    web.serve(workspace, how, commands=_commands(), ready=ready)


def _commands() -> web.Commands:
    """Runs what other processes hand over."""
    from foretell.cli.commands import run_for_another
    from foretell.cli.remote import run_here

    return lambda place, asked, write: run_here(run_for_another, place, asked, write)
