"""Whole tables of a schema, in parts: for moves, beside the store's own connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from psycopg import sql

from foretell.engine.postgres.connecting import Connections, lent
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.settings import PostgresPlace

_OWN = ("spool", "spool_waiting", "batch_records", "processes", "workspace_keys", "commit_marks")
"""Tables that PostgreSQL alone has (see :mod:`.schema` and :mod:`.own_tables`), beside the parts of the spool."""
_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind = 'r' AND NOT c.relispartition
    AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum"""
_LONG = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}


def tables(place: PostgresPlace) -> dict[str, list[str]]:
    """Table → its columns in order, without PostgreSQL's own ones."""
    found: dict[str, list[str]] = {}
    with closing(Connections(place, "move", most=1)) as connections, explain_server_errors(connections.where):
        rows = connections.run(lambda link: link.connection.execute(_COLUMNS, (place.schema,)).fetchall())
    for table, column in rows:
        if table not in _OWN:
            found.setdefault(table, []).append(column)
    return found


def parts(place: PostgresPlace, text: str, rows: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of a query, ``rows`` at a time, by a cursor of the server."""
    with (
        closing(Connections(place, "move", most=1, settings=_LONG)) as connections,
        explain_server_errors(connections.where),
        lent(connections) as link,
        link.connection.transaction(),
    ):
        link.connection.execute(sql.SQL("DECLARE moving NO SCROLL CURSOR FOR ") + sql.SQL(text))
        fetch = sql.SQL("FETCH FORWARD {} FROM moving").format(sql.Literal(rows))
        while part := link.connection.execute(fetch).fetchall():
            yield part
