"""A whole schema as files, and back: definitions and rows as of one instant, whatever other processes write meanwhile.

Nothing beside the server is needed (no ``pg_dump`` of the right version). Rows are PostgreSQL's own binary form of
COPY, one file a table; the definitions are read from the catalogue, so that tables stand afterwards as they stood, and
the release that opens them brings them up to date.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from foretell.engine.postgres.catalogue import after_rows, before_rows, described, with_rows
from foretell.engine.postgres.connecting import Connection, Connections, lent
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError, UsageError, explain_os_errors

DESCRIPTION = "schema.json"
_LONG = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
_PART_BYTES = 1024 * 1024


def copy_schema(place: PostgresPlace, folder: Path) -> list[Path]:
    """Write the schema of ``place`` to ``folder``; returns the files.

    All of it is as of one instant: one transaction reads everything, and writers go on beside it.

    Raises:
        ForetellError: ``STORE_GONE``, ``DISK_FULL`` and the like.
    """
    with _session(place, "backup") as connection:
        folder.mkdir(parents=True)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            told = described(connection, place.schema)
            files = [folder / DESCRIPTION]
            files[0].write_text(json.dumps(told, indent=1), "utf-8")
            for name, columns in with_rows(told).items():
                files.append(folder / f"{name}.copy")
                text = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT binary)").format(sql.Identifier(name), columns)
                with files[-1].open("xb") as file, connection.cursor().copy(text) as rows:
                    for part in rows:
                        file.write(part)
            return files
        finally:
            connection.rollback()


def load_schema(place: PostgresPlace, folder: Path) -> None:
    """Make the schema of ``place`` of what :func:`copy_schema` wrote: all of it, or nothing.

    Raises:
        UsageError: ``NOT_EMPTY`` where something lies there; ForetellError: ``STORE_GONE``, ``BACKUP_DAMAGED``.
    """
    with _session(place, "restore") as connection:
        told = json.loads((folder / DESCRIPTION).read_text("utf-8"))
        with connection.transaction():
            require_empty(place, connection)
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(place.schema)))
            for text in before_rows(told):
                connection.execute(text)
            for name, columns in with_rows(told).items():
                _fill(connection, name, columns, folder / f"{name}.copy")
            for text in after_rows(told):
                connection.execute(text)
        for name in with_rows(told):
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))


def drop_schema(place: PostgresPlace) -> None:
    """Remove a schema with all that it holds."""
    with _session(place, "restore") as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(place.schema)))


def require_empty(place: PostgresPlace, connection: Connection | None = None) -> None:
    """Refuse a schema in which something lies; it need not be there yet.

    Raises:
        UsageError: ``NOT_EMPTY``.
    """
    if connection is None:
        with _session(place, "restore") as own:
            require_empty(place, own)
        return
    asked = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1"
    found = connection.execute(asked, (place.schema,)).fetchone()
    if found is None or found[0]:
        raise UsageError(
            "NOT_EMPTY", "a back-up is restored into an empty schema", where=f"schema {place.schema}",
            next_step="Name another database in the variable of stores.url, or drop the schema.",
        )  # fmt: skip


@contextmanager
def _session(place: PostgresPlace, purpose: str) -> Iterator[Connection]:
    connections = Connections(place, purpose, most=1, settings=_LONG)
    try:
        with explain_os_errors("back-up"), explain_server_errors(connections.where), lent(connections) as link:
            yield link.connection
    finally:
        connections.close()


def _fill(connection: Connection, name: str, columns: sql.Composed, path: Path) -> None:
    text = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(name), columns)
    try:
        with path.open("rb") as file, connection.cursor().copy(text) as rows:
            while part := file.read(_PART_BYTES):
                rows.write(part)
    except psycopg.errors.DataError as error:
        raise ForetellError("BACKUP_DAMAGED", f"the rows of {name} cannot be read", where=path.name) from error
