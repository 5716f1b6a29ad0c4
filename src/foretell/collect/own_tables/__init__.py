"""Tables of the workspace's own: pets, contracts, stores; rows that belong to a person or an account.

A row is told by events of the log (:data:`ROW_SET`, :data:`ROW_REMOVED`), so that it can be read as of
any instant, follows its owner through merges, and is erased with them. What a load tells is the
difference to what is stored: loading the same file twice changes nothing.
"""

from __future__ import annotations

from foretell.collect.own_tables.document import TABLE, TableSpec
from foretell.collect.own_tables.frames import ROW_REMOVED, ROW_SET, TABLE_ROWS, decode_table
from foretell.collect.own_tables.listing import OwnTable, own_tables, rows_by_person, rows_of
from foretell.collect.own_tables.loading import LoadReport, load_file, load_rows
from foretell.collect.own_tables.noting import TABLE_ROWS_VIEW, VERSION_ROWS, table_versions
from foretell.collect.own_tables.series import TableSeries, series_of

__all__ = [
    "ROW_REMOVED",
    "ROW_SET",
    "TABLE",
    "TABLE_ROWS",
    "TABLE_ROWS_VIEW",
    "VERSION_ROWS",
    "LoadReport",
    "OwnTable",
    "TableSeries",
    "TableSpec",
    "decode_table",
    "load_file",
    "load_rows",
    "own_tables",
    "rows_by_person",
    "rows_of",
    "series_of",
    "table_versions",
]
