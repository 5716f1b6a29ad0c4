"""The rows at the head of a CSV or Excel file as names of its columns.

Exports of surveys put more than one row there: Qualtrics the field's key, the question and an import id, SurveyMonkey
the question (once for all columns of its choices) and below it the choice.
"""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from foretell.collect.file_checks import empty
from foretell.collect.source_model import Header, SourceSpec
from foretell.errors import ForetellError

BETWEEN = " / "


def csv_names(path: Path, spec: SourceSpec, header: Header, above: int) -> list[str]:
    """The names of the columns of a CSV file.

    Args:
        above: blank lines before the header.

    Raises:
        ForetellError: ``FILE_EMPTY``, ``HEADER_MISSING``. ``UnicodeDecodeError`` where the encoding is another.
    """
    encoding = "utf-8-sig" if spec.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else spec.encoding
    with path.open(encoding=encoding, newline="") as text:
        lines = itertools.islice(text, above, None)
        rows = csv.reader(lines, delimiter=spec.delimiter, quotechar=spec.quote)
        try:
            head = list(itertools.islice(rows, header.rows))
        except csv.Error as error:
            raise ValueError(str(error)) from error
    return names_of(head, header, path)


def names_of(head: Sequence[Sequence[object]], header: Header, path: Path) -> list[str]:
    """The names of columns.

    Args:
        head: the rows at the head; empty cells are None or an empty text.

    Raises:
        ForetellError: ``FILE_EMPTY`` where there are fewer rows; ``HEADER_MISSING`` where none has the sign.
    """
    if len(head) < header.rows:
        raise empty(path)
    if header.sign is not None and not any(header.sign in str(cell) for row in head[1:] for cell in row):
        raise ForetellError(
            "HEADER_MISSING",
            f"none of the rows 2 to {header.rows} holds {header.sign!r}, as the head of such a file does",
            where=str(path),
            next_step="Export it again with all rows of its header, or change header in the source document.",
        )
    width = max(map(len, head))
    texts = [[_text(row[place]) if place < len(row) else "" for place in range(width)] for row in head]
    while width and all(len(row) < width or row[width - 1] is None for row in head):
        width -= 1
    columns = [texts[0]] if header.names == "first" else [*map(_gone_on, texts[:-1]), texts[-1]]
    return _distinct(BETWEEN.join(filter(None, parts)) for parts in zip(*(row[:width] for row in columns), strict=True))


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _gone_on(row: Sequence[str]) -> list[str]:
    """An empty cell stands below the same heading as the one to its left."""
    return list(itertools.accumulate(row, _or_left))


def _or_left(left: str, cell: str) -> str:
    return cell or left


def _distinct(names: Iterable[str]) -> list[str]:
    """A column without a name has that of its place; the second of a name says so."""
    seen: Counter[str] = Counter()
    found = []
    for place, name in enumerate(names, 1):
        name = name or f"column {place}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
