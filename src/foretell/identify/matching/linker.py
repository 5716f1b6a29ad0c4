"""Splink on our records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from foretell.identify.matching.writing import PRINT

if TYPE_CHECKING:
    from splink import Linker
    from splink.internals.database_api import DatabaseAPI
    from splink.internals.splink_dataframe import SplinkDataFrame


def registered(place: DatabaseAPI[Any], records: pa.Table) -> SplinkDataFrame:
    """``records`` where Splink computes."""
    return place.register(records.drop_columns([PRINT]))


def linker_on(records: SplinkDataFrame, told: dict[str, Any]) -> Linker:
    """Splink on ``records``, with settings that are right already."""
    from splink import Linker

    return Linker(records, told, log_level=None, validate_settings=False)
