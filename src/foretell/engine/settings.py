"""Where and how a workspace's stores stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LakeFormat = Literal["parquet", "delta"]


@dataclass(frozen=True)
class PostgresPlace:
    """A workspace's part of a PostgreSQL database.

    Args:
        url: connection string or URL as libpq takes it; it may hold a password, so it is never shown.
        schema: the schema that holds this workspace's tables and nothing else.
    """

    url: str = field(repr=False)
    schema: str = "foretell"


@dataclass(frozen=True)
class LakePlace:
    """A workspace's lake, and the Spark that reads it.

    Args:
        url: folder, or a URL that fsspec opens.
        format: how its tables are kept.
        master: ``local[N]``, ``spark://HOST:PORT``, or ``sc://HOST:PORT`` of a Spark Connect server.
        spark: further settings of the Spark session.
    """

    url: str
    format: LakeFormat = "parquet"
    master: str = "local[*]"
    spark: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineSettings:
    """Where and how the stores stand.

    Args:
        data: folder of the embedded stores, and of what a process keeps beside others.
        memory_mb: bound of the analytics store's buffers.
        threads: threads of the analytics store.
        postgres: where the operational store and the spool lie; None: in ``data``.
        lake: where the log and the set-based tables lie for Spark; None: in DuckDB's file in ``data``.
    """

    data: Path
    memory_mb: int = 1_024
    threads: int = 2
    postgres: PostgresPlace | None = None
    lake: LakePlace | None = None
