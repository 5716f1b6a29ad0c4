"""Whoever reads the analytics store waits neither for the writer nor for other readers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.ports import AnalyticsTable

TABLE = AnalyticsTable("facts", {"n": "BIGINT"}, open=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedAnalytics]:
    opened = EmbeddedAnalytics(tmp_path / "a.duckdb", memory_mb=256, threads=2)
    opened.declare([TABLE], [], create=True)
    opened.apply(1, {"facts": pa.table({"n": [1, 2]})})
    yield opened
    opened.close()


def count(store: EmbeddedAnalytics) -> int:
    return int(store.query("SELECT count(*) AS n FROM facts")["n"][0].as_py())


def test_a_reader_sees_what_is_committed_while_a_writer_writes(store: EmbeddedAnalytics) -> None:
    with ThreadPoolExecutor(1) as other, store._transaction():
        store._append("facts", pa.table({"n": [3]}))
        assert other.submit(count, store).result(timeout=20) == 2
    assert count(store) == 3


def test_readers_have_their_own_tables(store: EmbeddedAnalytics) -> None:
    barrier = threading.Barrier(4)

    def own(value: int) -> list[int]:
        barrier.wait(timeout=20)
        found = [store.query("SELECT n FROM mine", tables={"mine": pa.table({"n": [value]})}) for _ in range(20)]
        return [table["n"][0].as_py() for table in found]

    with ThreadPoolExecutor(4) as others:
        assert list(others.map(own, range(4))) == [[value] * 20 for value in range(4)]


def test_a_column_that_arrives_is_there_for_the_next_query(store: EmbeddedAnalytics) -> None:
    count(store)
    store.apply(2, {"facts": pa.table({"n": [3], "also": ["x"]})})
    assert store.query("SELECT also FROM facts WHERE n = 3")["also"].to_pylist() == ["x"]


def test_times_are_utc_for_every_reader(store: EmbeddedAnalytics) -> None:
    with ThreadPoolExecutor(3) as others:
        zones = others.map(lambda _: store.query("SELECT current_setting('TimeZone') AS z")["z"][0].as_py(), range(6))
    assert set(zones) == {"UTC"}
