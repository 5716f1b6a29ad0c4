"""Putting stores that were built beside the live ones in their place, so that a crash leaves either pair whole.

The change is promised by a file and made at the next opening, by whoever then has the workspace for
itself. It first moves the live stores out of the way, then the new ones in; how far it came stands in
files too, so that the next opening goes on where a crash stopped it. A schema of PostgreSQL changes its place
before that, in one transaction.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from foretell.engine.crash_points import reached
from foretell.engine.folders import make_folder, sync_folder
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError, explain_os_errors

if TYPE_CHECKING:
    from foretell.engine.postgres import Shadow

BESIDE = "rebuilt"
"""Folder of the stores that are built beside the live ones."""
BEFORE = "before-rebuild"
"""Folder of the stores that were live before; the next rebuild removes it."""
_PROMISED, _CLEARED = "promised", "cleared"
_SCHEMA = "schema.json"
"""What a schema beside the live one was copied from."""
_STORES = (
    "operations.sqlite",
    "operations.sqlite-wal",
    "operations.sqlite-shm",
    "analytics.duckdb",
    "analytics.duckdb.wal",
    "batches",
)


def promise_swap(data: Path) -> None:
    """Let the next opening of ``data`` put the stores of its folder ``rebuilt`` in place; they are closed."""
    with explain_os_errors("workspace data"):
        shutil.rmtree(data / BEFORE, ignore_errors=True)
        make_folder(data / BEFORE)
        _mark(data / BESIDE, _PROMISED)


def is_swap_promised(data: Path) -> bool:
    """True where :func:`finish_swap` has something to do."""
    return (data / BESIDE / _PROMISED).exists()


def remember_shadow(data: Path, made: Shadow) -> None:
    """Keep what the schema beside the live one was copied from, for :func:`finish_swap`."""
    told = {"batch": made.batch, "at": made.at.isoformat()}
    with explain_os_errors("workspace data"):
        (data / BESIDE / _SCHEMA).write_text(json.dumps(told), "utf-8")


def finish_swap(data: Path, postgres: PostgresPlace | None = None) -> bool:
    """Do what was promised; returns False where nothing was. The caller keeps everybody else away.

    Args:
        postgres: where the operational store lies; None: in ``data``.

    Raises:
        ForetellError: ``REBUILD_STALE`` where a workspace on PostgreSQL was changed meanwhile: the promise is taken
            back, and nothing has changed.
    """
    if not is_swap_promised(data):
        return False
    beside, before = data / BESIDE, data / BEFORE
    if postgres is not None:
        _swap_schemas(beside, postgres)
    with explain_os_errors("workspace data"):
        if not (beside / _CLEARED).exists():
            for name in _STORES:
                if (data / name).exists():
                    os.replace(data / name, before / name)
                    reached("swap.moved_away")
            sync_folder(data)
            sync_folder(before)
            _mark(beside, _CLEARED)
        for name in _STORES:
            if (beside / name).exists():
                os.replace(beside / name, data / name)
                reached("swap.moved_in")
        sync_folder(data)
        (beside / _PROMISED).unlink()
        sync_folder(beside)
        shutil.rmtree(beside)
    return True


def _swap_schemas(beside: Path, postgres: PostgresPlace) -> None:
    from foretell.engine.postgres import Shadow, drop_shadow, swap_schemas

    with explain_os_errors("workspace data"):
        told = json.loads((beside / _SCHEMA).read_text("utf-8"))
    try:
        swap_schemas(postgres, Shadow(told["batch"], datetime.fromisoformat(told["at"])))
    except ForetellError as error:
        if error.code == "REBUILD_STALE":
            drop_shadow(postgres)
            with explain_os_errors("workspace data"):
                shutil.rmtree(beside)
        raise


def _mark(folder: Path, name: str) -> None:
    (folder / name).touch()
    sync_folder(folder)
