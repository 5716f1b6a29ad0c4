"""A second schema beside a workspace's, in which everything is derived again, and the change of places in one
transaction.

The spool stays where it is until then: bodies as they came are in neither schema's derived tables. Whoever changes the
workspace meanwhile makes the second schema stale, which the change of places finds out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg import sql

from foretell.engine.crash_points import reached
from foretell.engine.postgres.catalogue import Description, after_rows, before_rows, described, with_rows
from foretell.engine.postgres.connecting import Connection, Connections, lent, lock_number
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError, UsageError

SHADOW, BEFORE = "_rebuilt", "_before_rebuild"
"""Endings of the schemas beside the live one: what is derived again, and what was live before."""
_NAME_BYTES = 63
_LONG = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
_STAYING = ("spool", "spool_waiting", "processes")
"""Tables that belong to the workspace whatever is derived; parts of the spool with them."""
_NOT_COPIED = (*_STAYING, "batch_records")
_EMPTY = ("commit_marks",)
_PARTS = "SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE i.inhparent = to_regclass($1)"
_THERE = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
_LAST = "SELECT coalesce(max(batch), 0), clock_timestamp() FROM batches"
_SINCE = "SELECT coalesce((SELECT max(batch) FROM batches), 0), (SELECT max(at) FROM commit_marks)"


@dataclass(frozen=True)
class Shadow:
    """A schema as it was copied.

    Args:
        batch: the last batch of the live schema then.
        at: when that was, by the server's clock.
    """

    batch: int
    at: datetime


def shadow_of(place: PostgresPlace) -> PostgresPlace:
    """Where a workspace is derived again.

    Raises:
        UsageError: ``NAME_TOO_LONG`` where the schema's name leaves no room for an ending.
    """
    if len((place.schema + BEFORE).encode()) > _NAME_BYTES:
        raise UsageError(
            "NAME_TOO_LONG",
            f"the schema's name leaves no room for {BEFORE!r}",
            thing=f"schema {place.schema}",
            next_step="Restore a backup into a schema with a shorter name, and rebuild there.",
        )
    return PostgresPlace(place.url, place.schema + SHADOW)


def make_shadow(place: PostgresPlace, without: Collection[str]) -> Shadow:
    """Copy the live schema as of one instant, without the spool.

    Args:
        without: tables whose rows are not copied, since they are derived again.

    Raises:
        ForetellError: ``NOT_PERMITTED`` where the user may make no schema; ``STORE_GONE`` and the like.
    """
    beside = shadow_of(place).schema
    with _session(place) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            told = _kept(described(connection, place.schema))
            found = connection.execute(_LAST).fetchone()
            assert found is not None
            _drop(connection, beside)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(beside)))
            connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(sql.Identifier(beside)))
            for text in before_rows(told):
                connection.execute(text)
            for name, columns in with_rows(told).items():
                if name not in without and name not in _EMPTY:
                    _copy(connection, place.schema, name, columns)
            for text in after_rows(told):
                connection.execute(text)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return Shadow(*found)


def drop_shadow(place: PostgresPlace) -> None:
    """Remove what was derived again, where it is there."""
    with _session(place) as connection:
        _drop(connection, shadow_of(place).schema)


def drop_rests(place: PostgresPlace, *, promised: bool) -> list[str]:
    """Remove what rebuilds left beside the live schema; returns the names of the schemas that were there.

    Args:
        promised: what was derived again is to take the live schema's place, and stays.
    """
    names = [place.schema + BEFORE] + ([] if promised else [place.schema + SHADOW])
    with _session(place) as connection:
        found = [name for name in names if connection.execute(_THERE, (name,)).fetchone() is not None]
        for name in found:
            _drop(connection, name)
    return [f"schema {name}" for name in found]


def swap_schemas(place: PostgresPlace, made: Shadow) -> None:
    """Let the schema beside the live one take its place, with the live one's spool; nothing where it has already.

    Raises:
        ForetellError: ``REBUILD_STALE`` where the workspace was changed since it was copied; nothing is changed then.
    """
    live, beside, before = place.schema, shadow_of(place).schema, place.schema + BEFORE
    with _session(place) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock($1)", (lock_number(live, "writer"),))
        if connection.execute(_THERE, (beside,)).fetchone() is None:
            return
        found = connection.execute(_SINCE).fetchone()
        assert found is not None
        if found[0] != made.batch or (found[1] is not None and found[1] > made.at):
            raise ForetellError(
                "REBUILD_STALE",
                "the workspace was changed while it was derived again",
                where=f"schema {live}",
                next_step="Stop its servers, and run `foretell rebuild` once more; nothing was changed by it.",
            )
        parts = [name for (name,) in connection.execute(_PARTS, (f'"{live}".spool',)).fetchall()]
        _drop(connection, before)
        _drop_staying(connection, beside)
        for name in (*_STAYING, *parts):
            _move(connection, "ALTER TABLE {}.{} SET SCHEMA {}", live, name, beside)
        _move(connection, "ALTER SEQUENCE {}.{} SET SCHEMA {}", live, "spool_ids", beside)
        for old, new in ((live, before), (beside, live)):
            text = sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
            connection.execute(text)
        reached("swap.before_schemas")
    reached("swap.schemas")


def _drop_staying(connection: Connection, schema: str) -> None:
    """The empty tables for the spool that opening a schema makes."""
    for name in _STAYING:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(schema, name)))
    connection.execute(sql.SQL("DROP SEQUENCE IF EXISTS {}").format(sql.Identifier(schema, "spool_ids")))


def _move(connection: Connection, text: LiteralString, schema: str, name: str, to: str) -> None:
    connection.execute(sql.SQL(text).format(sql.Identifier(schema), sql.Identifier(name), sql.Identifier(to)))


def _copy(connection: Connection, schema: str, name: str, columns: sql.Composed) -> None:
    text = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}")
    connection.execute(text.format(sql.Identifier(name), columns, columns, sql.Identifier(schema, name)))


def _drop(connection: Connection, schema: str) -> None:
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def _kept(told: Description) -> Description:
    """A schema's description without the spool and what waits for the analytics store."""
    gone = {name for name, _, _, parent, *_ in told["tables"] if name in _NOT_COPIED or parent in _NOT_COPIED}
    of_tables = {
        kind: [row for row in told[kind] if row[0] not in gone] for kind in ("tables", "columns", "constraints")
    }
    sequences = [row for row in told["sequences"] if row[0] != "spool_ids" and row[7] not in gone]
    return {**told, **of_tables, "sequences": sequences}


@contextmanager
def _session(place: PostgresPlace) -> Iterator[Connection]:
    connections = Connections(place, "rebuild", most=1, settings=_LONG)
    try:
        with explain_server_errors(connections.where), lent(connections) as link:
            yield link.connection
    finally:
        connections.close()
