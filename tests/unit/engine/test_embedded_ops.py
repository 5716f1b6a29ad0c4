"""The embedded operational store: what only this one can get wrong."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine.embedded_ops import EmbeddedOps
from foretell.errors import ForetellError


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedOps:
    opened = EmbeddedOps(tmp_path / "odd name?#.sqlite")
    with opened.write() as tx:
        tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)")
    return opened


def test_a_commit_is_synced(store: EmbeddedOps) -> None:
    assert store._writer is not None
    pragmas = [store._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]


def test_readers_do_not_wait_for_the_writer(store: EmbeddedOps) -> None:
    found: list[object] = []
    with store.write() as tx:
        tx.execute("INSERT INTO things VALUES ('a', 1)")
        reader = threading.Thread(target=lambda: found.append(store.query("SELECT * FROM things")))
        reader.start()
        reader.join(30)
        assert found == [[]]
    assert store.query("SELECT * FROM things") == [("a", 1)]


def test_reading_changes_nothing(store: EmbeddedOps) -> None:
    with pytest.raises(ForetellError):
        store.query("INSERT INTO things VALUES ('a', 1)")
    assert store.query("SELECT count(*) FROM things") == [(0,)]


def test_a_disk_that_is_full_is_said_and_the_store_goes_on(store: EmbeddedOps) -> None:
    assert store._writer is not None
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(ForetellError) as caught, store.write() as tx:
        tx.executemany("INSERT INTO things VALUES (?, ?)", ((f"{n}" * 50, n) for n in range(10_000)))
    assert (caught.value.code, caught.value.transient) == ("DISK_FULL", True)
    with store.write() as tx:
        tx.execute("INSERT INTO things VALUES ('small', 1)")
    assert store.query("SELECT name FROM things") == [("small",)]


def test_what_the_driver_says_never_leaves_bare(store: EmbeddedOps) -> None:
    with pytest.raises(ForetellError) as caught:
        store.query("SELECT x FROM nowhere")
    assert caught.value.code == "STORE_FAILED"
    assert "nowhere" in caught.value.what
    with pytest.raises(ForetellError) as caught, store.write() as tx:
        tx.executemany("INSERT INTO things VALUES (?, ?)", [("a", 1), ("a", 2)])
    assert caught.value.code == "STORE_FAILED"
    assert store.query("SELECT count(*) FROM things") == [(0,)]


def test_a_store_opened_for_reading_is_not_written(store: EmbeddedOps, tmp_path: Path) -> None:
    store.close()
    reading = EmbeddedOps(tmp_path / "odd name?#.sqlite", read_only=True)
    with pytest.raises(ForetellError) as caught, reading.write():
        raise AssertionError("a reader began to write")
    assert caught.value.code == "WORKSPACE_READ_ONLY"
    assert reading.query("SELECT count(*) FROM things") == [(0,)]
    reading.close()


def test_a_missing_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(ForetellError) as caught:
        EmbeddedOps(tmp_path / "nowhere.sqlite", read_only=True)
    assert caught.value.code == "STORE_UNREADABLE"


def test_many_rows_need_no_many_parameters(store: EmbeddedOps) -> None:
    keys = pa.table({"n": list(range(100_000))})
    with store.write() as tx:
        tx.put("asked", keys, key="n")
        assert tx.query("SELECT count(*), max(n) FROM asked") == [(100_000, 99_999)]
        plan = str(tx.query("EXPLAIN QUERY PLAN SELECT * FROM asked WHERE n = 5"))
    assert "PRIMARY KEY" in plan


@pytest.mark.parametrize("height", [0, 1, 149, 150, 151, 300, 1_001])
def test_rows_entered_in_blocks_are_entered_as_one_by_one(store: EmbeddedOps, height: int) -> None:
    with store.write() as tx:
        tx.execute("CREATE TABLE pairs (a BIGINT PRIMARY KEY, b TEXT, times BIGINT NOT NULL)")
        add = "INSERT INTO pairs VALUES (?, ?, 1) ON CONFLICT (a) DO UPDATE SET times = times + 1, b = excluded.b"
        rows = [(n % 400, f"v{n}") for n in range(height)]
        assert tx.executemany(add, iter(rows)) == height
        wanted: dict[int, tuple[str, int]] = {}
        for a, b in rows:
            wanted[a] = (b, wanted.get(a, ("", 0))[1] + 1)
        found = tx.query("SELECT a, b, times FROM pairs ORDER BY a")
        assert found == [(a, *wanted[a]) for a in sorted(wanted)]
        again = tx.executemany(
            "INSERT INTO pairs VALUES (?, 'x', 0) ON CONFLICT (a) DO NOTHING", ((n,) for n in range(500))
        )
        assert again == 500 - len(wanted)


def test_rows_that_do_not_fit_the_statement_are_refused(store: EmbeddedOps) -> None:
    with pytest.raises(ForetellError), store.write() as tx:
        tx.executemany("INSERT INTO things VALUES (?, ?)", [("a", 1, 2)] * 600)
    assert store.query("SELECT count(*) FROM things") == [(0,)]
