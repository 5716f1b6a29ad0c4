"""The tables that are series over days, for whoever reads them as of an instant."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.clock import Duration
from foretell.collect.own_tables.document import spec_of
from foretell.definitions import Catalog

ROW = "row."
"""How the property of a column begins in the log."""


@dataclass(frozen=True)
class TableSeries:
    """A table whose rows are days.

    Args:
        table: its key.
        date: column of the day.
        by: (trait of people, column) pairs that say for whom a row counts; none: for everybody.
        columns: the columns of numbers.
        known_after_days: so long after its day a row counts as known, whenever it was loaded; None: from its
            loading on.
    """

    table: str
    date: str
    by: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    known_after_days: float | None


def series_of(catalog: Catalog) -> tuple[TableSeries, ...]:
    """All series of the workspace, by key of their table."""
    found = []
    for document in sorted(catalog.all("table"), key=lambda one: one.key):
        spec = spec_of(document)
        if spec.series is None:
            continue
        after = spec.series.known_after
        days = None if after is None else Duration.parse(after).days
        by = tuple(spec.series.by.items())
        found.append(TableSeries(document.key, spec.series.date, by, spec.measured, days))
    return tuple(found)
