"""What every operational store and every analytics store must do. Another one is one more entry of ``STORES``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine import Analytics, AnalyticsTable, OperationalStore, View
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.spark.analytics import spark_analytics
from foretell.errors import ForetellError, UsageError
from tests.support import spark_run
from tests.support.pairs import PAIRS, open_pair

LOG = AnalyticsTable("log", {"seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "name": "VARCHAR"},
                     "node_key", order=("name", "ts"), open=True, derived="owned_log")  # fmt: skip
SCORES = AnalyticsTable("scores", {"node_key": "BIGINT", "v": "DOUBLE"}, "node_key", key=("node_key",))
MERGED = AnalyticsTable("merged", {"node_key": "BIGINT", "profile_key": "BIGINT"}, key=("node_key",))
NAMES = View("names", "SELECT DISTINCT name FROM owned_log", {"name": "Name."})


@dataclass(frozen=True)
class Opening:
    """How to open stores, as often as wanted, on the same data.

    Args:
        analytics: opens with the tables and views above declared.
    """

    ops: Callable[[Path], OperationalStore]
    analytics: Callable[[Path], Analytics]


def embedded_analytics(folder: Path) -> Analytics:
    store = EmbeddedAnalytics(folder / "analytics.duckdb", memory_mb=256, threads=2)
    store.declare([MERGED, LOG, SCORES], [NAMES], create=True)
    return store


def analytics_on_spark(folder: Path) -> Analytics:
    place = spark_run.lake_in(folder)
    store = spark_analytics(place, memory_mb=256, writing=True)
    store.declare([MERGED, LOG, SCORES], [NAMES], create=True)
    return store


ANALYTICS = {"duckdb": embedded_analytics, "spark": analytics_on_spark}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Iterator[Opening]:
    with open_pair(request.param) as stores:
        yield Opening(stores.ops, ANALYTICS[request.param.partition("+")[2]])


@pytest.fixture
def ops(pair: Opening, tmp_path: Path) -> Iterator[OperationalStore]:
    store = pair.ops(tmp_path)
    with store.write() as tx:
        tx.execute("CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT, x DOUBLE PRECISION)")
    yield store
    store.close()


@pytest.fixture
def analytics(pair: Opening, tmp_path: Path) -> Iterator[Analytics]:
    store = pair.analytics(tmp_path)
    yield store
    store.close()


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def log(*seqs: int, name: str = "Seen", **more: pa.Array) -> pa.Table:
    stamps = pa.array([datetime(2026, 1, 1, 0, 0, 0, seq) for seq in seqs], pa.timestamp("us"))
    return pa.table({"seq": list(seqs), "node_key": list(seqs), "ts": stamps, "name": [name] * len(seqs), **more})


class TestOperational:
    def test_what_is_committed_is_read_and_survives_closing(
        self, ops: OperationalStore, pair: Opening, tmp_path: Path
    ) -> None:
        with ops.write() as tx:
            assert tx.execute("INSERT INTO things VALUES (?, ?, ?)", ("a", 1, 0.5)) == 1
            assert tx.query("SELECT n FROM things") == [(1,)]
        ops.close()
        again = pair.ops(tmp_path)
        assert again.query("SELECT name, n, x FROM things") == [("a", 1, 0.5)]
        again.close()

    def test_an_exception_takes_everything_back(self, ops: OperationalStore) -> None:
        def stopped() -> None:
            with ops.write() as tx:
                tx.execute("INSERT INTO things VALUES ('a', 1, NULL)")
                tx.execute("CREATE TABLE others (n BIGINT)")
                raise KeyError("stop")

        with pytest.raises(KeyError):
            stopped()
        assert ops.query("SELECT count(*) FROM things") == [(0,)]
        with ops.write() as tx:
            tx.execute("CREATE TABLE others (n BIGINT)")

    def test_a_statement_that_fails_takes_everything_back(self, ops: OperationalStore) -> None:
        with pytest.raises(ForetellError), ops.write() as tx:
            tx.executemany("INSERT INTO things VALUES (?, 1, NULL)", [("a",), ("a",)])
        assert ops.query("SELECT count(*) FROM things") == [(0,)]

    @pytest.mark.parametrize("count", [1, 7, 600])
    @pytest.mark.parametrize("shared", [None, -3, 2**61, "it's", "why?", "a\\b", "x" * 300])
    def test_rows_of_a_table_are_entered_whatever_they_share(
        self, ops: OperationalStore, count: int, shared: int | str | None
    ) -> None:
        kind = pa.string() if isinstance(shared, str) else pa.int64()
        with ops.write() as tx:
            column = "TEXT" if kind == pa.string() else "BIGINT"
            tx.execute(f"CREATE TABLE told (name TEXT PRIMARY KEY, n BIGINT, s {column}, one BIGINT)")
            names = pa.array([f"{number:04d}" for number in range(count)])
            numbers = pa.array([None if number % 5 == 3 else number for number in range(count)], pa.int64())
            table = pa.table({"name": names, "n": numbers, "s": pa.array([shared] * count, kind)})
            insert = "INSERT INTO told VALUES (?, ?, ?, 1) ON CONFLICT (name) DO NOTHING"
            assert tx.enter(insert, table) == count
            assert tx.enter(insert, table) == 0
            assert tx.enter(insert, table.slice(0, 0)) == 0
        wanted = [(*row.values(), 1) for row in table.to_pylist()]
        assert ops.query("SELECT name, n, s, one FROM told ORDER BY name") == wanted

    def test_reading_sees_what_is_committed_alone(self, ops: OperationalStore) -> None:
        with ops.write() as tx:
            tx.execute("INSERT INTO things VALUES ('a', 1, NULL)")
            assert ops.query("SELECT count(*) FROM things") == [(0,)]
        assert ops.query("SELECT count(*) FROM things") == [(1,)]

    def test_a_transaction_within_a_transaction_is_refused(self, ops: OperationalStore) -> None:
        with ops.write() as tx:
            tx.execute("INSERT INTO things VALUES ('a', 1, NULL)")
            with pytest.raises(ForetellError) as caught, ops.write():
                raise AssertionError("two writers")
            assert caught.value.code == "NESTED_TRANSACTION"
        assert ops.query("SELECT count(*) FROM things") == [(1,)]

    def test_one_writer_at_a_time(self, ops: OperationalStore) -> None:
        with ops.write() as tx:
            tx.execute("INSERT INTO things VALUES ('n', 0, NULL)")

        def count() -> None:
            for _ in range(10):
                with ops.write() as tx:
                    (n,) = tx.query("SELECT n FROM things")[0]
                    tx.execute("UPDATE things SET n = ?", (n + 1,))

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert ops.query("SELECT n FROM things") == [(40,)]

    def test_values_come_back_as_they_were(self, ops: OperationalStore) -> None:
        values = [
            (1, "é 😀 '; DROP TABLE things; --", 2**63 - 1, -0.1),
            (2, "", -(2**63), None),
            (3, "x" * 1_000_000, None, 1e300),
        ]
        with ops.write() as tx:
            tx.execute("CREATE TABLE said (number BIGINT PRIMARY KEY, words TEXT, n BIGINT, x DOUBLE PRECISION)")
            assert tx.executemany("INSERT INTO said VALUES (?, ?, ?, ?)", values) == 3
        assert ops.query("SELECT number, words, n, x FROM said ORDER BY number") == values

    @pytest.mark.parametrize("count", [3, 40])
    def test_rows_of_one_key_in_one_go_change_what_the_earlier_made(self, ops: OperationalStore, count: int) -> None:
        upsert = "INSERT INTO things VALUES (?, ?, 0.5) ON CONFLICT (name) DO UPDATE SET n = things.n + excluded.n"
        with ops.write() as tx:
            tx.executemany(upsert, [(f"name {n % 2}", n) for n in range(count)])
        evens, odds = sum(range(0, count, 2)), sum(range(1, count, 2))
        assert ops.query("SELECT name, n, x FROM things ORDER BY name") == [
            ("name 0", evens, 0.5),
            ("name 1", odds, 0.5),
        ]

    def test_texts_are_in_the_order_of_their_bytes(self, ops: OperationalStore) -> None:
        names = ["b", "B", "a", "_", "é", "z", "Z", "1"]
        with ops.write() as tx:
            tx.executemany("INSERT INTO things VALUES (?, 0, NULL)", [(name,) for name in names])
            tx.put("put", pa.table({"name": names}))
            assert tx.query("SELECT name FROM put ORDER BY name") == [(name,) for name in sorted(names)]
        assert ops.query("SELECT name FROM things ORDER BY name") == [(name,) for name in sorted(names)]
        assert ops.query("SELECT count(*) FROM things WHERE name < 'a'") == [(4,)]

    def test_sums_are_integers_and_truths_are_0_and_1(self, ops: OperationalStore) -> None:
        with ops.write() as tx:
            tx.executemany("INSERT INTO things VALUES (?, ?, ?)", [("a", 2**61, True), ("b", 2**61, 0), ("c", True, 1)])
        ((total, truth, average),) = ops.query(
            "SELECT sum(n), max(n) > 5, avg(length(name)) FROM things WHERE name <> 'c'"
        )
        assert (total, truth, average) == (2**62, 1, 1.0)
        assert [type(value) for value in (total, truth, average)] == [int, int, float]
        assert ops.query("SELECT n, x FROM things WHERE name = 'c'") == [(1, 1.0)]

    def test_numbers_of_changed_rows(self, ops: OperationalStore) -> None:
        with ops.write() as tx:
            insert = "INSERT INTO things VALUES (?, 1, NULL) ON CONFLICT (name) DO NOTHING"
            assert tx.executemany(insert, [("a",), ("b",), ("a",)]) == 2
            assert tx.executemany(insert, []) == 0
            assert tx.execute("UPDATE things SET n = 2 WHERE name = 'a'") == 1
            assert tx.execute("DELETE FROM things WHERE name = 'nobody'") == 0

    def test_an_upsert_keeps_what_it_says(self, ops: OperationalStore) -> None:
        upsert = (
            "INSERT INTO things SELECT name, n, NULL FROM put WHERE 1 = 1 "
            "ON CONFLICT (name) DO UPDATE SET n = excluded.n WHERE excluded.n > things.n"
        )
        with ops.write() as tx:
            tx.execute("INSERT INTO things VALUES ('a', 5, NULL), ('b', 1, NULL)")
            tx.put("put", pa.table({"name": ["a", "b", "c"], "n": [3, 3, 3]}))
            tx.execute(upsert)
        assert ops.query("SELECT name, n FROM things ORDER BY name") == [("a", 5), ("b", 3), ("c", 3)]

    def test_a_temporary_table_is_refilled(self, ops: OperationalStore) -> None:
        odd = pa.table({"order": [1], 'a "b"': ["x"], "flag": [True], "r": [0.5], "none": pa.nulls(1, pa.string())})
        with ops.write() as tx:
            tx.put("asked", pa.table({"n": [1, 2]}), key="n")
            assert tx.query("SELECT n FROM asked ORDER BY n") == [(1,), (2,)]
            tx.put("asked", odd)
            assert tx.query('SELECT "order", "a ""b""", r, none FROM asked WHERE flag') == [(1, "x", 0.5, None)]
            tx.put("asked", odd.slice(0, 0))
            assert tx.query("SELECT count(*) FROM asked") == [(0,)]

    def test_a_temporary_table_may_have_any_name_and_many_rows(self, ops: OperationalStore) -> None:
        many = pa.table({"n": list(range(50_000))})
        with ops.write() as tx:
            tx.put("group", many, key="n")
            assert tx.query('SELECT count(*), sum(n) FROM "group"') == [(50_000, sum(range(50_000)))]

    def test_faults_are_ours(self, ops: OperationalStore) -> None:
        for sql in ("SELECT * FROM nowhere", "SELEC 1", "INSERT INTO things (nothing) VALUES (1)"):
            with pytest.raises(ForetellError):
                ops.query(sql)


class TestAnalytics:
    def test_batches_are_appended_in_order_and_once(self, analytics: Analytics) -> None:
        assert analytics.last_batch() == 0
        for number in (1, 2, 2, 1):
            analytics.apply(number, {"log": log(number)})
        assert analytics.last_batch() == 2
        assert rows(analytics.query("SELECT seq FROM log ORDER BY seq")) == [(1,), (2,)]

    def test_a_batch_without_rows_counts(self, analytics: Analytics) -> None:
        analytics.apply(1, {})
        assert analytics.last_batch() == 1

    def test_what_was_applied_survives_closing(self, analytics: Analytics, pair: Opening, tmp_path: Path) -> None:
        analytics.apply(1, {"log": log(1, extra=pa.array(["x"]))})
        analytics.close()
        again = pair.analytics(tmp_path)
        assert again.last_batch() == 1
        assert rows(again.query("SELECT seq, extra FROM owned_log")) == [(1, "x")]
        again.close()

    def test_a_batch_that_is_refused_leaves_nothing(self, analytics: Analytics) -> None:
        with pytest.raises(ForetellError) as caught:
            analytics.apply(1, {"log": log(1, fresh=pa.array(["x"])), "nowhere": pa.table({"x": [1]})})
        assert caught.value.code == "TABLE_UNDECLARED"
        assert analytics.last_batch() == 0
        assert rows(analytics.query("SELECT count(*) AS n FROM log")) == [(0,)]

    def test_columns_arrive_with_their_types(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": log(1)})
        analytics.apply(2, {"log": log(2, p1s=pa.array(["x"]), p1n=pa.array([2**62], pa.int64()))})
        found = analytics.query("SELECT seq, p1s, p1n FROM owned_log ORDER BY seq")
        assert rows(found) == [(1, None, None), (2, "x", 2**62)]
        assert found.schema.field("p1n").type == pa.int64()
        assert list(analytics.columns("log"))[-2:] == ["p1s", "p1n"]

    def test_rows_with_columns_in_any_order_and_number_are_taken(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": pa.table({"name": ["late"], "seq": [1]})})
        assert rows(analytics.query("SELECT seq, node_key, name FROM log")) == [(1, None, "late")]

    def test_a_newer_row_of_a_key_replaces_the_older(self, analytics: Analytics) -> None:
        analytics.apply(1, {"scores": pa.table({"node_key": [1, 2, 1], "v": [0.1, 0.2, 0.3]})})
        analytics.apply(2, {"scores": pa.table({"node_key": [2, 3], "v": [0.5, 0.6]})})
        assert rows(analytics.query("SELECT node_key, v FROM scores ORDER BY 1")) == [(1, 0.3), (2, 0.5), (3, 0.6)]

    def test_merging_rewrites_nothing_and_views_follow(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": log(1, 2, 3)})
        analytics.apply(2, {"merged": pa.table({"node_key": [3], "profile_key": [2]})})
        analytics.apply(3, {"merged": pa.table({"node_key": [2, 3], "profile_key": [1, 1]})})
        assert rows(analytics.query("SELECT node_key FROM log ORDER BY seq")) == [(1,), (2,), (3,)]
        assert rows(analytics.query("SELECT profile_key FROM owned_log ORDER BY seq")) == [(1,), (1,), (1,)]

    def test_published_views_are_read(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": pa.concat_tables([log(1, name="b"), log(2, name="a"), log(3, name="a")])})
        assert rows(analytics.query("SELECT name FROM names ORDER BY name")) == [("a",), ("b",)]
        assert list(analytics.columns("names")) == ["name"]
        assert analytics.columns("nowhere") == {}

    def test_instants_are_kept_to_the_microsecond(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": log(999_999)})
        found = analytics.query(
            "SELECT ts FROM log WHERE ts > $before", {"before": datetime(2026, 1, 1, 0, 0, 0, 999_998)}
        )
        assert rows(found) == [(datetime(2026, 1, 1, 0, 0, 0, 999_999),)]

    def test_values_and_tables_are_handed_in(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": log(1, 2, 3)})
        wanted = {"wanted": pa.table({"k": [2, 3]})}
        sql = "SELECT l.seq FROM log l JOIN wanted w ON w.k = l.seq WHERE l.name = $name ORDER BY 1"
        assert rows(analytics.query(sql, {"name": "Seen"}, wanted)) == [(2,), (3,)]
        assert rows(analytics.query(sql, {"name": "'; DROP TABLE log; --"}, wanted)) == []
        with pytest.raises(UsageError):
            analytics.query("SELECT * FROM wanted")

    @pytest.mark.parametrize("sql", ["DELETE FROM log", "DROP TABLE log", "SELECT 1; DELETE FROM log", ""])
    def test_a_query_only_reads(self, analytics: Analytics, sql: str) -> None:
        analytics.apply(1, {"log": log(1)})
        with pytest.raises(UsageError) as caught:
            analytics.query(sql)
        assert caught.value.code == "BAD_SQL"
        assert rows(analytics.query("SELECT count(*) AS n FROM log")) == [(1,)]

    def test_wrong_sql_is_wrong_usage(self, analytics: Analytics) -> None:
        for sql in ("SELEC 1", "SELECT nothing FROM log", "SELECT * FROM nowhere"):
            with pytest.raises(UsageError) as caught:
                analytics.query(sql)
            assert (caught.value.code, caught.value.exit_status) == ("BAD_SQL", 2)

    def test_threads_ask_side_by_side(self, analytics: Analytics) -> None:
        analytics.apply(1, {"log": log(1, 2, 3)})
        found: list[int] = []

        def ask(number: int) -> None:
            extra = {"mine": pa.table({"k": [number]})}
            sql = "SELECT k + (SELECT count(*) FROM log) AS n FROM mine"
            found.append(analytics.query(sql, None, extra)["n"][0].as_py())

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(found) == list(range(3, 11))
