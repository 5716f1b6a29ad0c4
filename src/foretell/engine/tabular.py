"""Small operations on Arrow tables that several files need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def quoted(name: str) -> str:
    """``name`` as an identifier in SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def integers(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int64]:
    """An integer column without nulls as a numpy array; nulls would become made-up numbers: ValueError."""
    if column.null_count:
        raise ValueError(f"{column.null_count} of {len(column)} integers are missing")
    result: npt.NDArray[np.int64] = column.to_numpy().astype(np.int64, copy=False)
    return result


def python_rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of Python values, for drivers that take nothing else."""
    if table.num_columns == 0:
        return iter(())
    return zip(*map(_python_values, table.columns), strict=True)


def _python_values(column: pa.ChunkedArray) -> list[Any]:
    if column.null_count == len(column):
        return [None] * len(column)
    values: list[Any]
    if pa.types.is_string(column.type) or (pa.types.is_integer(column.type) and column.null_count == 0):
        values = column.to_numpy().tolist()  # a fifth of the time that one value after the other takes
    elif pa.types.is_integer(column.type):
        values = pc.fill_null(column, 0).to_numpy().tolist()
        for place in np.flatnonzero(column.is_null().to_numpy()).tolist():
            values[place] = None
    else:
        values = column.to_pylist()
    return values


def table_of(columns: Mapping[str, pa.DataType], rows: Sequence[Sequence[Any]] = ()) -> pa.Table:
    """A table of ``columns`` from rows of Python values (few rows: query results, tests)."""
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [pa.array(values, type=kind) for values, kind in zip(by_column, columns.values(), strict=True)]
    return pa.table(arrays, schema=pa.schema(list(columns.items())))


def with_column(table: pa.Table, name: str, values: pa.Array | npt.NDArray[Any]) -> pa.Table:
    """``table`` with ``name`` added or replaced."""
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    index = table.schema.get_field_index(name)
    return table.append_column(name, array) if index < 0 else table.set_column(index, name, array)


def beside(table: pa.Table, rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """``table`` with ``columns`` of ``rows`` added; both have ``row``, which ascends in ``rows``.

    Rows of ``table`` that ``rows`` lacks are left out.
    """
    wanted, known = integers(table["row"]), integers(rows["row"])
    place = np.searchsorted(known, wanted)
    found = place < len(known)
    found[found] = known[place[found]] == wanted[found]
    if not found.all():
        table, place = table.filter(pa.array(found)), place[found]
    taken = rows.select(list(columns)).take(pa.array(place))
    for name in columns:
        table = table.append_column(name, taken[name])
    return table


def in_order(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """``rows`` by ``columns``, ascending, nulls last; of equal ones the first stays first.

    Only the columns named are compared; the others are moved once. Texts are in the order of their bytes.
    """
    if not columns or rows.num_rows < 2:
        return rows
    keys = pa.table([_ranks(rows[name]) for name in columns], names=[str(place) for place in range(len(columns))])
    order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    return rows.combine_chunks().take(order)


def _ranks(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A column of texts as the places of its values among the distinct ones; other columns as they are."""
    if not pa.types.is_string(column.type):
        return column
    distinct = column.unique().drop_null()
    return pc.index_in(column, distinct.take(pc.array_sort_indices(distinct)))


def last_of_each(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """Of rows with the same ``key`` the last one; all rows where there is no key."""
    if not key:
        return rows
    place = "arrival_place"
    kept = rows.append_column(place, pa.array(range(rows.num_rows), pa.int64()))
    last = kept.group_by(list(key)).aggregate([(place, "max")])[f"{place}_max"]
    return rows if len(last) == rows.num_rows else rows.take(last.sort())
