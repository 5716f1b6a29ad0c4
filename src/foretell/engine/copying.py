"""Copies of both stores as of one instant, and putting them where a workspace's settings say."""

from __future__ import annotations

import shutil
from pathlib import Path

from foretell.engine.engine import Engine
from foretell.engine.settings import EngineSettings

OPERATIONS, ANALYTICS = "operations.sqlite", "analytics.duckdb"
SCHEMA, LAKE = "operations.postgres", "analytics.lake"
"""Folders of a copy's stores, where those lie in PostgreSQL and in a lake."""


def copy_stores(engine: Engine, folder: Path) -> list[Path]:
    """Write both stores to ``folder``; returns the files. To be called undisturbed, so that they tell the same.

    Other processes may go on taking in events: the operational store is as of one instant, and whatever the analytics
    store lacks of it is in the batches that it records.
    """
    settings = engine.settings
    if settings.lake is None:
        engine.analytics.copy_to(folder / ANALYTICS)
        analytics = [folder / ANALYTICS]
    else:
        from foretell.engine.lake.copies import copy_lake

        analytics = copy_lake(settings.lake, folder / LAKE)
    if settings.postgres is None:
        engine.ops.copy_to(folder / OPERATIONS)
        return [folder / OPERATIONS, *analytics]
    from foretell.engine.postgres.copies import copy_schema

    return [*copy_schema(settings.postgres, folder / SCHEMA), *analytics]


def place_stores(settings: EngineSettings) -> None:
    """Put what a copy in the data folder holds where the settings say.

    Raises:
        UsageError: ``NOT_EMPTY``; ForetellError: ``STORE_GONE``, ``BACKUP_DAMAGED`` and the like. Nothing has changed
            then, but that a lake which was empty may hold files that no state names.
    """
    if settings.postgres is not None:
        from foretell.engine.postgres.copies import require_empty

        require_empty(settings.postgres)
    if settings.lake is not None:
        from foretell.engine.lake.copies import place_lake

        place_lake(settings.data / LAKE, settings.lake)
        shutil.rmtree(settings.data / LAKE)
    if settings.postgres is not None:
        from foretell.engine.postgres.copies import load_schema

        load_schema(settings.postgres, settings.data / SCHEMA)
        shutil.rmtree(settings.data / SCHEMA)


def remove_stores(settings: EngineSettings) -> None:
    """Remove what lies outside of the data folder."""
    if settings.postgres is not None:
        from foretell.engine.postgres.copies import drop_schema

        drop_schema(settings.postgres)
    if settings.lake is not None:
        from foretell.engine.lake.copies import remove_lake

        remove_lake(settings.lake)
