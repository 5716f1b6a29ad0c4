"""How commands answer programs (one JSON document, or rows in a format), and how errors are told."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from foretell.cli.terminal import Lines, terminal
from foretell.clock import naive_utc
from foretell.errors import DefinitionErrors, ForetellError

log = Lines(lambda place: place.log)


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


def plain(value: Any) -> Any:
    """A value as JSON knows it: instants as ISO 8601, decimals as numbers, other things as text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, pa.MonthDayNano):
        return f"P{value.months}M{value.days}DT{value.nanoseconds / 1e9:g}S"
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return instant(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def instant(value: datetime) -> str:
    """An instant in UTC, ISO 8601 with Z; stored instants have no zone and are UTC."""
    return (value if value.tzinfo is None else naive_utc(value)).isoformat() + "Z"


def emit_json(document: Any) -> None:
    """Write the one JSON document of a command to standard output."""
    text = json.dumps(plain(document), ensure_ascii=False, indent=2, allow_nan=False)
    write_bytes(text.encode() + b"\n")


def emit_rows(rows: pa.Table) -> None:
    """Write a result as the one JSON document: an array with an object for each row.

    Of columns with the same name, the second is called ``name_2``.
    """
    before = [rows.column_names[:place].count(name) for place, name in enumerate(rows.column_names)]
    names = [f"{name}_{n + 1}" if n else name for name, n in zip(rows.column_names, before, strict=True)]
    columns = [column.to_pylist() for column in rows.columns]
    emit_json([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])


def write_rows(rows: pa.Table, form: Format) -> None:
    """Write all rows to standard output as ``csv``, ``parquet`` or ``json`` (one array)."""
    if form is Format.json:
        emit_rows(rows)
    else:
        write_bytes(rows_as(rows, form))


def rows_as(rows: pa.Table, form: Format) -> bytes | pa.Buffer:
    """All rows as ``csv``, ``parquet`` or ``json`` (one array)."""
    if form is Format.json:
        return json.dumps([plain(row) for row in rows.to_pylist()], ensure_ascii=False).encode()
    if form is Format.csv:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")  # Arrow's would quote every text
        writer.writerow(rows.column_names)
        for batch in rows.to_batches(max_chunksize=50_000):
            writer.writerows(zip(*(map(plain, column.to_pylist()) for column in batch.columns), strict=True))
        return text.getvalue().encode()
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink)
    return sink.getvalue()


def write_bytes(data: bytes | pa.Buffer) -> None:
    """Write all of ``data`` to standard output, also where it takes only a part at a time."""
    terminal().write(memoryview(data))


def number(value: float | int | Decimal | None, digits: int = 0) -> str:
    """A number with thousands separated, or a dash where there is none."""
    return "–" if value is None or value != value else f"{value:,.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """A probability or rate as a percentage."""
    return "–" if value is None or value != value else f"{value * 100:.{digits}f} %"


def clean(text: str) -> str:
    """``text`` on one line, without what would steer the terminal."""
    return "".join(" " if letter.isspace() else letter if letter.isprintable() else "�" for letter in text)


def tell(text: str, style: str | None = None) -> None:
    """Write one line to standard error, where logs and errors go."""
    log.out(clean(text), style=style, highlight=False)


def tell_left_out(people: Mapping[str, int]) -> None:
    """Tell how many people were left out since it may not be done to them, by reason; nothing for nobody."""
    if people:
        tell(left_out_words(people))


def left_out_words(people: Mapping[str, int]) -> str:
    """How many people were left out, and why: ``3 people left out: 2 objected, 1 restricted``."""
    count = sum(people.values())
    reasons = ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in people.items())
    return f"{count:,} {'person' if count == 1 else 'people'} left out: {reasons}"


def warn(text: str) -> None:
    """Tell a person something that did not stop the work."""
    tell(f"warning: {text}")


def show_error(error: ForetellError, *, as_json: bool) -> None:
    """Tell a person what went wrong; programs get the same as JSON on standard output."""
    errors = error.errors if isinstance(error, DefinitionErrors) else [error]
    for single in errors:
        tell(f"error: {single.headline}", style="red" if len(errors) == 1 else None)
        if single.next_step:
            tell(f"  {single.next_step}")
    if as_json:
        emit_json({"error": error.as_dict()})
