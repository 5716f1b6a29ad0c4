"""A workspace's schema, and the tables in it that are PostgreSQL's alone."""

from __future__ import annotations

from psycopg import sql

from foretell.engine.postgres.connecting import Link, lock_number

WORKSPACE_KEYS, COMMIT_MARKS = "workspace_keys", "commit_marks"
OWN_TABLES = (
    f'CREATE TABLE IF NOT EXISTS {WORKSPACE_KEYS} (name TEXT COLLATE "C" PRIMARY KEY, key BYTEA NOT NULL)',
    (
        f"CREATE TABLE IF NOT EXISTS {COMMIT_MARKS} (session UUID PRIMARY KEY, mark BIGINT NOT NULL, "
        "at TIMESTAMPTZ NOT NULL DEFAULT now()) WITH (fillfactor = 50)"
    ),
)
"""The workspace's keys, and of every session the last transaction that it committed."""
_KNOWN = "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename IN ($2, $3)"


def is_made(link: Link, schema: str) -> bool:
    """True where the schema is there with all of these tables."""
    found = link.connection.execute(_KNOWN, (schema, WORKSPACE_KEYS, COMMIT_MARKS)).fetchone()
    return found is not None and found[0] == len(OWN_TABLES)


def make_schema(link: Link, schema: str) -> None:
    """Make the schema and these tables where they are missing; of several processes one does."""
    with link.connection.transaction():
        link.connection.execute("SELECT pg_advisory_xact_lock($1)", (lock_number(schema, "schema"),))
        if is_made(link, schema):
            return
        known = link.connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = $1", (schema,)).fetchone()
        if known is None:  # whoever may not make schemas can still be given one
            link.connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for statement in OWN_TABLES:
            link.connection.execute(sql.SQL(statement))
