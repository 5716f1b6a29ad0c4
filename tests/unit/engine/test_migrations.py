"""Migrations: each script once, in order, all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.engine import RoomParts
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.migrations import is_current, migrate, statements
from foretell.errors import ForetellError

FIRST = RoomParts("first", ("CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('1');",))
SECOND = RoomParts("second", ("INSERT INTO a VALUES ('2')", "INSERT INTO a VALUES ('3')"))


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedOps:
    return EmbeddedOps(tmp_path / "store.sqlite")


def test_a_script_is_cut_into_statements() -> None:
    assert statements("\nCREATE TABLE a (x TEXT);\n\n INSERT INTO a VALUES (1) ; \n") == [
        "CREATE TABLE a (x TEXT)",
        "INSERT INTO a VALUES (1)",
    ]
    assert statements(" ; \n;") == []


def test_scripts_run_once_in_the_order_of_the_rooms(store: EmbeddedOps) -> None:
    assert migrate(store, [FIRST, SECOND]) == 3
    assert migrate(store, [FIRST, SECOND]) == 0
    assert store.query("SELECT x FROM a") == [("1",), ("2",), ("3",)]


def test_an_appended_script_runs_alone(store: EmbeddedOps) -> None:
    migrate(store, [FIRST])
    longer = RoomParts("first", (*FIRST.migrations, "INSERT INTO a VALUES ('4')"))
    assert not is_current(store, [longer])
    assert migrate(store, [longer]) == 1
    assert is_current(store, [longer])
    assert store.query("SELECT x FROM a") == [("1",), ("4",)]


def test_a_script_that_fails_takes_everything_back(store: EmbeddedOps) -> None:
    broken = RoomParts("second", ("INSERT INTO a VALUES ('2')", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(ForetellError, match="nowhere"):
        migrate(store, [FIRST, broken])
    assert store.query("SELECT count(*) FROM sqlite_master") == [(0,)]
    assert not is_current(store, [])
    assert migrate(store, [FIRST, SECOND]) == 3


def test_scripts_of_a_newer_release_are_refused_and_nothing_is_changed(store: EmbeddedOps) -> None:
    migrate(store, [FIRST, SECOND])
    with pytest.raises(ForetellError) as caught:
        migrate(store, [FIRST, RoomParts("second", SECOND.migrations[:1]), RoomParts("other", ("DROP TABLE a",))])
    assert caught.value.code == "WORKSPACE_TOO_NEW"
    assert "second migration 2" in caught.value.headline
    assert store.query("SELECT count(*) FROM a") == [(3,)]
    assert not is_current(store, [FIRST])


def test_clustered_tables_are_known_by_their_key(store: EmbeddedOps) -> None:
    parts = RoomParts("first", ("CREATE TABLE a (x TEXT PRIMARY KEY) /*clustered*/",))
    migrate(store, [parts])
    with pytest.raises(ForetellError, match="rowid"):
        store.query("SELECT rowid FROM a")
