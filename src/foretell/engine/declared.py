"""Whether rows fit the analytics tables that the rooms declare.

Looked at before a batch is committed: a recorded batch that the analytics store then refuses would
stop all that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from foretell.engine.ports import AnalyticsTable
from foretell.errors import ForetellError

_INTEGERS = {"BIGINT", "INTEGER"}


def require_declared(tables: Iterable[AnalyticsTable], rows: Mapping[str, pa.Table]) -> None:
    """Refuse rows that the declared ``tables`` cannot take.

    Raises:
        ForetellError: ``TABLE_UNDECLARED``, ``COLUMN_UNDECLARED``, ``COLUMN_TYPE`` or ``KEY_MISSING``.
    """
    known = {table.name: table for table in tables}
    for name, part in rows.items():
        table = known.get(name)
        if table is None:
            raise ForetellError("TABLE_UNDECLARED", f"no room declares the table {name}", thing=name)
        lacking = [column for column in table.key if column not in part.column_names]
        if lacking:
            raise ForetellError("KEY_MISSING", f"rows of {name} lack their key {', '.join(lacking)}", thing=name)
        for column in part.schema:
            kind = table.columns.get(column.name)
            thing = f"{name}.{column.name}"
            if kind is None and not table.open:
                raise ForetellError("COLUMN_UNDECLARED", f"table {name} has no column {column.name}", thing=thing)
            if kind is not None and not _fits(column.type, kind):
                raise ForetellError(
                    "COLUMN_TYPE",
                    f"column {column.name} of {name} is {kind} and cannot take {column.type}",
                    thing=thing,
                )


def _fits(arrow: pa.DataType, kind: str) -> bool:
    """Whether values of an Arrow type go into an SQL type without being read as something else."""
    if pa.types.is_null(arrow) or kind == "VARCHAR":
        return True
    if pa.types.is_integer(arrow):
        return kind in _INTEGERS or kind == "DOUBLE"
    if pa.types.is_floating(arrow):
        return kind == "DOUBLE"
    if pa.types.is_boolean(arrow):
        return kind == "BOOLEAN"
    if pa.types.is_timestamp(arrow) or pa.types.is_date(arrow):
        return kind in {"TIMESTAMP", "DATE"}
    return kind not in {"TIMESTAMP", "DATE", "DOUBLE", "BOOLEAN"} | _INTEGERS
