"""What was forgotten lies in no file of the server any more."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from foretell.engine import PostgresPlace
from foretell.engine.postgres import PostgresOps
from foretell.testing.postgres import PostgresServer, postgres_server

TOKEN = "Qz7x81kTTb0w94mmVy3c2LhE"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running


def files_with_the_token(server: PostgresServer) -> list[str]:
    """Files of tables and indexes in which the token stands, once everything is written."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    base = server.folder / "data" / "base"
    return [file.name for file in base.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]


def test_no_file_of_a_compacted_store_holds_what_was_deleted_or_changed(server: PostgresServer) -> None:
    store = PostgresOps(PostgresPlace(server.url, "shop"))
    with store.write() as tx:
        tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, said TEXT)")
        tx.execute("CREATE INDEX things_said ON things (said)")
        tx.executemany("INSERT INTO things VALUES (?, ?)", [(f"{n} {TOKEN}", f"said {TOKEN} {n}") for n in range(200)])
        tx.executemany("INSERT INTO things VALUES (?, ?)", [(f"other {n}", f"{TOKEN}") for n in range(200)])
    assert files_with_the_token(server)
    with store.write() as tx:
        tx.execute(f"DELETE FROM things WHERE name LIKE '%{TOKEN}'")
        tx.execute("UPDATE things SET said = ''")
    assert files_with_the_token(server), "deleting alone leaves it in free blocks"
    store.compact()
    assert files_with_the_token(server) == []
    assert store.query("SELECT count(*) FROM things WHERE said = ''") == [(200,)]
    store.close()
