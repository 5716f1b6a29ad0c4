"""``backup`` and ``restore``: a workspace as one file, and back."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from foretell import protect
from foretell.app import ROOMS, opened_for_restore, protected
from foretell.cli.opening import located, opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, tell
from foretell.clock import SystemClock

File = Annotated[Path, typer.Argument(metavar="FILE", help="A tar file.")]


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(backup)
    app.command()(restore)


def backup(file: File, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Write the workspace to one file: stores, arrivals, models, keys and definitions."""
    with opened(workspace, "write") as found:
        done = protect.back_up(protected(found), located(file), now=found.clock.now())
    if as_json:
        emit_json(asdict(done))
    else:
        tell(f"{done.files:,} files, {done.size_bytes / 1_000_000:,.1f} MB, in {done.path}.")


def restore(file: File, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Restore a workspace into an empty folder; whoever was erased since is erased again."""
    done = protect.restore(
        located(file), located(workspace), ROOMS, opened_for_restore, SystemClock(), made_by=getpass.getuser()
    )
    if as_json:
        emit_json(asdict(done))
    else:
        again = f" {done.erased_again:,} people were erased since, and were erased again." if done.erased_again else ""
        tell(f"{done.files:,} files as of {done.made_at}.{again}")
