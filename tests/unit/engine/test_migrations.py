"""Migrations: each script once, in order, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from foretell.app import ROOMS
from foretell.engine import PARTS, OperationalStore, RoomParts
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.migrations import is_current, migrate, statements
from foretell.errors import ForetellError
from tests.support.pairs import Pair, open_pair

FIRST = RoomParts("first", ("CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('1');",))
SECOND = RoomParts("second", ("INSERT INTO a VALUES ('2')", "INSERT INTO a VALUES ('3')"))


STORES = ("sqlite+duckdb", "postgresql+duckdb")


@pytest.fixture(params=STORES)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with open_pair(request.param) as stores:
        yield stores


@pytest.fixture
def store(pair: Pair, tmp_path: Path) -> Iterator[OperationalStore]:
    opened = pair.ops(tmp_path)
    yield opened
    opened.close()


def test_a_script_is_cut_into_statements() -> None:
    assert statements("\nCREATE TABLE a (x TEXT);\n\n INSERT INTO a VALUES (1) ; \n") == [
        "CREATE TABLE a (x TEXT)",
        "INSERT INTO a VALUES (1)",
    ]
    assert statements(" ; \n;") == []


def test_scripts_run_once_in_the_order_of_the_rooms(store: OperationalStore) -> None:
    assert migrate(store, [FIRST, SECOND]) == 3
    assert migrate(store, [FIRST, SECOND]) == 0
    assert store.query("SELECT x FROM a") == [("1",), ("2",), ("3",)]


def test_an_appended_script_runs_alone(store: OperationalStore) -> None:
    migrate(store, [FIRST])
    longer = RoomParts("first", (*FIRST.migrations, "INSERT INTO a VALUES ('4')"))
    assert not is_current(store, [longer])
    assert migrate(store, [longer]) == 1
    assert is_current(store, [longer])
    assert store.query("SELECT x FROM a") == [("1",), ("4",)]


def test_a_script_that_fails_takes_everything_back(store: OperationalStore) -> None:
    broken = RoomParts("second", ("INSERT INTO a VALUES ('2')", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(ForetellError, match="nowhere"):
        migrate(store, [FIRST, broken])
    for table in ("a", "migrations"):
        with pytest.raises(ForetellError):
            store.query(f"SELECT * FROM {table}")
    assert not is_current(store, [])
    assert migrate(store, [FIRST, SECOND]) == 3


def test_scripts_of_a_newer_release_are_refused_and_nothing_is_changed(store: OperationalStore) -> None:
    migrate(store, [FIRST, SECOND])
    with pytest.raises(ForetellError) as caught:
        migrate(store, [FIRST, RoomParts("second", SECOND.migrations[:1]), RoomParts("other", ("DROP TABLE a",))])
    assert caught.value.code == "WORKSPACE_TOO_NEW"
    assert "second migration 2" in caught.value.headline
    assert store.query("SELECT count(*) FROM a") == [(3,)]
    assert not is_current(store, [FIRST])


def test_clustered_tables_are_known_by_their_key(tmp_path: Path) -> None:
    store = EmbeddedOps(tmp_path / "store.sqlite")
    parts = RoomParts("first", ("CREATE TABLE a (x TEXT PRIMARY KEY) /*clustered*/",))
    migrate(store, [parts])
    with pytest.raises(ForetellError, match="rowid"):
        store.query("SELECT rowid FROM a")


def test_processes_that_migrate_at_once_run_every_script_once(pair: Pair, tmp_path: Path) -> None:
    stores = [pair.ops(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as processes:
        ran = sorted(processes.map(lambda store: migrate(store, [FIRST, SECOND]), stores))
    assert ran == [0, 0, 0, 3]
    assert stores[0].query("SELECT x FROM a ORDER BY x") == [("1",), ("2",), ("3",)]
    for store in stores:
        store.close()


LONGEST = max(len(parts.migrations) for parts in (PARTS, *ROOMS))


@pytest.mark.parametrize("count", range(1, LONGEST))
def test_every_earlier_schema_becomes_todays(pair: Pair, tmp_path: Path, count: int) -> None:
    """As far as each room had come when its ``count``-th script was its last, with a row in every table."""
    rooms = (PARTS, *ROOMS)
    earlier = [replace(parts, migrations=parts.migrations[:count]) for parts in rooms]
    for name in ("upgraded", "fresh"):
        (tmp_path / name).mkdir()
    with closing(pair.ops(tmp_path / "upgraded")) as upgraded, closing(pair.ops(tmp_path / "fresh")) as fresh:
        migrate(upgraded, earlier)
        assert _fill(upgraded) > 10
        assert migrate(upgraded, rooms) == sum(len(parts.migrations[count:]) for parts in rooms)
        assert is_current(upgraded, rooms)
        migrate(fresh, rooms)
        assert _shape(upgraded) == _shape(fresh)


def _shape(store: OperationalStore) -> list[tuple[object, ...]]:
    """Every column and index, whatever the order in which columns came to a table."""
    if isinstance(store, EmbeddedOps):
        tables = [name for (name,) in store.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = [(t, *row[1:4], row[5]) for t in tables for row in store.query(f"PRAGMA table_info({t})")]
        indexes = store.query("SELECT tbl_name, name, coalesce(sql, '') FROM sqlite_master WHERE type = 'index'")
        # An automatic index bears the name that its table had first.
        return sorted([*columns, *((t, name if sql else "", sql) for t, name, sql in indexes)], key=repr)
    columns = store.query(
        "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = current_schema()"
    )
    indexes = store.query("SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()")
    # The index of a primary key bears the name that its table had first.
    keys = [(t, "" if name.endswith("_pkey") else name, text.partition(" USING ")[2]) for t, name, text in indexes]
    return sorted([*columns, *keys], key=repr)


def _fill(store: OperationalStore) -> int:
    """One row into each table that has none; returns how many were filled."""
    count = 0
    for table, columns in _columns(store).items():
        with store.write() as tx:
            if tx.query(f"SELECT count(*) FROM {table}") == [(0,)]:
                values = ["1990-01-01" if "TEXT" in kind.upper() else 1 for kind in columns]
                count += tx.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    return count


def _columns(store: OperationalStore) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if isinstance(store, EmbeddedOps):
        for (table,) in store.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migrations'"):
            found[table] = [str(row[2]) for row in store.query(f"PRAGMA table_info({table})")]
        return found
    for table, kind in store.query(
        "SELECT table_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name NOT IN ('migrations', 'workspace_keys', 'commit_marks') ORDER BY table_name, ordinal_position"
    ):
        found.setdefault(table, []).append(kind)
    return found
