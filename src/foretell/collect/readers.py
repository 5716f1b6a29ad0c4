"""Files as batches of rows, with bounded memory: CSV, Parquet and Excel."""

from __future__ import annotations

import codecs
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from foretell.collect.file_checks import empty
from foretell.collect.headers import csv_names, names_of
from foretell.collect.source_model import SourceSpec
from foretell.errors import ForetellError

BATCH_ROWS = 50_000
_BLOCK_BYTES = 8 * 1024 * 1024
_TEXT_LIMIT = 2_000
_BLANK_BYTES = 4_096
"""How far blank lines are looked for before a header."""


@dataclass
class RowFile:
    """A file that is read as rows.

    Args:
        schema: its columns.
        batches: the rows, ``line`` first: its number in the file, where a header is line 1. Rows of CSV
            and Excel files without any value are left out, but counted.
        rejected: (line, reason, text) of rows that do not fit the header; complete only when
            ``batches`` has been read to its end.
    """

    schema: pa.Schema
    batches: Iterator[pa.Table]
    rejected: list[tuple[int, str, str]] = field(default_factory=list)


def open_rows(path: Path, spec: SourceSpec) -> RowFile:
    """Open ``path`` as the format of ``spec``.

    Raises:
        ForetellError: ``FILE_FORMAT`` where it is something else, ``FILE_EMPTY`` where it has no column.
    """
    opened = {"csv": _open_csv, "parquet": _open_parquet, "xlsx": _open_excel}[spec.format]
    try:
        return opened(path, spec)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, KeyError, ValueError) as error:
        raise not_this_format(path, spec, error) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("zipfile", "openpyxl"):
            raise not_this_format(path, spec, error) from error
        raise


def not_this_format(path: Path, spec: SourceSpec, error: BaseException) -> ForetellError:
    """The error for a file that cannot be read as the source document says."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, UnicodeError) or "UTF8" in reason.upper().replace("-", ""):
        return ForetellError(
            "FILE_ENCODING",
            f"the file is not written in {spec.encoding}",
            where=str(path),
            next_step="Set encoding in the source document, e.g. encoding: latin-1.",
        )
    return ForetellError(
        "FILE_FORMAT",
        f"the file cannot be read as {spec.format}: {reason}",
        where=str(path),
        next_step="Check the format (and delimiter, encoding, sheet) in the source document.",
    )


def numbered(batches: Iterator[pa.Table], first: int) -> Iterator[pa.Table]:
    """Put the row number, from ``first`` on, before the columns."""
    for batch in batches:
        yield batch.add_column(0, "line", pa.array(np.arange(first, first + batch.num_rows)))
        first += batch.num_rows


def _open_parquet(path: Path, _: SourceSpec) -> RowFile:
    file = papq.ParquetFile(path)
    schema = file.schema_arrow.remove_metadata()
    batches = (pa.Table.from_batches([batch]).replace_schema_metadata(None) for batch in file.iter_batches(BATCH_ROWS))
    return RowFile(schema, numbered(batches, 1))


def _open_csv(path: Path, spec: SourceSpec) -> RowFile:
    rejected: list[tuple[int, str, str]] = []
    gaps: list[int] = []
    above = _blank_lines_above(path, spec)
    head = 1 if spec.header is None else spec.header.rows
    names = None if spec.header is None else csv_names(path, spec, spec.header, above)
    read = pacsv.ReadOptions(
        block_size=_BLOCK_BYTES, use_threads=False, skip_rows=above, column_names=names,
        skip_rows_after_names=0 if names is None else head,
    )  # fmt: skip

    def reject(row: Any) -> str:
        reason = f"the row has {row.actual_columns} fields where the header has {row.expected_columns}"
        gaps.append(int(row.number))
        text = str(row.text)
        if text.strip(f" \t{spec.delimiter}"):
            rejected.append((int(row.number), reason, text[:_TEXT_LIMIT]))
        return "skip"

    parse = pacsv.ParseOptions(
        delimiter=spec.delimiter, quote_char=spec.quote, newlines_in_values=True, invalid_row_handler=reject,
        ignore_empty_lines=False,
    )  # fmt: skip
    with pacsv.open_csv(_as_utf8(path, spec), read, parse) as opening:
        names = opening.schema.names
    rejected.clear()
    gaps.clear()
    as_text = pacsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )  # fmt: skip
    reader = pacsv.open_csv(_as_utf8(path, spec), read, parse, as_text)
    schema = pa.schema([(name, pa.string()) for name in names])
    batches = (pa.Table.from_batches([batch]) for batch in reader)
    return RowFile(schema, filled(_around(numbered(batches, above + head + 1), gaps)), rejected)


def _as_utf8(path: Path, spec: SourceSpec) -> pa.NativeFile:
    """The text of ``path``; reading raises ``UnicodeDecodeError`` where the encoding is another. UTF-8 is
    read as strictly: what the driver's rows that do not fit the header hold, it would not check."""
    same = codecs.lookup(spec.encoding).name == "utf-8"  # under its own name it would be passed on unread
    return pa.transcoding_input_stream(pa.input_stream(str(path)), "utf-8-sig" if same else spec.encoding, "utf-8")


def _blank_lines_above(path: Path, spec: SourceSpec) -> int:
    """How many blank lines come before the header. Raises ``UnicodeDecodeError`` where the encoding is another."""
    with pa.input_stream(str(path)) as file:
        start = codecs.getincrementaldecoder(spec.encoding)().decode(file.read(_BLANK_BYTES)).removeprefix("\ufeff")
    return sum(1 for _ in itertools.takewhile(lambda line: not line, start.splitlines()))


def filled(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Without the rows in which no column has a value; ``line`` comes first."""
    for batch in batches:
        some = functools.reduce(pc.or_, (pc.is_valid(column) for column in batch.columns[1:]))
        yield batch.filter(some)


def _around(batches: Iterator[pa.Table], left_out: list[int]) -> Iterator[pa.Table]:
    """Row numbers that count the rows too that the reader left out."""
    for batch in batches:
        gaps = np.sort(np.array(left_out, np.int64))
        lines = batch.column(0).to_numpy()
        lines = lines + np.searchsorted(gaps - np.arange(len(gaps)), lines, side="right")
        yield batch.set_column(0, "line", pa.array(lines))


def _open_excel(path: Path, spec: SourceSpec) -> RowFile:
    import openpyxl  # loads slowly, and only Excel files need it

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    if spec.sheet is not None and spec.sheet not in book.sheetnames:
        raise ForetellError(
            "SHEET_MISSING",
            f"there is no sheet called {spec.sheet!r}",
            where=str(path),
            next_step=f"Its sheets are: {', '.join(book.sheetnames)}.",
        )
    sheet = book[spec.sheet] if spec.sheet else book[book.sheetnames[0]]
    cells = sheet.iter_rows(values_only=True)
    if spec.header is None:
        names = [str(name).strip() for name in itertools.takewhile(lambda name: name is not None, next(cells, ()))]
    else:
        names = names_of(list(itertools.islice(cells, spec.header.rows)), spec.header, path)
    if not names:
        raise empty(path)
    schema = pa.schema([(name, pa.string()) for name in names])
    first = 2 if spec.header is None else spec.header.rows + 1
    return RowFile(schema, filled(numbered(_cell_batches(cells, schema), first)))


def _cell_batches(cells: Iterator[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.Table]:
    width = len(schema)
    while rows := list(itertools.islice(cells, BATCH_ROWS)):
        full = ([*row[:width], *[None] * (width - len(row))] for row in rows)
        columns = [pa.array([_cell_text(cell) for cell in column], pa.string()) for column in zip(*full, strict=True)]
        yield pa.table(columns, schema=schema)


def _cell_text(cell: object) -> str | None:
    """A cell as text: whole numbers without ``.0``, times in ISO 8601."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)
