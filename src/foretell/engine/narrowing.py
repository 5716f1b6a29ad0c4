"""Wide views in queries that name a few of their columns.

The event log has two columns for each property that was ever seen, and a view that takes all of them costs a planner
more than the query itself. A query that names its columns reads a view of those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from foretell.engine.ports import AnalyticsTable
from foretell.engine.tabular import quoted

_WORDS = re.compile(r"\w+")
_TAKES_ALL = re.compile(
    r"(?:\bselect|\bdistinct|\ball|,|\.)\s*\*|(?<!count)\(\s*\*|/\*|--|\bcolumns\s*\(", re.IGNORECASE
)
_BEGINS = re.compile(r"\s*(?:(select)\b|with\s+(recursive\s+)?)", re.IGNORECASE)


def narrowed(sql: str, tables: Iterable[AnalyticsTable], columns: Mapping[str, Iterable[str]]) -> str:
    """``sql`` with the derived views of wide ``tables`` cut to the columns that it names; as it is where it may take
    others.

    Args:
        tables: those that take columns as they arrive.
        columns: table → the columns that it has.
    """
    words = set(_WORDS.findall(sql.lower()))
    wide = [table for table in tables if table.derived in words]
    begins = _BEGINS.match(sql) if wide else None
    if begins is None or _TAKES_ALL.search(sql) or any(_is_named_in(sql, str(table.derived)) for table in wide):
        return sql
    views = ", ".join(_view(table, [name for name in columns[table.name] if name.lower() in words]) for table in wide)
    if begins[1]:
        return f"WITH {views} {sql}"
    return f"WITH {begins[2] or ''}{views}, {sql[begins.end() :]}"


def _is_named_in(sql: str, name: str) -> bool:
    """Whether a query has a part of its own of this name."""
    return (
        re.search(rf"\b{name}\s*(\(\s*\w[^()]*\)\s*)?as\s+(not\s+)?(materialized\s*)?\(", sql, re.IGNORECASE)
        is not None
    )


def _view(table: AnalyticsTable, columns: Iterable[str]) -> str:
    person = f"coalesce(m.profile_key, t.{table.profile_column}) AS profile_key"
    chosen = ", ".join([*(f"t.{quoted(name)}" for name in columns), person])
    return (
        f"{table.derived} AS NOT MATERIALIZED (SELECT {chosen} FROM {table.name} t "
        f"LEFT JOIN merged m ON m.node_key = t.{table.profile_column})"
    )
