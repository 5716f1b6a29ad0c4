"""Opening a workspace for a command.

While a server has taken the workspace, the command is handed to it (:class:`TakenByServer`, caught by
:func:`foretell.cli.commands.run`); in the server the same command finds the workspace open already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from foretell.app import Workspace, beside, open_workspace
from foretell.cli.output import warn
from foretell.cli.terminal import terminal
from foretell.clock import Clock, parse_instant
from foretell.definitions import raise_errors
from foretell.engine import Mode
from foretell.errors import ForetellError


class TakenByServer(ForetellError):
    """The workspace is busy, and whoever has it may be a server that runs commands for others.

    Args:
        data: folder of the stores, where another process on this machine has it.
        root: the workspace.
    """

    def __init__(self, busy: ForetellError, data: Path, root: Path) -> None:
        super().__init__(
            busy.code, busy.what, thing=busy.thing, where=busy.where, next_step=busy.next_step, transient=True
        )
        self.data = data
        self.root = root


@contextmanager
def workspace_at(root: Path, mode: Mode = "read", clock: Clock | None = None) -> Iterator[Workspace]:
    """The workspace at ``root``; in a server the one that it has opened, with its files read anew.

    Raises:
        TakenByServer: where another process has it.
    """
    served = terminal().workspace
    if served is not None:
        yield beside(served, clock)
        return
    with ExitStack() as closing:
        try:
            found = closing.enter_context(open_workspace(root, mode, clock))
        except ForetellError as error:
            if error.code != "WORKSPACE_BUSY":
                raise
            raise TakenByServer(error, Path(error.where), root) from error
        yield found


@contextmanager
def opened(root: Path, mode: Mode = "read", clock: Clock | None = None) -> Iterator[Workspace]:
    """The workspace at ``root``; when the work is done, definitions that are wrong are told on standard error."""
    with workspace_at(root, mode, clock) as workspace:
        yield workspace
        errors = [problem for problem in workspace.problems if problem.severity == "error"]
        if errors:
            warn(f"{len(errors)} problem{'s' if errors[1:] else ''} in the definitions; see `foretell plan`")


def root_of(root: Path) -> Path:
    """The folder of a workspace that the command names, as this process sees it."""
    served = terminal().workspace
    return root if served is None else served.root


def located(path: Path) -> Path:
    """A file that the command names, as seen from where the command was given."""
    return terminal().folder / path


def instant(workspace: Workspace, text: str | None) -> datetime:
    """``--as-of`` as an instant; a text without a zone is read in the workspace's."""
    return parse_instant(text, workspace.settings.zone_info) if text else workspace.clock.now()


def optional_instant(workspace: Workspace, text: str | None) -> datetime | None:
    """Like :func:`instant`, None where nothing was given."""
    return instant(workspace, text) if text else None


def refuse_wrong(workspace: Workspace, name: str) -> None:
    """Raise :class:`DefinitionErrors` where the document ``name`` (``source till``) is not valid."""
    raise_errors(problem for problem in workspace.problems if problem.thing == name)
