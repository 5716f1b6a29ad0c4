"""A command that finds its workspace taken by a server: handing it over, and running it there.

Both ends of :mod:`foretell.web.commanding`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import typer
from rich.console import Console

from foretell.app import Workspace
from foretell.cli.terminal import OwnTerminal, RemoteTerminal, terminal, writing_to
from foretell.errors import ForetellError
from foretell.web import COMMAND_ADDRESS, HEAD, LOG, OUT, STATUS, Asked, Presence, Screen


def hand_over(server: Presence, arguments: Sequence[str]) -> int | None:
    """Let ``server`` run the command; returns its exit status, or None where there is no such server.

    Raises:
        ForetellError: ``SERVER_GONE`` where it ended before the command did.
    """
    own = terminal()
    assert isinstance(own, OwnTerminal)
    asked = Asked(
        arguments=list(arguments),
        folder=Path.cwd(),
        columns=own.columns,
        out=_screen(own.people),
        log=_screen(own.log),
    )
    place = urlsplit(server.address)
    connection = HTTPConnection(place.hostname or "", place.port)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", COMMAND_ADDRESS, asked.model_dump_json(), headers)
        answer = connection.getresponse()
    except (OSError, HTTPException):
        return None
    with answer:
        try:
            return _take(answer, own) if answer.status == 200 else None
        except typer.Exit as ended:  # nobody reads what comes
            return ended.exit_code


def _take(answer: HTTPResponse, own: OwnTerminal) -> int:
    """Write what comes to where it belongs, until the exit status comes."""
    while True:
        try:
            output, length = HEAD.unpack(_whole(answer, HEAD.size))
            data = _whole(answer, length)
        except (OSError, HTTPException, EOFError) as error:
            raise ForetellError(
                "SERVER_GONE",
                "the server that has this workspace ended before the command did",
                next_step="Give the command again: what was acknowledged is kept.",
                transient=True,
            ) from error
        if output == STATUS:
            return data[0]
        if output == OUT:
            own.write(memoryview(data))
        else:
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()


def _whole(answer: HTTPResponse, length: int) -> bytes:
    data = answer.read(length) if length else b""
    if len(data) < length:
        raise EOFError
    return data


def _screen(console: Console) -> Screen:
    return Screen(is_terminal=console.is_terminal, colors=console.color_system, width=console.width)


def run_here(
    run: Callable[[Sequence[str]], int], workspace: Workspace, asked: Asked, write: Callable[[int, bytes], None]
) -> int:
    """Run a command that another process handed over, on the workspace that this server has opened.

    Args:
        run: runs arguments and tells errors.
    """
    with _stream(lambda data: write(OUT, data)) as out, _stream(lambda data: write(LOG, data)) as log:
        remote = RemoteTerminal(
            people=_console(asked.out, out),
            log=_console(asked.log, log),
            columns=asked.columns,
            folder=asked.folder,
            workspace=workspace,
            out=lambda data: write(OUT, data),
        )
        with writing_to(remote):
            return run(asked.arguments)


def _console(screen: Screen, stream: io.TextIOWrapper) -> Console:
    return Console(
        file=stream,
        force_terminal=screen.is_terminal,
        color_system=screen.colors,  # type: ignore[arg-type]  # the name that the other side's console told
        width=screen.width,
        highlight=False,
        legacy_windows=False,
    )


class _Pipe(io.RawIOBase):
    """Hands on what is written to it."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: object, /) -> int:
        """Hand on ``data``."""
        given = bytes(data)  # type: ignore[call-overload]  # any buffer
        if given:
            self._take(given)
        return len(given)


def _stream(take: Callable[[bytes], None]) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(_Pipe(take)), encoding="utf-8", errors="replace", write_through=True)


__all__ = ["hand_over", "run_here"]
