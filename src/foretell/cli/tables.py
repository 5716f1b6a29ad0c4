"""Tables and sentences for people: as wide as the terminal, one line a row where rows are many."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

import pyarrow as pa
from rich.cells import cell_len, set_cell_size

from foretell.cli.output import clean
from foretell.cli.terminal import Lines, terminal

GAP = "  "
LEAST_WIDTH = 14
"""What a column of text keeps at least, where a table is too wide."""
PROSE_WIDTH, CELL_WIDTH, UNBOUNDED = 100, 100, 1_000_000
RECORDS = 20


people = Lines(lambda place: place.people)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Args:
        right: aligned at the right, never narrowed: numbers.
        cut: one line, its end left out where it is too long; else it goes on in the next line.
    """

    name: str
    right: bool = False
    cut: bool = False


def right(name: str) -> Column:
    """A column of numbers."""
    return Column(name, right=True)


def cut(name: str) -> Column:
    """A column of text whose end may be left out."""
    return Column(name, cut=True)


def table(columns: Sequence[str | Column], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns in which nothing stands are left out."""
    named = [Column(column) if isinstance(column, str) else column for column in columns]
    cells = [[clean("" if cell is None else str(cell)) for cell in row] for row in rows]
    kept = [place for place in range(len(named)) if not cells or any(row[place] for row in cells)]
    chosen = [named[place] for place in kept]
    inside = [[row[place] for place in kept] for row in cells]
    _draw(chosen, inside, _widths(chosen, inside, width()) or _natural(chosen, inside))


def result(rows: pa.Table, most: int) -> None:
    """Print the first ``most`` rows of a result: a table where it fits, else one block a row."""
    shown = rows.slice(0, most)
    columns = [Column(clean(field.name), _is_number(field.type), cut=True) for field in shown.schema]
    texts = [_texts(column) for column in shown.columns]
    cells = [list(row) for row in zip(*texts, strict=True)] if texts else []
    widths = _widths(columns, [[_short(cell) for cell in row] for row in cells], width())
    if widths is None:
        cells = cells[:RECORDS]
        _records(columns, cells)
    else:
        _draw(columns, cells, widths)
    if not cells:
        say("no rows", dim=True)
    if rows.num_rows > len(cells):
        say(f"… {rows.num_rows - len(cells):,} more; --json gives all of them")


def say(text: str, *, indent: int = 0, hang: int = 0, dim: bool = False) -> None:
    """Print a sentence, wrapped at words.

    Args:
        indent: spaces before it; ``hang``: further spaces before its second line and later ones.
    """
    lines = textwrap.wrap(
        clean(text), min(width(), PROSE_WIDTH), initial_indent=" " * indent, subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )  # fmt: skip
    for line in lines or [""]:
        people.out(line, style="dim" if dim else None, highlight=False)


def heading(text: str) -> None:
    """Print a line that stands out."""
    people.out(clean(text), style="bold", highlight=False)


def width() -> int:
    """Characters in a line; without an end where nobody looks (a file, a pipe)."""
    return terminal().columns or UNBOUNDED


def _natural(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([cell_len(column.name), *(cell_len(row[place]) for row in cells)]) for place, column in enumerate(columns)
    ]


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """How wide the columns become so that a row fits into ``room``; None where it cannot."""
    widths = _natural(columns, cells)
    least = [wide if column.right else min(wide, LEAST_WIDTH) for column, wide in zip(columns, widths, strict=True)]
    room -= len(GAP) * (len(columns) - 1)
    if sum(least) > room:
        return None
    while (over := sum(widths) - room) > 0:
        spare = [wide - floor for wide, floor in zip(widths, least, strict=True)]
        widest = max((wide, place) for place, wide in enumerate(widths) if spare[place])[1]
        second = max([wide for place, wide in enumerate(widths) if place != widest and spare[place]], default=0)
        widths[widest] -= min(over, spare[widest], max(widths[widest] - second, 1))
    return widths


def _draw(columns: Sequence[Column], cells: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    people.out(_line([replace(column, cut=True) for column in columns], [c.name for c in columns], widths)[0],
               style="dim", highlight=False)  # fmt: skip
    for row in cells:
        for line in _line(columns, row, widths):
            people.out(line, highlight=False)


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """A row as one line, or several where a cell goes on below."""
    parts = [
        [_cut(cell, wide)] if column.cut or column.right else textwrap.wrap(cell, wide, break_on_hyphens=False) or [""]
        for column, cell, wide in zip(columns, row, widths, strict=True)
    ]
    lines = []
    for number in range(max(map(len, parts), default=0)):
        texts = [part[number] if number < len(part) else "" for part in parts]
        padded = [
            " " * (wide - cell_len(text)) + text if column.right else set_cell_size(text, wide)
            for column, text, wide in zip(columns, texts, widths, strict=True)
        ]
        lines.append(GAP.join(padded).rstrip())
    return lines


def _records(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> None:
    names = max(cell_len(column.name) for column in columns)
    for number, row in enumerate(cells, start=1):
        people.out(f"row {number}", style="dim", highlight=False)
        for column, cell in zip(columns, row, strict=True):
            room = max(width() - names - 2 * len(GAP), LEAST_WIDTH)
            lines = textwrap.wrap(cell, room, max_lines=3, placeholder=" …", break_on_hyphens=False) or [""]
            for place, line in enumerate(lines):
                name = set_cell_size("" if place else column.name, names)
                people.out(f"{GAP}{name}{GAP}{line}".rstrip(), highlight=False)


def _cut(text: str, wide: int) -> str:
    return text if cell_len(text) <= wide else set_cell_size(text, wide - 1).rstrip() + "…"


def _short(text: str) -> str:
    return _cut(text, CELL_WIDTH)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _texts(column: pa.ChunkedArray) -> list[str]:
    """A column's values for people: numbers with the same digits, instants as short as all of them allow."""
    values = column.to_pylist()
    if pa.types.is_floating(column.type):
        digits = 2 if max((abs(v) for v in values if v is not None and v == v), default=0) >= 10 else 4
        return ["" if value is None else f"{value:.{digits}f}" for value in values]
    if pa.types.is_timestamp(column.type):
        return _instants(values)
    return ["" if value is None else clean(str(value)) for value in values]


def _instants(values: Sequence[datetime | None]) -> list[str]:
    known = [value for value in values if value is not None]
    shape = "%Y-%m-%d %H:%M:%S"
    if all(value.second == 0 and value.microsecond == 0 for value in known):
        shape = "%Y-%m-%d" if all(value.time() == time() for value in known) else "%Y-%m-%d %H:%M"
    return ["" if value is None else value.strftime(shape) for value in values]
