"""Rows of people as a file."""

from __future__ import annotations

import csv
import io
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as papq

FileFormat = Literal["csv", "parquet"]
_BLOCK_ROWS = 50_000


def file_of(rows: pa.Table, form: FileFormat) -> bytes:
    """All rows as ``csv`` (UTF-8, a header, text quoted only where it has to be) or ``parquet``."""
    if form == "parquet":
        sink = pa.BufferOutputStream()
        papq.write_table(rows, sink)
        return bytes(sink.getvalue())
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")  # Arrow's would quote every text
    writer.writerow(rows.column_names)
    for batch in rows.to_batches(max_chunksize=_BLOCK_ROWS):
        writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return text.getvalue().encode()
