"""A CSV, Parquet or Excel file as frames of rows.

The rows are first written to a temporary file of columns (so that a file that cannot be read to its
end is refused before anything is stored). Grouped sources are then read in the order of the groups,
sorted on the disk, so that a frame never splits a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as papq

from foretell.collect import frames
from foretell.collect.file_checks import check_text, checked_file, empty
from foretell.collect.file_frames import Progress
from foretell.collect.readers import RowFile, not_this_format, open_rows
from foretell.collect.repeats import Repeats
from foretell.collect.row_plan import RowPlan, row_plan
from foretell.collect.source_model import SourceSpec
from foretell.collect.told import Origin
from foretell.engine import open_file, scratch

MOST_REJECTED = 100_000
"""A file with more rows that do not fit its header is refused as a whole."""


def row_frames(path: Path, origin: Origin, spec: SourceSpec, zone: str) -> Iterator[Progress]:
    """The frames of a file, through its source document.

    Raises:
        ForetellError: ``UNKNOWN_COLUMN``, ``FILE_EMPTY``, ``FILE_FORMAT`` and the like, before the first frame.
    """
    start = checked_file(path)
    if spec.format == "csv":
        check_text(path, start)
    size = path.stat().st_size
    opened = open_rows(path, spec)
    plan = row_plan(spec, opened.schema, source=origin.source, zone=zone, where=str(path))
    with TemporaryDirectory(prefix="foretell-") as name:
        folder = Path(name)
        repeats = Repeats(folder)
        height = _write(path, opened, spec, plan, folder / "rows.parquet", repeats)
        if height + len(opened.rejected) == 0:
            raise empty(path)
        repeats.settle()
        done, rejected = 0, opened.rejected
        for rows in _read(folder, opened, spec, repeats):
            done += rows.num_rows
            yield Progress(frames.rows_frame(rows, origin, spec, zone, rejected), size * done // height)
            rejected = []
        if rejected:
            yield Progress(frames.rows_frame(_none(opened), origin, spec, zone, rejected), size)


def _write(path: Path, opened: RowFile, spec: SourceSpec, plan: RowPlan, target: Path, repeats: Repeats) -> int:
    """Write the rows to ``target`` as ``line``, ``c0``, ``c1`` …; returns how many there are."""
    names = ["line", *(f"c{number}" for number in range(len(opened.schema)))]
    schema = pa.schema([("line", pa.int64()), *zip(names[1:], opened.schema.types, strict=True)])
    height = 0
    try:
        with papq.ParquetWriter(target, schema, compression="lz4") as writer:
            for batch in opened.batches:
                rows = batch.rename_columns(names)
                writer.write_table(rows.cast(schema))
                height += rows.num_rows
                if len(opened.rejected) > MOST_REJECTED:
                    raise not_this_format(path, spec, ValueError(opened.rejected[0][1]))
                if not spec.group_by:
                    hashed = scratch(f"SELECT line, hash({plan.content}) AS h FROM rows", {"rows": rows})
                    repeats.add(hashed["h"].to_numpy(), hashed["line"].to_numpy())
    except (pa.ArrowException, UnicodeError) as error:
        raise not_this_format(path, spec, error) from error
    return height


def _read(folder: Path, opened: RowFile, spec: SourceSpec, repeats: Repeats) -> Iterator[pa.Table]:
    """The rows in frames: ``line``, ``nth``, the file's columns."""
    names = ["line", "nth", *opened.schema.names]
    schema = pa.schema([("line", pa.int64()), *((f"c{i}", kind) for i, kind in enumerate(opened.schema.types))])
    if not spec.group_by:
        for batch in papq.ParquetFile(folder / "rows.parquet").iter_batches(frames.FRAME_ROWS):
            rows = pa.Table.from_batches([batch]).cast(schema)
            nth = _nth(rows, repeats)
            yield rows.add_column(1, "nth", pa.array(nth)).rename_columns(names)
        return
    keys = [f"c{opened.schema.names.index(name)}" for name in spec.group_by]
    order = ", ".join([*keys, "line"])
    sorted_rows = open_file(
        folder / "rows.parquet", "parquet", order_by=order, spill=folder, batch_rows=frames.FRAME_ROWS
    )
    batches = (pa.Table.from_batches([batch]).drop_columns(["file_row"]).cast(schema) for batch in sorted_rows)
    for rows in whole_groups(batches, keys, frames.FRAME_ROWS):
        nth = np.zeros(rows.num_rows, np.int64)
        yield rows.add_column(1, "nth", pa.array(nth)).rename_columns(names)


def _nth(rows: pa.Table, repeats: Repeats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    lines = rows["line"].to_numpy()
    nth = np.zeros(len(lines), np.int64)
    first = int(lines[0])
    for offset, count in repeats.of(first, int(lines[-1]) - first + 1):
        nth[np.searchsorted(lines, first + offset)] = count
    return nth


def whole_groups(batches: Iterator[pa.Table], keys: list[str], frame_rows: int) -> Iterator[pa.Table]:
    """Cut rows, sorted by ``keys``, into pieces of about ``frame_rows`` so that rows that agree in them
    stay together."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(table.num_rows for table in waiting) < frame_rows:
            continue
        rows = pa.concat_tables(waiting)
        cut = _start_of_last_group(rows, keys)
        if cut:
            yield rows.slice(0, cut)
            rows = rows.slice(cut)
        waiting = [rows]
    rest = pa.concat_tables(waiting) if waiting else None
    if rest is not None and rest.num_rows:
        yield rest


def _start_of_last_group(rows: pa.Table, keys: list[str]) -> int:
    """Where the rows begin that agree with the last one; rows without a key form no group."""
    last = rows.num_rows - 1
    same = np.ones(rows.num_rows, np.bool_)
    for key in keys:
        value = rows[key][last]
        if not value.is_valid:
            return int(rows.num_rows)
        same &= pc.fill_null(pc.equal(rows[key], value), False).to_numpy()
    different = np.flatnonzero(~same)
    return int(different[-1]) + 1 if len(different) else 0


def _none(opened: RowFile) -> pa.Table:
    schema = pa.schema([("line", pa.int64()), ("nth", pa.int64()), *opened.schema])
    return schema.empty_table()
