"""Carrying what is left of erased people into stores that are derived again: no body tells it any more.

Rows that were made anonymous are known by their negative ``seq`` or, where a table has none, by their random key.
Property columns are numbered by their first appearance, so that they may have other numbers in the new store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from foretell.engine.anonymous import LEAST_KEY
from foretell.engine.batches import Batch
from foretell.engine.engine import Engine
from foretell.engine.event_log import PropertyColumns
from foretell.engine.ports import AnalyticsTable, RoomParts, Tx

_LOG, _ELEMENTS = "event_log", "event_elements"
_Path = tuple[str | None, str]


def carry_erased(live: Engine, side: Engine, rooms: Sequence[RoomParts], now: datetime) -> int:
    """Copy the anonymous rows of the tables that are derived again; returns how many there are."""
    found: dict[str, pa.Table] = {}
    for room in rooms:
        for table in room.tables if room.is_derived else ():
            rows = _anonymous(live, table)
            if rows is not None and rows.num_rows:
                found[table.name] = rows
    if not found:
        return 0
    paths = _paths(live)

    def work(tx: Tx, batch: Batch) -> None:
        for name, rows in found.items():
            batch.emit(name, _renumbered(tx, rows, paths) if name in (_LOG, _ELEMENTS) else rows)

    side.act("engine", work, now=now)
    return sum(rows.num_rows for rows in found.values())


def _anonymous(live: Engine, table: AnalyticsTable) -> pa.Table | None:
    if table.erased is None or not (table.profile_column or table.name == _ELEMENTS):
        return None
    which = "seq < 0" if "seq" in table.columns else f"{table.profile_column} >= {LEAST_KEY}"
    columns = [name for name in table.columns if name in table.erased or name == table.profile_column]
    if table.open:
        columns += _filled(live, table, which)
    listed = ", ".join(f't."{name}"' for name in columns)
    return live.analytics.query(f"SELECT {listed} FROM {table.name} t WHERE {which}")


def _filled(live: Engine, table: AnalyticsTable, which: str) -> list[str]:
    """The property columns in which the rows have values."""
    named = [name for name in live.analytics.columns(table.name) if name not in table.columns]
    if not named:
        return []
    counts = ", ".join(f"count({name}) AS {name}" for name in named)
    found = live.analytics.query(f"SELECT {counts} FROM {table.name} WHERE {which}").to_pylist()[0]
    return [name for name, count in found.items() if count]


def _paths(live: Engine) -> Mapping[str, _Path]:
    """Column → array and path of the property it holds."""
    rows = live.ops.query("SELECT number, array_path, path FROM property_columns")
    return {f"p{number}{side}": (array, path) for number, array, path in rows for side in "sn"}


def _renumbered(tx: Tx, rows: pa.Table, paths: Mapping[str, _Path]) -> pa.Table:
    """``rows`` with their property columns named as in the new store; paths that it lacks are entered."""
    known = PropertyColumns(tx.query("SELECT number, array_path, path FROM property_columns"))
    last = tx.query("SELECT coalesce(max(number), 0) FROM property_columns")[0][0]
    fresh: dict[_Path, int] = {}
    names = []
    for name in rows.column_names:
        if name not in paths:
            names.append(name)
            continue
        number = known.number(*paths[name]) or fresh.get(paths[name])
        if number is None:
            number = fresh[paths[name]] = last + len(fresh) + 1
            tx.execute("INSERT INTO property_columns VALUES (?, ?, ?)", (number, *paths[name]))
        names.append(f"p{number}{name[-1]}")
    return rows.rename_columns(names)
