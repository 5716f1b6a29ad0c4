"""Operational SQL as PostgreSQL wants it."""

from __future__ import annotations

import pytest

from foretell.engine.postgres.sql import entering, numbered


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT ? + ?", "SELECT $1 + $2"),
        ("SELECT '?', 'it''s ?', ? -- why?\n, ?", "SELECT '?', 'it''s ?', $1 -- why?\n, $2"),
        ('SELECT "a?" FROM t /* ? */ WHERE x = ?', 'SELECT "a?" FROM t /* ? */ WHERE x = $1'),
        ("CREATE TABLE t (a TEXT, text TEXT NOT NULL) /*clustered*/",
         'CREATE TABLE t (a TEXT COLLATE "C", text TEXT COLLATE "C" NOT NULL) '),
        ("ALTER TABLE t ADD COLUMN b BLOB DEFAULT 'TEXT'", "ALTER TABLE t ADD COLUMN b BYTEA DEFAULT 'TEXT'"),
        ("SELECT CAST(n AS TEXT) FROM t", "SELECT CAST(n AS TEXT) FROM t"),
    ],
)  # fmt: skip
def test_parameters_and_types_are_put_in(sql: str, wanted: str) -> None:
    assert numbered(sql) == wanted


def test_rows_are_entered_from_columns() -> None:
    found = entering("INSERT INTO t (a, b) VALUES (?, 5, coalesce(?, '?{}')) ON CONFLICT (a) DO UPDATE SET b = 1")
    assert found is not None
    assert found.width == 2
    assert found.of_columns(("int8", "text")) == (
        "INSERT INTO t (a, b)  SELECT given.v0, 5, coalesce(given.v1, '?{}') "
        "FROM unnest($1::int8[], $2::text[]) AS given (v0, v1) ON CONFLICT (a) DO UPDATE SET b = 1"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET a = ? WHERE b = ?",
        "INSERT INTO t SELECT ?, a FROM b",
        "INSERT INTO t SELECT v FROM (VALUES (?)) AS x (v)",
        "INSERT INTO t VALUES (?, 1), (?, 2)",
        "INSERT INTO t VALUES (?) ON CONFLICT (a) DO UPDATE SET b = ?",
        "INSERT INTO t VALUES (1, 2)",
        "INSERT INTO t VALUES (?) RETURNING a",
        "DELETE FROM t WHERE a = ?",
    ],
)
def test_what_does_something_else_goes_row_by_row(sql: str) -> None:
    assert entering(sql) is None
