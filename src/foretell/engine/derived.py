"""Every view of a store: the derived ones of its tables, and those that rooms declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foretell.engine.ports import AnalyticsTable, View


def every_view(tables: Iterable[AnalyticsTable], views: Iterable[View]) -> Iterator[View]:
    """The derived views of ``tables`` and then ``views``, each after those that it reads."""
    for table in tables:
        if table.derived:
            yield View(
                table.derived,
                f"SELECT t.*, coalesce(m.profile_key, t.{table.profile_column}) AS profile_key "
                f"FROM {table.name} t LEFT JOIN merged m ON m.node_key = t.{table.profile_column}",
                {},
            )
    yield from views
