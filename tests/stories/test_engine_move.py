"""A workspace moves to PostgreSQL and back by the command line, and nothing that people see is another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.commands import Foretell, first_line
from tests.support.pairs import server_of_run
from tests.support.small_workspace import DOCUMENTS, EVENTS

SCHEMA = "moved_by_hand"
SETTINGS = f'# Ours.\nname: Little shop  # so called\nstores: {{url: "${{DB}}", schema: {SCHEMA}}}\n'


@pytest.fixture
def shop(foretell_command: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Foretell]:
    monkeypatch.setenv("DB", server_of_run().url)
    for name, text in {**DOCUMENTS, "foretell.yaml": SETTINGS, "events.jsonl": EVENTS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    here = Foretell(foretell_command, tmp_path)
    here("import", "events.jsonl", "--source", "site")
    here("apply")
    yield here
    with psycopg.connect(server_of_run().url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(SCHEMA)))


def seen(shop: Foretell) -> dict[str, Any]:
    """What people see of it."""
    return {
        "people": shop.rows("SELECT profile_id, first_seen, last_seen FROM profiles ORDER BY profile_id"),
        "events": shop.rows("SELECT message_id, event, profile_id FROM events ORDER BY message_id"),
        "buyers": shop.json("segment", "count", "buyers")["count"],
        "profile": shop.json("profile", "show", "user_id:u1"),
        "plan": shop.json("plan")["changes"],
    }


def test_there_and_back(shop: Foretell) -> None:
    before = seen(shop)
    dry = shop.json("engine", "move", "--to", "postgresql", "--dry-run")
    assert dry["tables"]["identifiers"] > 0
    assert shop.folder.joinpath("foretell.yaml").read_text() == SETTINGS
    moved = shop.json("engine", "move", "--to", "postgresql")
    assert (moved["to"], moved["switched"], moved["segments"]) == ("postgresql", True, {"buyers": 1})
    assert moved["bodies"] > 0
    text = shop.folder.joinpath("foretell.yaml").read_text()
    assert text.startswith("# Ours.\nname: Little shop  # so called\n")
    assert "operational: postgresql" in text
    (shop.folder / "data" / "operations.sqlite").rename(shop.folder / "kept.sqlite")
    assert seen(shop) == before
    (report,) = shop.json("import", "events.jsonl", "--source", "site")["files"]
    assert (report["events"], report["duplicates"]) == (0, 3)
    again = shop("engine", "move", "--to", "postgresql", status=2)
    assert first_line(again.stderr) == "error: foretell.yaml: stores.operational is postgresql already"
    (shop.folder / "data" / "spool").rename(shop.folder / "kept-spool")
    said = shop("engine", "move", "--to", "sqlite").stdout
    assert "were read back equal" in said
    assert "1 segment has the same people on both sides" in said
    assert seen(shop) == before


def test_what_is_missing_is_named(shop: Foretell) -> None:
    path = shop.folder / "foretell.yaml"
    path.write_text("name: Little shop\n")
    refused = shop("engine", "move", "--to", "postgresql", status=2)
    assert first_line(refused.stderr) == "error: foretell.yaml: stores.url is missing"
    assert "FORETELL_DATABASE_URL" in refused.stderr
    assert path.read_text() == "name: Little shop\n"
    path.write_text('stores: {url: "postgresql://nobody@127.0.0.1:9/none"}\n')
    gone = shop("engine", "move", "--to", "postgresql", status=1)
    assert "PostgreSQL does not answer" in gone.stderr
    assert path.read_text() == 'stores: {url: "postgresql://nobody@127.0.0.1:9/none"}\n'
