"""The analytics engine's errors, turned into errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from foretell.errors import ForetellError, UsageError

_ROOM = "Free some room; nothing acknowledged is lost."
_KNOWN = (
    (("no space left", "disk full", "could not write all"), "DISK_FULL", "the disk is full", _ROOM, True),
    (
        ("could not set lock", "conflicting lock"),
        "WORKSPACE_BUSY",
        "another process is writing to this workspace",
        "Wait until it has finished, or use another workspace.",
        True,
    ),
    (
        ("read-only file system",),
        "DISK_READ_ONLY",
        "the analytics store is read-only",
        "Make the data folder writable.",
        False,
    ),
    (
        ("permission denied",),
        "NOT_PERMITTED",
        "permission was denied",
        "Check owner and mode of the file.",
        False,
    ),
    (
        ("not a valid duckdb database", "database does not exist", "corrupt", "checksum"),
        "STORE_DAMAGED",
        "the analytics store is damaged or no analytics store",
        "Restore a backup.",
        False,
    ),
    (
        ("out of memory error",),
        "MEMORY_SHORT",
        "the analytics store has too little memory for this",
        "Raise engine.memory_mb in foretell.yaml, or ask for less at once.",
        False,
    ),
)
_WRONG_SQL = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.PermissionException,
)


_READING = ("SELECT", "WITH", "VALUES", "FROM", "(")


def only_reading() -> UsageError:
    """What is said to a query that would change something."""
    return UsageError(
        "BAD_SQL", "only one SELECT can be asked", thing="query", next_step="Begin with SELECT, WITH or VALUES."
    )


def require_reading(reader: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse all but one statement that reads; what a SELECT could still change, the read-only
    transaction refuses."""
    plain = sql.strip().rstrip(";")
    if plain.upper().startswith(_READING) and ";" not in plain:
        return
    statements = reader.extract_statements(sql)
    reading = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in reading:
        raise only_reading()


@contextmanager
def explain_engine_errors(path: Path, sql: str = "") -> Iterator[None]:
    """Turn the engine's errors into :class:`ForetellError`.

    Args:
        path: the store or file that is worked on.
        sql: the query, where somebody may have written it; its faults are then wrong usage.
    """
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if isinstance(error, duckdb.TransactionException) and "launched in read-only" in text:
            raise only_reading() from error
        if sql and isinstance(error, _WRONG_SQL):
            raise UsageError("BAD_SQL", text.splitlines()[0], thing="query", next_step=_hint(text)) from error
        for signs, code, what, next_step, transient in _KNOWN:
            if any(sign in text.lower() for sign in signs):
                raise ForetellError(code, what, where=str(path), next_step=next_step, transient=transient) from error
        raise ForetellError("ANALYTICS_FAILED", text.splitlines()[0], where=str(path)) from error


def _hint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()[1:] if line.strip(" ^")]
    return " ".join(lines)[:400] if lines else "Check the names of views and columns."
