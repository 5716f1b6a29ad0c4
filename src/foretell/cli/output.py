"""How commands answer: one JSON document for programs, tables and sentences for people."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from foretell.errors import DefinitionErrors, ForetellError

people = Console(highlight=False, soft_wrap=False)
log = Console(stderr=True, highlight=False)


class Format(str, Enum):
    """How rows are written."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


def plain(value: Any) -> Any:
    """A value as JSON knows it: instants as ISO 8601, decimals as numbers."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and value != value:
        return None
    return value


def emit_json(document: Any) -> None:
    """Write the one JSON document of a command to standard output."""
    sys.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def table(columns: Sequence[str | tuple[str, str]], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; a column may be given as (name, "right")."""
    shown = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        name, side = (column, "left") if isinstance(column, str) else column
        shown.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        shown.add_row(*("" if cell is None else str(cell) for cell in row))
    people.print(shown)


def write_rows(rows: pa.Table, form: str) -> None:
    """Write all rows to standard output as ``csv``, ``parquet`` or ``json`` (one array)."""
    if form == "json":
        emit_json(rows.to_pylist())
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerow(rows.column_names)  # Arrow would quote every name
        sys.stdout.flush()
        pacsv.write_csv(rows, sys.stdout.buffer, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    else:
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink)
        sys.stdout.buffer.write(sink.getvalue())
    sys.stdout.flush()


def number(value: float | int | Decimal | None, digits: int = 0) -> str:
    """A number with thousands separated, or a dash where there is none."""
    return "–" if value is None or value != value else f"{value:,.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """A probability or rate as a percentage."""
    return "–" if value is None or value != value else f"{value * 100:.{digits}f} %"


def show_error(error: ForetellError, *, as_json: bool) -> None:
    """Tell a person what went wrong; programs get the same as JSON on standard output."""
    errors = error.errors if isinstance(error, DefinitionErrors) else [error]
    for single in errors:
        log.out(f"error: {single.headline}", style="red" if len(errors) == 1 else None)
        if single.next_step:
            log.out(f"  {single.next_step}")
    if as_json:
        emit_json({"error": error.as_dict()})


@dataclass
class Steps:
    """Progress of long work, drawn on a terminal alone."""

    progress: Progress | None
    task: Any = None

    def begin(self, title: str, total: float | None = None) -> None:
        """Start the next piece of work."""
        if self.progress is not None:
            if self.task is not None:
                self.progress.update(
                    self.task,
                    completed=self.progress.tasks[self.task].total or 1,
                    total=self.progress.tasks[self.task].total or 1,
                )
            self.task = self.progress.add_task(title, total=total)

    def advance(self, by: float) -> None:
        """Some of the present piece is done."""
        if self.progress is not None and self.task is not None:
            self.progress.advance(self.task, by)

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, completed=completed, total=total)


@contextmanager
def steps() -> Any:
    """Progress bars while a block runs; silent where standard error is no terminal."""
    if not log.is_terminal:
        yield Steps(None)
        return
    with Progress(
        TextColumn("{task.description:<34}"), BarColumn(bar_width=32), TimeElapsedColumn(), TimeRemainingColumn(),
        console=log, transient=True,
    ) as progress:  # fmt: skip
        yield Steps(progress)
