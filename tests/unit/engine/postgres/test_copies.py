"""A schema of PostgreSQL as files and back: everything that stands in a catalogue, as of one instant, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from foretell.engine import PostgresPlace
from foretell.engine.postgres.catalogue import described
from foretell.engine.postgres.connecting import Connections, lent
from foretell.engine.postgres.copies import DESCRIPTION, copy_schema, drop_schema, load_schema
from foretell.errors import ForetellError, UsageError
from tests.support.pairs import open_pair

MADE = """
CREATE TABLE arrivals (id BIGSERIAL, kind TEXT NOT NULL, body BYTEA, at TIMESTAMPTZ) PARTITION BY RANGE (id);
ALTER TABLE arrivals ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE arrivals ADD PRIMARY KEY (id);
CREATE TABLE arrivals_0 PARTITION OF arrivals FOR VALUES FROM (0) TO (100);
CREATE TABLE arrivals_1 PARTITION OF arrivals FOR VALUES FROM (100) TO (MAXVALUE);
CREATE INDEX arrivals_by_kind ON arrivals (kind) WHERE kind <> '';
CREATE TABLE people (
    key BIGINT GENERATED ALWAYS AS IDENTITY, name TEXT COLLATE "C" UNIQUE,
    score DOUBLE PRECISION DEFAULT 0.5 CHECK (score >= 0),
    long BIGINT GENERATED ALWAYS AS (length(name)) STORED, "Odd ""name" INTEGER[]);
CREATE UNIQUE INDEX people_by_key ON people (key DESC, lower(name));
CREATE UNLOGGED TABLE beats (process TEXT PRIMARY KEY);
INSERT INTO arrivals (kind, body, at) SELECT 'k' || (n % 3), decode(repeat('00ff', 3000), 'hex'), '2025-03-01Z'
    FROM generate_series(1, 150) n;
INSERT INTO people (name, "Odd ""name") VALUES (E'tab\\there', '{1,NULL,3}'), ('Ωmega 👋', NULL), (NULL, '{}');
INSERT INTO beats VALUES ('one');
"""


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[PostgresPlace, PostgresPlace]]:
    """A schema in which something lies, and one that is not there yet."""
    with open_pair("postgresql+duckdb") as pair:
        full, empty = (pair.schemas.place(tmp_path / name) for name in ("full", "empty"))
        with psycopg.connect(full.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(full.schema)))
            connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(full.schema)))
            connection.execute(MADE)
        yield full, empty


def standing(place: PostgresPlace) -> dict[str, Any]:
    """Definitions and rows of a schema."""
    connections = Connections(place, "test", most=1)
    with lent(connections) as link:
        told = described(link.connection, place.schema)
        rows = {
            name: sorted(map(repr, link.connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))))
            for name, *_ in told["tables"]
        }
    connections.close()
    return {"told": json.loads(json.dumps(told)), "rows": rows}


def test_a_schema_stands_again_as_it_stood(places: tuple[PostgresPlace, PostgresPlace], tmp_path: Path) -> None:
    full, empty = places
    files = copy_schema(full, tmp_path / "copy")
    assert sorted(path.name for path in files) == [
        "arrivals_0.copy", "arrivals_1.copy", "beats.copy", "people.copy", DESCRIPTION,
    ]  # fmt: skip
    load_schema(empty, tmp_path / "copy")
    before, after = standing(full), standing(empty)
    assert after == before
    assert len(after["rows"]["arrivals"]) == 150
    with psycopg.connect(empty.url) as connection:
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(empty.schema)))
        assert connection.execute("INSERT INTO arrivals (kind) VALUES ('new') RETURNING id").fetchone() == (151,)
        assert connection.execute("INSERT INTO people (name) VALUES ('new') RETURNING key").fetchone() == (4,)


def test_a_copy_is_as_of_one_instant(
    places: tuple[PostgresPlace, PostgresPlace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, empty = places

    def changed(connection: Any, schema: str) -> dict[str, Any]:
        told = described(connection, schema)
        with psycopg.connect(full.url) as other:
            other.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(full.schema, "people")))
        return told

    before = standing(full)
    monkeypatch.setattr("foretell.engine.postgres.copies.described", changed)
    copy_schema(full, tmp_path / "copy")
    load_schema(empty, tmp_path / "copy")
    assert standing(empty)["rows"] == before["rows"]
    assert standing(full)["rows"]["people"] == []


def test_a_schema_in_which_something_lies_is_refused(
    places: tuple[PostgresPlace, PostgresPlace], tmp_path: Path
) -> None:
    full, _ = places
    before = standing(full)
    copy_schema(full, tmp_path / "copy")
    with pytest.raises(UsageError) as caught:
        load_schema(full, tmp_path / "copy")
    assert caught.value.code == "NOT_EMPTY"
    assert standing(full) == before


@pytest.mark.parametrize("damage", ["rows", "definition"])
def test_of_a_damaged_copy_nothing_is_left(
    places: tuple[PostgresPlace, PostgresPlace], tmp_path: Path, damage: str
) -> None:
    full, empty = places
    copy_schema(full, tmp_path / "copy")
    if damage == "rows":
        path = tmp_path / "copy" / "people.copy"
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path = tmp_path / "copy" / DESCRIPTION
        path.write_text(path.read_text().replace("CREATE INDEX", "DROP TABLE beats; CREATE INDEX"))
    with pytest.raises(ForetellError) as caught:
        load_schema(empty, tmp_path / "copy")
    assert caught.value.code == "BACKUP_DAMAGED"
    with psycopg.connect(empty.url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", (empty.schema,)).fetchone()
    assert found == (0,)


def test_a_schema_that_is_dropped_is_gone(places: tuple[PostgresPlace, PostgresPlace], tmp_path: Path) -> None:
    full, empty = places
    copy_schema(full, tmp_path / "copy")
    drop_schema(full)
    load_schema(full, tmp_path / "copy")
    drop_schema(empty)
    assert len(standing(full)["rows"]["people"]) == 3
