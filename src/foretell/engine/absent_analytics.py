"""The analytics store in a process that has none: whoever asks is told where to ask instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from foretell.engine.capabilities import Capability
from foretell.engine.ports import AnalyticsTable, Without
from foretell.errors import ForetellError


class AbsentAnalytics:
    """Refuses what only the process that leads can answer.

    Args:
        tables: as rooms declare them.
    """

    kind = "another process"
    capabilities: frozenset[Capability] = frozenset()

    def __init__(self, tables: Sequence[AnalyticsTable] = ()) -> None:
        self._tables = tables

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        raise _elsewhere()

    def stream(self, sql: str, params: Mapping[str, object] | None = None, *, rows: int) -> Iterator[pa.Table]:
        raise _elsewhere()

    def last_batch(self) -> int:
        raise _elsewhere()

    def apply(self, number: int, rows: Mapping[str, pa.Table]) -> None:
        raise _elsewhere()

    def columns(self, relation: str) -> dict[str, str]:
        raise _elsewhere()

    def copy_to(self, path: Path) -> None:
        raise _elsewhere()

    def declared(self) -> Sequence[AnalyticsTable]:
        return self._tables

    def rewrite(
        self,
        without: Sequence[Without],
        added: Mapping[str, pa.Table],
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        raise _elsewhere()

    def close(self) -> None:
        """Nothing is open."""


def _elsewhere() -> ForetellError:
    return ForetellError(
        "NOT_LEADING",
        "another process of this workspace has the analytics store",
        next_step="Ask that one, or wait until this one leads.",
        transient=True,
    )
