"""Vectorised SQL over Arrow tables in memory, and over files, for decoding and arithmetic.

Nothing here touches the stores: these are calculators. Each thread has its own.
"""

from __future__ import annotations

import re
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from foretell.engine.analytics_errors import explain_engine_errors
from foretell.engine.kept_plans import KeptPlans
from foretell.engine.memory import KEPT, SESSION
from foretell.engine.tabular import quoted
from foretell.errors import ForetellError, explain_os_errors

_local = threading.local()
_ROWS = 1_000_000
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)

# Nothing is read but what is handed in, nothing is fetched, and what does not fit into memory goes to
# the system's folder for such files, not to wherever the process was started.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    **KEPT,
    "threads": 2,
    "autoinstall_known_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": str(Path(tempfile.gettempdir()) / "foretell-spill"),
}
_BEGIN = f"{SESSION}; SET preserve_insertion_order = true"
_CSV = {"delim": ",", "quote": '"', "escape": '"', "skip": 0, "comment": ""}
"""Told, not guessed: a guess can take the wrong line for the header and drop what stands before it, or
lines that begin with # for comments."""


def _connected(memory: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={**_CONFIG, "memory_limit": memory})
    connection.execute(_BEGIN)
    return connection


def _calculator() -> tuple[duckdb.DuckDBPyConnection, KeptPlans]:
    found: tuple[duckdb.DuckDBPyConnection, KeptPlans] | None = getattr(_local, "calculator", None)
    if found is None:
        connection = _connected("2GB")
        found = _local.calculator = (connection, KeptPlans(connection, _BEGIN))
    return found


def scratch(sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, object] | None = None) -> pa.Table:
    """Run ``sql`` over ``tables`` and return the result; nothing stays behind.

    Args:
        tables: readable by their names. Names of columns that differ in case alone are one to SQL.
        params: values for ``$name`` in the text.
    """
    connection, plans = _calculator()
    kept = plans.run(sql, tables, params or {}, _ROWS)
    if kept is not None:
        return kept
    try:
        for name, table in tables.items():
            connection.register(name, table)
        # Planned once; `connection.sql` plans twice, which costs more than a copy of the rows.
        result: pa.Table = connection.execute(sql, dict(params or {})).to_arrow_table(_ROWS)
        return result
    finally:
        for name in tables:
            connection.unregister(name)


@contextmanager
def private_calculator() -> Iterator[duckdb.DuckDBPyConnection]:
    """A calculator for work in many steps whose tables nobody else sees; for this room alone."""
    connection = _connected("2GB")
    try:
        yield connection
    finally:
        connection.close()


def open_file(
    path: Path,
    file_format: str,
    *,
    columns: Sequence[str] | None = None,
    options: Mapping[str, object] | None = None,
    order_by: str | None = None,
    spill: Path | None = None,
    batch_rows: int = 100_000,
) -> pa.RecordBatchReader:
    """Read a CSV or Parquet file as batches with bounded memory, ``file_row`` (1-based) first.

    Args:
        columns: the columns to read; None for all.
        options: for CSV: ``delim``, ``quote``, ``encoding``; all columns are read as text. The first
            line names the columns.
        order_by: an SQL expression over the columns; rows come sorted by it, then by ``file_row``,
            spilling to ``spill`` where they do not fit into memory.

    Raises:
        ForetellError: ``FILE_UNREADABLE``, here or while batches are read; ``DISK_FULL`` and the like.
    """
    with explain_os_errors("file"), path.open("rb"):
        pass
    connection = _connected("1GB")
    if spill is not None:
        connection.execute("SET temp_directory = $spill", {"spill": str(spill)})
    wanted = ", ".join(map(quoted, columns)) if columns else "*"
    csv = file_format != "parquet"
    settings = {**(_CSV if csv else {}), **(options or {})}
    arguments = ", ".join(["$path", *(f"{name} = ${name}" for name in settings)])
    if csv:
        arguments += ", all_varchar = true, header = true, strict_mode = true"
    reader = "read_csv" if csv else "read_parquet"
    sql = f"SELECT row_number() OVER () AS file_row, {wanted} FROM {reader}({arguments})"
    if order_by:
        sql = f"SELECT * FROM ({sql}) ORDER BY {order_by}, file_row"
    with _explained(path):
        batches = connection.sql(sql, params={"path": _literal(path), **settings}).to_arrow_reader(batch_rows)
    return pa.RecordBatchReader.from_batches(batches.schema, _each(batches, path))


def _each(batches: pa.RecordBatchReader, path: Path) -> Iterator[pa.RecordBatch]:
    with _explained(path):
        yield from batches


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what is wrong with a file, and where."""
    try:
        with explain_engine_errors(path):
            yield
    except (ForetellError, OSError, pa.ArrowException) as error:
        text = str(error.__cause__ if isinstance(error, ForetellError) else error)
        if isinstance(error, ForetellError) and error.code != "ANALYTICS_FAILED":
            raise
        line = re.search(r"CSV Error on Line: (\d+)", text)
        raise ForetellError(
            "FILE_UNREADABLE",
            "the file cannot be read: " + _fault(text),
            where=f"{path}:{line[1]}" if line else str(path),
            next_step="Check its format, delimiter, quotes and encoding.",
        ) from error


def _fault(text: str) -> str:
    """The line of an error's text that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Invalid Input Error: ", "Original Line: "))]
    return (telling or lines or ["no reason is given"])[0]


def _literal(path: Path) -> str:
    """``path`` with nothing in it that would be taken for a pattern."""
    return re.sub(r"([*?[])", r"[\1]", str(path))
