"""Opening a workspace for a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from foretell.app import Workspace, open_workspace
from foretell.cli.output import warn
from foretell.clock import Clock, parse_instant
from foretell.definitions import raise_errors
from foretell.engine import Mode


@contextmanager
def opened(root: Path, mode: Mode = "read", clock: Clock | None = None) -> Iterator[Workspace]:
    """The workspace at ``root``; when the work is done, definitions that are wrong are told on standard error."""
    with open_workspace(root, mode, clock) as workspace:
        yield workspace
        errors = [problem for problem in workspace.problems if problem.severity == "error"]
        if errors:
            warn(f"{len(errors)} problem{'s' if errors[1:] else ''} in the definitions; see `foretell plan`")


def instant(workspace: Workspace, text: str | None) -> datetime:
    """``--as-of`` as an instant; a text without a zone is read in the workspace's."""
    return parse_instant(text, workspace.settings.zone_info) if text else workspace.clock.now()


def optional_instant(workspace: Workspace, text: str | None) -> datetime | None:
    """Like :func:`instant`, None where nothing was given."""
    return instant(workspace, text) if text else None


def refuse_wrong(workspace: Workspace, name: str) -> None:
    """Raise :class:`DefinitionErrors` where the document ``name`` (``source till``) is not valid."""
    raise_errors(problem for problem in workspace.problems if problem.thing == name)
