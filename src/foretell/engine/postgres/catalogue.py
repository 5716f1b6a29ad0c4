"""What a schema is made of, as the server's catalogue tells it, and the statements that make it once more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import sql

from foretell.engine.postgres.connecting import Connection
from foretell.errors import ForetellError

Description = dict[str, Any]
"""``server`` (its version), ``tables``, ``columns``, ``constraints``, ``indexes``, ``sequences``, as JSON keeps it."""
_TABLES = """
SELECT c.relname, c.relkind = 'p', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    p.relname, pg_get_expr(c.relpartbound, c.oid), c.relpersistence = 'u'
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY p.relname IS NOT NULL, c.relname"""
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(l.collname) END, pg_get_expr(d.adbin, d.adrelid),
    a.attnotnull, a.attidentity, a.attgenerated,
    CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum"""
_CONSTRAINTS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid, true)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = $1::regnamespace AND k.conparentid = 0 AND k.contype IN ('p', 'u', 'c')
ORDER BY c.relname, k.conname"""
_INDEXES = """
SELECT pg_get_indexdef(x.indexrelid, 0, true) FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relnamespace = $1::regnamespace AND NOT i.relispartition
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid) ORDER BY i.relname"""
_SEQUENCES = """
SELECT s.relname, q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, d.deptype = 'i', c.relname, a.attname,
    pg_sequence_last_value(s.oid)
FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid
LEFT JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class c ON c.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE s.relnamespace = $1::regnamespace ORDER BY s.relname"""
_NO_PART = (";", "--", "/*", "$$", "\\")
_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}


def described(connection: Connection, schema: str) -> Description:
    """The tables of a schema, which is the first of the connection's search path, with all that belongs to them."""

    def asked(text: LiteralString) -> list[list[Any]]:
        return [list(row) for row in connection.execute(text, (f'"{schema}"',)).fetchall()]

    return {
        "server": connection.info.server_version,
        "tables": asked(_TABLES),
        "columns": asked(_COLUMNS),
        "constraints": asked(_CONSTRAINTS),
        "indexes": [text for (text,) in asked(_INDEXES)],
        "sequences": asked(_SEQUENCES),
    }


def with_rows(told: Description) -> dict[str, sql.Composed]:
    """The tables that hold rows themselves → their columns that are kept and not computed."""
    return {name: _stored(told, name) for name, is_parent, *_ in told["tables"] if not is_parent}


def before_rows(told: Description) -> Iterator[sql.SQL | sql.Composed]:
    """What makes the tables, empty."""
    for name, increment, least, most, start, cache, of_identity, *_ in told["sequences"]:
        if not of_identity:
            text = sql.SQL("CREATE SEQUENCE {} INCREMENT {} MINVALUE {} MAXVALUE {} START {} CACHE {}")
            numbers = [sql.Literal(int(number)) for number in (increment, least, most, start, cache)]
            yield text.format(sql.Identifier(name), *numbers)
    for table in told["tables"]:
        yield from _table(told, *table)


def after_rows(told: Description) -> Iterator[sql.SQL | sql.Composed]:
    """What is made when the rows are there: keys, indexes, where sequences go on."""
    for table, name, text in told["constraints"]:
        named = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(sql.Identifier(table), sql.Identifier(name))
        yield named + _said(text)
    for text in told["indexes"]:
        yield _said(text)
    for name, *_, of_identity, table, column, last in told["sequences"]:
        if table is not None and not of_identity:
            owner = sql.Identifier(table, column)
            yield sql.SQL("ALTER SEQUENCE {} OWNED BY {}").format(sql.Identifier(name), owner)
        if last is not None:
            yield sql.SQL("SELECT setval({}, {})").format(sql.Literal(f'"{name}"'), sql.Literal(int(last)))


def _table(
    told: dict[str, Any], name: str, is_parent: bool, by: str | None, parent: str | None, bound: str | None, fast: bool
) -> Iterator[sql.Composed]:
    made = sql.SQL("CREATE UNLOGGED TABLE {}" if fast else "CREATE TABLE {}").format(sql.Identifier(name))
    if parent is not None:
        made += sql.SQL(" PARTITION OF {} ").format(sql.Identifier(parent)) + _said(str(bound))
    else:
        columns = sql.SQL(", ").join(_column(*row[:-1]) for table, *row in told["columns"] if table == name)
        made += sql.SQL(" ({})").format(columns)
    yield made + sql.SQL(" PARTITION BY ") + _said(str(by)) if is_parent else made
    for table, column, *_, storage in told["columns"]:
        if table == name and storage:
            text = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE ")
            yield text.format(sql.Identifier(name), sql.Identifier(column)) + _said(_STORAGE[storage])


def _column(
    name: str,
    kind: str,
    collation: str | None,
    given: str | None,
    needed: bool,
    identity: str,
    generated: str,
) -> sql.Composed:
    text = sql.Identifier(name) + sql.SQL(" ") + _said(kind)
    if collation is not None:
        text += sql.SQL(" COLLATE ") + _said(collation)
    if generated:
        text += sql.SQL(" GENERATED ALWAYS AS (") + _said(str(given)) + sql.SQL(") STORED")
    elif identity:
        text += sql.SQL(" GENERATED ALWAYS AS IDENTITY" if identity == "a" else " GENERATED BY DEFAULT AS IDENTITY")
    elif given is not None:
        text += sql.SQL(" DEFAULT ") + _said(given)
    return text + sql.SQL(" NOT NULL" if needed else "")


def _stored(told: dict[str, Any], name: str) -> sql.Composed:
    """The columns whose values are kept, not computed."""
    found = [row[1] for row in told["columns"] if row[0] == name and not row[7]]
    return sql.SQL(", ").join(sql.Identifier(column) for column in found)


def _said(text: str) -> sql.SQL:
    """A part of a definition as the catalogue told it.

    Raises:
        ForetellError: ``BACKUP_DAMAGED`` for what could be more than a part of one statement.
    """
    if any(sign in text for sign in _NO_PART):
        raise ForetellError("BACKUP_DAMAGED", f"{text[:60]!r} is no part of a definition", thing="back-up")
    return sql.SQL(text)
