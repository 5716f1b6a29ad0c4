"""Long tables of values as wide ones: a column of text and one of numbers for each path."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.values import joined

Positions = npt.NDArray[np.int64]


def wide_columns(leaves: pa.Table, height: int) -> dict[str, pa.Array]:
    """Columns ``s:PATH`` and ``n:PATH``; those without any value are left out.

    Args:
        leaves: ``owner`` (the row, in ``[0, height)``), ``path``, ``s``, ``n``. Of several members of
            one row and path the last counts, as in any reader of JSON.
        height: length of the columns.
    """
    owners = leaves["owner"].to_numpy()
    s, n = joined(leaves["s"]), joined(leaves["n"])
    has_text, has_number = _valid(s), _valid(n)
    numbers = n.fill_null(0).to_numpy()
    columns: dict[str, pa.Array] = {}
    for path, at in _by_path(joined(leaves["path"])):
        rows = owners[at]
        if has_text[at].any():
            columns[f"s:{path}"] = _text_column(s, at, rows, height)
        there = has_number[at]
        if there.any():
            values, missing = np.zeros(height, np.int64), np.ones(height, np.bool_)
            values[rows], missing[rows] = numbers[at], ~there
            columns[f"n:{path}"] = pa.array(values, mask=missing)
    return columns


def _text_column(s: pa.Array, at: Positions, rows: Positions, height: int) -> pa.Array:
    place = np.full(height, -1, np.int64)
    place[rows] = at
    return pc.take(s, pa.array(place, mask=place < 0), boundscheck=False)


def _valid(values: pa.Array) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = pc.is_valid(values).to_numpy(zero_copy_only=False)
    return result


def _by_path(paths: pa.Array) -> Iterator[tuple[str, Positions]]:
    """Each path in order of its first appearance, with the positions of its values."""
    coded = paths.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(coded.dictionary) + 1))
    for number, path in enumerate(coded.dictionary.to_pylist()):
        yield path, order[bounds[number] : bounds[number + 1]]
