"""Where a workspace's stores stand by its settings."""

from __future__ import annotations

from pathlib import Path

from foretell.definitions.settings import WorkspaceSettings
from foretell.engine import EngineSettings, LakePlace, PostgresPlace

APART = ".apart"
"""In a folder to which a back-up was unpacked to be changed: its stores are others than its settings name."""


def stand_apart(root: Path, schema: str) -> None:
    """Let the workspace at ``root`` never touch the stores that its settings name: they are another's.

    Args:
        schema: where its operational store stands instead, where that is no file.
    """
    (root / APART).write_text(schema, "utf-8")


def apart_in(root: Path) -> str:
    """What :func:`stand_apart` said of the folder; empty for a workspace."""
    path = root / APART
    return path.read_text("utf-8").strip() if path.exists() else ""


def engine_settings(root: Path, settings: WorkspaceSettings) -> EngineSettings:
    """Where the stores of the workspace at ``root`` stand and what they may use."""
    stores, engine = settings.stores, settings.engine
    postgres = lake = None
    own = apart_in(root)
    if stores.operational == "postgresql" and stores.url is not None:
        postgres = PostgresPlace(stores.url.get_secret_value(), own or stores.schema_name)
    if engine.kind == "spark":
        inside = f"{stores.data}/lake" if own else engine.lake
        url = inside if "://" in inside else str(root / inside)
        lake = LakePlace(url, engine.lake_format, engine.spark_master, engine.spark)
    return EngineSettings(root / stores.data, engine.memory_mb, engine.threads, postgres, lake)
