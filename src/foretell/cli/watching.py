"""What a server tells those who run it: log lines and traces, as its options and the environment say."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from foretell import __version__, telemetry
from foretell.app import Workspace

Format = Annotated[
    Literal["text", "json"],
    typer.Option("--log-format", envvar="FORETELL_LOG_FORMAT", help="Log lines for people (text) or programs (json)."),
]
Level = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option(
        "--log-level", envvar="FORETELL_LOG_LEVEL", help="The least that is logged; info has a line a request."
    ),
]
_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "KEY", "DATABASE_URL", "DSN", "HEADERS")


@contextmanager
def watched(form: telemetry.LogFormat, level: str) -> Iterator[Callable[[Workspace], None]]:
    """While the block runs, what happens is logged and traced; called with a workspace, the log hides its secrets too.

    Raises:
        UsageError: where the environment asks for traces that cannot be written.
    """
    hidden = _from_environment()
    telemetry.begin_logging(form, level, hidden)
    end = telemetry.begin_tracing(os.environ, __version__)
    try:
        yield lambda workspace: telemetry.begin_logging(form, level, [*hidden, *_of(workspace)])
    finally:
        end()


def tell_started(said: str, address: str, role: str) -> None:
    """A line of the log, whatever its level, that work has begun."""
    started = logging.getLogger("foretell.serve")
    started.setLevel(logging.INFO)
    started.info(said, extra={"fields": {"address": address, "role": role, "version": __version__}})


def _from_environment() -> list[str]:
    """Values of variables whose names say that they are secret."""
    return [value for name, value in os.environ.items() if any(word in name.upper() for word in _SECRET_WORDS)]


def _of(workspace: Workspace) -> list[str]:
    settings = workspace.settings
    found = [one.get_secret_value() for one in settings.secrets.values()]
    return found if settings.stores.url is None else [*found, settings.stores.url.get_secret_value()]
