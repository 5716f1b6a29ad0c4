"""Where a command writes: this process's own terminal, or that of a process whose command the server runs.

A context variable says which, so that several commands can run in one server at the same time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

from foretell.app import Workspace


class _Paper(Console):
    """Standard output of this process; its end is quiet where nobody reads."""

    def on_broken_pipe(self) -> None:
        nobody_reads()


class OwnTerminal:
    """The terminal of this process."""

    folder = Path()
    workspace: Workspace | None = None

    @cached_property
    def people(self) -> Console:
        """Standard output, for people."""
        return _Paper(highlight=False)

    @cached_property
    def log(self) -> Console:
        """Standard error."""
        return Console(stderr=True, highlight=False)

    @property
    def columns(self) -> int | None:
        """Characters in a line; None without an end, where nobody looks (a file, a pipe)."""
        return self.people.width if self.people.is_terminal or os.environ.get("COLUMNS", "").isdecimal() else None

    def write(self, data: memoryview) -> None:
        """Write all of ``data`` to standard output, also where it takes only a part at a time."""
        try:
            while data:
                data = data[sys.stdout.buffer.write(data) :]
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            nobody_reads()


@dataclass(frozen=True)
class RemoteTerminal:
    """The terminal of another process.

    Args:
        columns: see :class:`OwnTerminal`.
        folder: names of files are relative to it.
        workspace: what the command opens is open already.
        out: takes what is written to standard output.
    """

    people: Console
    log: Console
    columns: int | None
    folder: Path
    workspace: Workspace | None
    out: Callable[[bytes], None]

    def write(self, data: memoryview) -> None:
        """Write all of ``data``."""
        self.out(bytes(data))


_OWN = OwnTerminal()
_BOUND: ContextVar[RemoteTerminal | None] = ContextVar("terminal", default=None)


def terminal() -> OwnTerminal | RemoteTerminal:
    """Where the command that runs here writes."""
    return _BOUND.get() or _OWN


@contextmanager
def writing_to(remote: RemoteTerminal) -> Iterator[None]:
    """Let the commands that run in this block write to ``remote``."""
    token = _BOUND.set(remote)
    try:
        yield
    finally:
        _BOUND.reset(token)


class Lines:
    """Lines for people on one of a terminal's two outputs."""

    def __init__(self, pick: Callable[[OwnTerminal | RemoteTerminal], Console]) -> None:
        self._pick = pick

    @property
    def console(self) -> Console:
        """The console of whoever asked for the command."""
        return self._pick(terminal())

    @property
    def is_terminal(self) -> bool:
        """True where somebody looks."""
        return self.console.is_terminal

    def out(self, text: str, style: str | None = None, highlight: bool = False) -> None:
        """Write one line as it is."""
        self.console.out(text, style=style, highlight=highlight)


def nobody_reads() -> NoReturn:
    """End quietly with status 141, since standard output was closed, as by ``| head``."""
    write_nowhere()
    raise typer.Exit(141)


def write_nowhere() -> None:
    """Let what is still to be written to standard output vanish."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
