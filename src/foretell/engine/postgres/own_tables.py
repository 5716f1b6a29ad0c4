"""Tables of the spool, of recorded batches and of processes: PostgreSQL's alone, made when they are first needed."""

from __future__ import annotations

from psycopg import sql

from foretell.engine.postgres.connecting import Link, lock_number

SPAN = 1_000_000
"""Ids of a part of the spool; what is older than anybody needs goes by the part."""
ALIVE_SECONDS = 15
"""Whoever was not heard of for so long is gone."""
ALIVE = f"beat > clock_timestamp() - INTERVAL '{ALIVE_SECONDS} seconds'"
_MADE = "SELECT to_regclass($1) IS NOT NULL"
_TABLES = (
    "CREATE SEQUENCE IF NOT EXISTS spool_ids",
    # A frame as it stands in a segment file too: packed, with its checksum; the server need not pack it again.
    (
        "CREATE TABLE IF NOT EXISTS spool (id BIGINT NOT NULL, part BIGINT NOT NULL, frame BYTEA NOT NULL, "
        "PRIMARY KEY (id, part)) PARTITION BY RANGE (id)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS spool_waiting (id BIGINT PRIMARY KEY, size BIGINT NOT NULL, arrived TIMESTAMPTZ) "
        "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)"
    ),
    "CREATE TABLE IF NOT EXISTS batch_records (batch BIGINT PRIMARY KEY, content BYTEA NOT NULL)",
    "ALTER TABLE batch_records ALTER COLUMN content SET STORAGE EXTERNAL",
    (
        "CREATE TABLE IF NOT EXISTS processes (process TEXT PRIMARY KEY, role TEXT NOT NULL, "
        "is_leader BIGINT NOT NULL, address TEXT NOT NULL, token TEXT NOT NULL, beat TIMESTAMPTZ NOT NULL)"
    ),
)
_LAST = "processes"


def make_tables(link: Link, schema: str) -> None:
    """Make them where they are missing; of several processes one does."""
    if is_there(link, schema):
        return
    with link.connection.transaction():
        _alone(link, schema)
        for statement in _TABLES:
            link.connection.execute(sql.SQL(statement))


def is_there(link: Link, schema: str) -> bool:
    """True where the tables are there."""
    found = link.connection.execute(_MADE, (f'"{schema}".{_LAST}',)).fetchone()
    return found is not None and bool(found[0])


def make_part(link: Link, schema: str, number: int) -> None:
    """Make part ``number`` of the spool: ids from ``number * SPAN`` on."""
    name = f"spool_{number:06d}"
    with link.connection.transaction():
        _alone(link, schema)
        found = link.connection.execute(_MADE, (f'"{schema}".{name}',)).fetchone()
        if found is not None and found[0]:
            return
        # Attached, so that nobody who writes to the other parts has to wait.
        for text in (
            "CREATE TABLE {name} (LIKE spool INCLUDING ALL)",
            "ALTER TABLE {name} ALTER COLUMN frame SET STORAGE EXTERNAL",
            "ALTER TABLE spool ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({behind})",
        ):
            values = {"name": sql.Identifier(name), "first": number * SPAN, "behind": (number + 1) * SPAN}
            link.connection.execute(sql.SQL(text).format(**values))


def _alone(link: Link, schema: str) -> None:
    link.connection.execute("SELECT pg_advisory_xact_lock($1)", (lock_number(schema, "schema"),))
