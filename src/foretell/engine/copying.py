"""Copies of both stores as of one instant."""

from __future__ import annotations

from pathlib import Path

from foretell.engine.engine import Engine


def copy_stores(engine: Engine, folder: Path) -> list[Path]:
    """Write both stores to ``folder`` under their names; to be called undisturbed, so that they tell the same."""
    paths = [folder / "operations.sqlite", folder / "analytics.duckdb"]
    engine.ops.copy_to(paths[0])
    engine.analytics.copy_to(paths[1])
    return paths
