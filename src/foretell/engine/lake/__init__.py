"""The lake: event log and set-based tables as Parquet files on a folder or an object store.

Enters: rows of recorded batches. Leaves: states (manifests) that name Parquet files, for Spark and whoever reads
Parquet. See ``docs/rooms/engine.md``.
"""

from __future__ import annotations

from foretell.engine.lake.files import BATCH
from foretell.engine.lake.lake import Lake
from foretell.engine.lake.manifests import LakeFile, LakeTable, Manifest
from foretell.engine.lake.places import Place, open_place

__all__ = ["BATCH", "Lake", "LakeFile", "LakeTable", "Manifest", "Place", "open_place"]
