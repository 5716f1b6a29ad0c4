"""Where a workspace's stores stand by its settings."""

from __future__ import annotations

from pathlib import Path

from foretell.definitions.settings import WorkspaceSettings
from foretell.engine import EngineSettings, LakePlace, PostgresPlace


def engine_settings(root: Path, settings: WorkspaceSettings) -> EngineSettings:
    """Where the stores of the workspace at ``root`` stand and what they may use."""
    stores, engine = settings.stores, settings.engine
    postgres = lake = None
    if stores.operational == "postgresql" and stores.url is not None:
        postgres = PostgresPlace(stores.url.get_secret_value(), stores.schema_name)
    if engine.kind == "spark":
        url = engine.lake if "://" in engine.lake else str(root / engine.lake)
        lake = LakePlace(url, engine.lake_format, engine.spark_master, engine.spark)
    return EngineSettings(root / stores.data, engine.memory_mb, engine.threads, postgres, lake)
