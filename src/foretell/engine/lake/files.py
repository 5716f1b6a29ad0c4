"""The Parquet files of a lake: from Arrow rows and back, in the types that tables are declared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from foretell.engine.lake.manifests import LakeFile
from foretell.engine.lake.places import Place
from foretell.engine.ports import AnalyticsTable
from foretell.engine.tabular import in_order
from foretell.errors import ForetellError

BATCH = "_batch"
"""Column of tables with a key: the recorded batch that wrote the row. Of rows with one key the newest counts."""
ARROW: dict[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
}
"""Types of the portable subset."""
_SQL = {pa.int64(): "BIGINT", pa.int32(): "INTEGER", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}
_RANGED = ("node_key", "seq")
_MONTHLY = "ts"
ROW_GROUP_ROWS = 122_880


def sql_type(kind: pa.DataType) -> str:
    """As what a column is kept that arrives in a table declared open."""
    return _SQL.get(kind, "VARCHAR")


def schema_of(columns: Mapping[str, str]) -> pa.Schema:
    """The Arrow schema of columns by their SQL types."""
    return pa.schema([(name, ARROW[kind]) for name, kind in columns.items()])


def sorted_by(table: AnalyticsTable, present: Sequence[str]) -> list[str]:
    """By what the rows of a file are ordered: the person, then time; else as the table is declared."""
    first = [name for name in (table.profile_column, _MONTHLY) if name in present and name is not None]
    return [*first, *(name for name in table.order if name in present and name not in first)]


def split(table: AnalyticsTable, rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """``rows`` by the part of the table that they belong to: the log by months, all others in one."""
    if not rows.num_rows:
        return
    if not (table.open and _MONTHLY in rows.column_names):
        yield "", rows
        return
    months = pc.strftime(rows[_MONTHLY], format="%Y-%m")
    for month in sorted(pc.unique(months).to_pylist(), key=str):
        # Rows without an instant belong to no month.
        of_it = pc.is_null(months) if month is None else pc.equal(months, month)
        yield month or "", rows.filter(of_it)


def write(place: Place, name: str, table: AnalyticsTable, part: str, rows: pa.Table) -> LakeFile:
    """Write rows of one part as a file; columns that hold nothing are left out, unless they are declared."""
    kept = [one for one in rows.column_names if one in table.columns or rows[one].null_count < rows.num_rows]
    ordered = in_order(rows.select(kept), sorted_by(table, kept))
    buffer = BytesIO()
    pq.write_table(
        ordered, buffer, compression="zstd", row_group_size=ROW_GROUP_ROWS, store_schema=False,
        use_dictionary=True, version="2.6",
    )  # fmt: skip
    content = buffer.getvalue()
    place.write(name, content)
    return LakeFile(name, rows.num_rows, len(content), part, _ranges(ordered))


def read(place: Place, file: LakeFile, columns: Mapping[str, str], only: Iterable[str] | None = None) -> pa.Table:
    """The rows of a file with all ``columns``, or ``only`` some; what was added since is null.

    Raises:
        ForetellError: ``LAKE_DAMAGED`` where it is gone or not as it was written.
    """
    wanted = {name: columns[name] for name in (columns if only is None else only)}
    content = place.read(file.name)
    try:
        if content is None:
            raise FileNotFoundError("it is gone")
        held = pq.ParquetFile(pa.BufferReader(content))
        there = [name for name in wanted if name in held.schema_arrow.names]
        rows = held.read(columns=there)
        if rows.num_rows != file.rows:
            raise ValueError(f"it holds {rows.num_rows} rows, the manifest says {file.rows}")
        return filled(rows, wanted)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ForetellError(
            "LAKE_DAMAGED", f"a file of the lake is not as it was written: {error}", where=place.address(file.name),
            next_step="Restore it from a backup.",
        ) from error  # fmt: skip


def filled(rows: pa.Table, columns: Mapping[str, str]) -> pa.Table:
    """``rows`` with exactly ``columns``, in their types; those that are missing are null."""
    return pa.table(
        [
            rows[name].cast(ARROW[kind]) if name in rows.column_names else pa.nulls(rows.num_rows, ARROW[kind])
            for name, kind in columns.items()
        ],
        schema=schema_of(columns),
    )


def _ranges(rows: pa.Table) -> dict[str, tuple[int, int]]:
    found = {}
    for name in _RANGED:
        if name in rows.column_names and rows[name].null_count < rows.num_rows:
            ends = pc.min_max(rows[name]).as_py()
            found[name] = (int(ends["min"]), int(ends["max"]))
    return found
