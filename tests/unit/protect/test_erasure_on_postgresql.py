"""Erasure where people are kept in PostgreSQL: a text that tells one stands in its files before, and in none after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from foretell import app, protect
from foretell.testing.postgres import PostgresServer, postgres_server
from tests.support import planted_shop
from tests.support.planted import frames, places
from tests.support.planted_shop import ENVIRONMENT, NOW, THEIRS, TOKEN, counts, opened, planted


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    """A server on which the planted shop lies."""
    with postgres_server() as running:
        stores = f"stores: {{operational: postgresql, url: '{running.url}'}}\n"
        documents = planted_shop.DOCUMENTS
        monkeypatch.setitem(documents, "foretell.yaml", documents["foretell.yaml"] + stores)
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        yield running


def in_rows(server: PostgresServer) -> set[str]:
    """Tables in which the token stands, packed bodies unpacked."""
    found = set()
    with psycopg.connect(server.url) as connection:
        connection.execute("SET search_path TO foretell")
        tables = connection.execute("SELECT relname FROM pg_class WHERE relnamespace = 'foretell'::regnamespace "
                                    "AND relkind = 'r' ORDER BY relname").fetchall()  # fmt: skip
        for (name,) in tables:
            rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
            texts = [b"".join(_unpacked(value) for value in row) for row in rows]
            if any(TOKEN.lower().encode() in text.lower() for text in texts):
                found.add(name)
    return found


def _unpacked(value: object) -> bytes:
    if not isinstance(value, bytes):
        return repr(value).encode()
    try:
        return b"".join(frames(value))
    except (ValueError, KeyError, pa.ArrowException):
        return value


def in_files(server: PostgresServer) -> list[str]:
    """Files of tables and indexes in which the token stands, once everything is written."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    files = [path for path in (server.folder / "data" / "base").rglob("*") if path.is_file()]
    return [path.name for path in files if TOKEN.lower().encode() in path.read_bytes().lower()]


def test_a_text_stands_in_postgresql_before_and_in_no_file_after(server: PostgresServer, tmp_path: Path) -> None:
    planted(tmp_path / "ws", tmp_path / "files", exports=False)
    root = tmp_path / "ws"
    assert in_rows(server) >= {
        "account_members", "cases", "consent_words", "identifiers", "inbox", "messages", "models", "node_traits",
        "quarantine", "spool_000000", "suppressions",
    }  # fmt: skip
    assert len(in_files(server)) > 10
    with opened(root) as shop:
        shop.engine.apply_pending()
        before = counts(shop)
        done = protect.erase_people(app.protected(shop), [f"user_id:{THEIRS}"], made_by="dpo", now=NOW)
    assert done.state == "done"
    assert in_rows(server) == set()
    assert in_files(server) == []
    assert places(TOKEN, root / "data", tmp_path / "scratch") == set()
    with opened(root) as shop:
        assert counts(shop) == before
