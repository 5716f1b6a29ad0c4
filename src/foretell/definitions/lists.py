"""Reference lists: ``reference/KEY.csv``, values that conditions hold others against (``in_list: KEY``)."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from foretell.definitions.problem import Problem, problems_from, raise_errors
from foretell.definitions.texts import KEY_PATTERN
from foretell.engine import scratch
from foretell.errors import ForetellError, explain_os_errors

FOLDER = "reference"
MOST_MB = 64
"""Of one list's file."""
_NUMBERS = r"""SELECT CASE WHEN regexp_matches(s, '^-?(0|[1-9][0-9]{0,11})([.][0-9]{1,6})?$')
  THEN CAST(CAST(s AS DECIMAL(18, 6)) * 1000000 AS BIGINT) END AS n FROM told"""
VALUES = pa.schema([("place", pa.int32()), ("field", pa.string()), ("s", pa.string()), ("n", pa.int64())])
"""A list's values: the column's place and name, the text, and in micro units the number that it writes."""


@dataclass(frozen=True)
class ReferenceList:
    """A list as its file stands.

    Args:
        key: the file's name without ``.csv``.
        file: path relative to the workspace.
        columns: the names in its first line.
        rows: lines below it.
        fingerprint: of its content.
    """

    key: str
    file: str
    columns: tuple[str, ...]
    rows: int
    fingerprint: str

    @property
    def name(self) -> str:
        """As messages call it: ``list hiking_zips``."""
        return f"list {self.key}"


@dataclass(frozen=True)
class ReadList:
    """What was found in one file: the list and its cells as texts, where it is one."""

    list: ReferenceList | None = None
    cells: pa.Table | None = None
    problems: tuple[Problem, ...] = ()


def list_files(root: Path) -> list[Path]:
    """The CSV files of the workspace's reference folder, sorted."""
    return sorted(path for path in (root / FOLDER).glob("*.csv") if not path.name.startswith("."))


def read_list(root: Path, path: Path) -> ReadList:
    """One list with its cells; what is wrong with it is among the problems, with file and line."""
    file = path.relative_to(root).as_posix()
    key = path.name.removesuffix(".csv")
    if not re.fullmatch(KEY_PATTERN, key):
        step = "Begin with a lower-case letter; then lower-case letters, digits, _ and -, at most 64."
        return ReadList(problems=(Problem("BAD_KEY", f"{key!r} cannot be a list's key", "", f"{file}:1", step),))
    try:
        with explain_os_errors("definitions"):
            data = path.read_bytes()
    except ForetellError as error:
        return ReadList(problems=tuple(problems_from(error, thing=f"list {key}", where=file)))
    found = _Reading(key, file, data)
    table = found.table()
    if table is None:
        return ReadList(problems=tuple(found.problems))
    mark = hashlib.blake2b(data, digest_size=16).hexdigest()
    listed = ReferenceList(key, file, tuple(table.column_names), table.num_rows, mark)
    return ReadList(listed, table, tuple(found.problems))


@dataclass
class _Reading:
    key: str
    file: str
    data: bytes

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []

    def fault(self, line: int, message: str, step: str) -> None:
        where = f"{self.file}:{line}"
        self.problems.append(Problem("BAD_LIST", message, f"list {self.key}", where, step))

    def table(self) -> pa.Table | None:
        """The cells as texts; None with problems noted where there is no table in the file."""
        columns = self._columns()
        if columns is None:
            return None
        texts = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        )
        parsing = arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._ragged)
        try:
            found = arrow_csv.read_csv(
                io.BytesIO(self.data), convert_options=texts, parse_options=parsing,
                read_options=arrow_csv.ReadOptions(use_threads=False),
            )  # fmt: skip
        except pa.ArrowInvalid as error:
            self.fault(1, f"the list cannot be read: {error}", "Save it as comma-separated text in UTF-8.")
            return None
        return None if self.problems else found.rename_columns(columns)

    def _columns(self) -> list[str] | None:
        if len(self.data) > MOST_MB << 20:
            self.fault(1, f"the list is larger than {MOST_MB} MB", "Leave out columns that no condition needs.")
            return None
        try:
            lines = csv.reader(io.StringIO(self.data.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            self.fault(self.data.count(b"\n", 0, error.start) + 1, "the list is not UTF-8 text", "Save it as UTF-8.")
            return None
        columns = [name.strip() for name in next(lines, [])]
        if not columns or not all(columns) or len(set(columns)) < len(columns):
            what = "a column has no name" if len(set(columns)) == len(columns) else "two columns have the same name"
            step = "Write the names of the columns into the first line, the values below it."
            self.fault(1, what if columns else "the list is empty", step)
            return None
        return columns

    def _ragged(self, row: arrow_csv.InvalidRow) -> str:
        message = f"{row.actual_columns} cells stand where the first line names {row.expected_columns}"
        self.fault(row.number or 1, message, "Put a text that holds a comma in double quotes.")
        return "skip"


def values_of(table: pa.Table) -> pa.Table:
    """Of a list's cells each column's different texts, and a row without a text for each column."""
    parts = []
    for place, name in enumerate(table.column_names):
        texts = pc.unique(pc.utf8_trim_whitespace(table[name]).combine_chunks())
        texts = texts.filter(pc.not_equal(texts, ""))
        texts = pa.concat_arrays([pa.nulls(1, pa.string()), texts])
        size = len(texts)
        columns = [pa.repeat(pa.scalar(place, pa.int32()), size), pa.repeat(name, size), texts, _numbers(texts)]
        parts.append(pa.table(columns, schema=VALUES))
    return pa.concat_tables(parts)


def _numbers(texts: pa.Array) -> pa.Array:
    return scratch(_NUMBERS, {"told": pa.table({"s": texts})})["n"].combine_chunks()


def read_lists(root: Path) -> tuple[dict[str, ReferenceList], list[Problem]]:
    """The lists of a workspace by key, with everything that is wrong with them."""
    read = [read_list(root, path) for path in list_files(root)]
    found = {one.list.key: one.list for one in read if one.list is not None}
    return found, list(_stray(root)) + [problem for one in read for problem in one.problems]


def _stray(root: Path) -> Iterator[Problem]:
    """Warnings for files of the folder that no condition can name."""
    for path in sorted((root / FOLDER).glob("*")):
        if path.is_file() and path.suffix != ".csv" and not path.name.startswith("."):
            where = f"{path.relative_to(root).as_posix()}:1"
            step = "Save it as comma-separated text with the ending .csv."
            yield Problem("FILE_NOT_READ", "reference lists are CSV files", "", where, step, "warning")


def list_texts(root: Path, listed: ReferenceList, column: str) -> tuple[str, ...]:
    """What stands in a column of a list's file, each text once, in its order; of its first column where none is
    called so.

    Raises:
        DefinitionErrors: where the file can no longer be read.
    """
    return _texts(root, listed.file, listed.fingerprint, column)


@lru_cache(maxsize=64)
def _texts(root: Path, file: str, _fingerprint: str, column: str) -> tuple[str, ...]:
    found = read_list(root, root / file)
    raise_errors(found.problems)
    assert found.cells is not None
    name = column if column in found.cells.column_names else found.cells.column_names[0]
    texts = pc.unique(pc.utf8_trim_whitespace(found.cells[name]))
    return tuple(text for text in texts.to_pylist() if text)
