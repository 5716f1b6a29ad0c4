"""Bringing small files of a lake together, so that few are opened and few rows are superseded.

Files of a part of a table are of a tier by their rows: each eight of one tier become one of the next (a log-structured
merge, as in Bigtable, Chang et al. 2006). A row is so written anew a few times in its life, and a table of any size has
a few dozen files a month.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from foretell.engine.lake.files import BATCH, read
from foretell.engine.lake.manifests import LakeFile, LakeTable
from foretell.engine.ports import AnalyticsTable
from foretell.engine.tabular import last_of_each

if TYPE_CHECKING:
    from foretell.engine.lake.lake import Lake

TOGETHER = 8
_FIRST_TIER_ROWS = 10_000
MOST_ROWS = 4_000_000
"""A file that has reached this stays as it is: a few hundred MB in memory while files are merged."""


def newest(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Of rows with the same ``key`` the one of the newest batch; all rows where there is no key."""
    return last_of_each(rows.sort_by(BATCH), key) if key else rows


def merged(table: LakeTable, declared: AnalyticsTable, lake: Lake, *, wholly: bool = False) -> LakeTable:
    """``table`` with fewer files, where there are enough to bring together.

    Args:
        wholly: bring together all that may be, however few.
    """
    found = table
    while together := _together(found.files, wholly=wholly):
        found = _as_one(found, together, declared, lake)
    return found


def _together(files: Sequence[LakeFile], *, wholly: bool) -> list[LakeFile]:
    """The files of one part that become one next; none where all may stay."""
    groups: dict[tuple[str, int], list[LakeFile]] = {}
    for file in files:
        if file.rows < MOST_ROWS:
            groups.setdefault((file.part, 0 if wholly else _tier(file.rows)), []).append(file)
    for group in groups.values():
        if len(group) >= (2 if wholly else TOGETHER):
            kept: list[LakeFile] = []
            for file in group:
                if len(kept) > 1 and sum(one.rows for one in kept) + file.rows > MOST_ROWS:
                    break
                kept.append(file)
            return kept
    return []


def _tier(rows: int) -> int:
    tier, least = 0, _FIRST_TIER_ROWS
    while rows >= least:
        tier, least = tier + 1, least * TOGETHER
    return tier


def _as_one(table: LakeTable, files: Sequence[LakeFile], declared: AnalyticsTable, lake: Lake) -> LakeTable:
    rows = pa.concat_tables([read(lake.place, file, table.columns) for file in files])
    fresh = lake.put(declared, files[0].part, newest(rows, declared.key))
    return table.with_files({file.name for file in files}, (fresh,))
