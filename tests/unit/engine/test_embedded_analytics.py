"""The embedded analytics store: columns that arrive, keyed tables, views, and what it says when it fails."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from foretell.engine import AnalyticsTable, View, embedded_analytics
from foretell.engine.analytics_errors import explain_engine_errors
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.errors import ForetellError, UsageError

OPEN = AnalyticsTable("things", {"n": "BIGINT", "order": "BIGINT"}, order=("order",), open=True)
KEYED = AnalyticsTable("scores", {"who": "BIGINT", "as of": "VARCHAR", "v": "DOUBLE"}, key=("who", "as of"))
MERGED = AnalyticsTable("merged", {"node_key": "BIGINT", "profile_key": "BIGINT"}, key=("node_key",))
SEEN = AnalyticsTable("seen", {"node_key": "BIGINT"}, "node_key", open=True, derived="log_seen")
WHEN = pa.schema({"n": pa.int64(), "at": pa.timestamp("us")})
VIEW = View("all_things", "SELECT * FROM things", {})
ODD = ['a "quoted" name', "sp ace", "select", "semi; DROP TABLE things; --", "ümläut", "'", "%s $1 ?"]


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedAnalytics:
    return opened(tmp_path)


def opened(folder: Path, *, read_only: bool = False, views: tuple[View, ...] = (VIEW,)) -> EmbeddedAnalytics:
    found = EmbeddedAnalytics(folder / "analytics.duckdb", memory_mb=256, threads=1, read_only=read_only)
    found.declare([OPEN, KEYED, MERGED, SEEN], views, create=not read_only)
    return found


def asked(store: EmbeddedAnalytics, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in store.query(sql).to_pylist()]


def test_columns_with_any_name_arrive(store: EmbeddedAnalytics) -> None:
    store.apply(1, {"things": pa.table({"n": [1], "order": [1]})})
    for number, name in enumerate(ODD, start=2):
        store.apply(number, {"things": pa.table({"n": [number], "order": [1], name: [name]})})
    rows = store.query("SELECT * FROM things ORDER BY n")
    assert rows.column_names == ["n", "order", *ODD]
    assert [rows[name][place].as_py() for place, name in enumerate(ODD, start=1)] == ODD
    assert rows[ODD[0]].null_count == len(ODD)


def test_arriving_columns_take_the_type_of_what_arrives(store: EmbeddedAnalytics) -> None:
    store.apply(1, {"things": pa.table({"n": [1], "i": [2**62], "f": [0.5], "b": [True], "t": ["x"]})})
    kinds = store.columns("things")
    assert [kinds[name] for name in "ifbt"] == ["BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR"]


def test_views_see_columns_that_arrived_later(store: EmbeddedAnalytics) -> None:
    store.apply(1, {"seen": pa.table({"node_key": [1]}), "things": pa.table({"n": [1]})})
    store.apply(2, {"seen": pa.table({"node_key": [2], "new": ["x"]}), "things": pa.table({"n": [2], "late": ["y"]})})
    assert asked(store, "SELECT new FROM log_seen ORDER BY node_key") == [(None,), ("x",)]
    assert asked(store, "SELECT late FROM all_things ORDER BY n") == [(None,), ("y",)]


def test_a_derived_view_follows_todays_owner(store: EmbeddedAnalytics) -> None:
    store.apply(1, {"seen": pa.table({"node_key": [1, 2, 3]})})
    owners = "SELECT node_key, profile_key FROM log_seen ORDER BY 1"
    assert asked(store, owners) == [(1, 1), (2, 2), (3, 3)]
    store.apply(2, {"merged": pa.table({"node_key": [3], "profile_key": [2]})})
    store.apply(3, {"merged": pa.table({"node_key": [2, 3], "profile_key": [1, 1]})})
    assert asked(store, owners) == [(1, 1), (2, 1), (3, 1)]


def test_a_newer_row_replaces_the_older_of_its_key(store: EmbeddedAnalytics) -> None:
    first = pa.table({"who": [1, 2, None], "as of": ["t", "t", "t"], "v": [0.1, 0.2, 0.3]})
    store.apply(1, {"scores": first})
    store.apply(2, {"scores": pa.table({"who": [2, None, 2], "as of": ["t", "t", "u"], "v": [0.5, 0.6, 0.7]})})
    found = asked(store, 'SELECT who, "as of", v FROM scores ORDER BY ALL')
    assert found == [(1, "t", 0.1), (2, "t", 0.5), (2, "u", 0.7), (None, "t", 0.6)]


def test_of_one_key_twice_in_a_batch_the_last_stays(store: EmbeddedAnalytics) -> None:
    store.apply(1, {"scores": pa.table({"who": [1, 2, 1], "as of": ["t", "t", "t"], "v": [0.1, 0.2, 0.3]})})
    assert asked(store, "SELECT who, v FROM scores ORDER BY who") == [(1, 0.3), (2, 0.2)]


def test_a_batch_that_fails_half_way_leaves_nothing(store: EmbeddedAnalytics, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"things": pa.table({"n": [1], "fresh": ["x"]}), "seen": pa.table({"node_key": [1]})}
    real = EmbeddedAnalytics._append

    def append(self: EmbeddedAnalytics, name: str, part: pa.Table) -> None:
        if name == "seen":
            raise duckdb.IOException("IO Error: Could not write file: No space left on device")
        real(self, name, part)

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedAnalytics, "_append", append)
        with pytest.raises(ForetellError) as caught:
            store.apply(1, rows)
    assert caught.value.code == "DISK_FULL"
    assert store.last_batch() == 0
    assert asked(store, "SELECT count(*) FROM things") == [(0,)]
    assert "fresh" not in store.columns("things")
    store.apply(1, rows)
    assert (store.last_batch(), asked(store, "SELECT n, fresh FROM all_things")) == (1, [(1, "x")])


def test_a_batch_is_applied_once(store: EmbeddedAnalytics) -> None:
    for number in (1, 2, 2, 1):
        store.apply(number, {"things": pa.table({"n": [number]})})
    assert asked(store, "SELECT n FROM things ORDER BY n") == [(1,), (2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE things",
        "INSERT INTO things (n) VALUES (1)",
        "WITH gone AS (DELETE FROM things RETURNING n) SELECT * FROM gone",
        "SELECT 1; DROP TABLE things",
        "EXPLAIN ANALYZE DELETE FROM things",
        "COPY things TO 'stolen.csv'",
        "ATTACH 'other.duckdb'",
        "SET memory_limit = '1GB'",
        "",
        "   ;",
    ],
)
def test_a_query_only_reads(store: EmbeddedAnalytics, sql: str) -> None:
    store.apply(1, {"things": pa.table({"n": [7]})})
    with pytest.raises(UsageError) as caught:
        store.query(sql)
    assert caught.value.code == "BAD_SQL"
    assert asked(store, "SELECT n FROM things") == [(7,)]


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1 AS one;", "  with a as (select 1) from a", "(VALUES (1))", "FROM (SELECT 1)", "SELECT ';' AS x"],
)
def test_all_ways_of_asking_are_taken(store: EmbeddedAnalytics, sql: str) -> None:
    assert store.query(sql).num_rows == 1


@pytest.mark.parametrize("source", ["read_text('{file}')", "read_csv('{file}')", "'{file}'"])
def test_a_query_reaches_no_file(store: EmbeddedAnalytics, tmp_path: Path, source: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError):
        store.query(f"SELECT * FROM {source.format(file=secret)}")


@pytest.mark.parametrize("name", ["tables", "params", "sql", "pa", "duckdb"])
def test_a_query_reaches_no_variable_of_ours(store: EmbeddedAnalytics, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} does not exist"):
        store.query(f"SELECT * FROM {name}", tables={"mine": pa.table({"x": [1]})})


def test_extra_tables_are_there_for_one_query_alone(store: EmbeddedAnalytics) -> None:
    extra = {"keys": pa.table({"k": [1, 2]}), "things": pa.table({"n": [9]})}
    assert store.query("SELECT k + n + $more AS s FROM keys, things ORDER BY 1", {"more": 1}, extra)["s"].to_pylist() \
        == [11, 12]  # fmt: skip
    with pytest.raises(UsageError):
        store.query("SELECT * FROM keys")
    assert asked(store, "SELECT count(*) FROM things") == [(0,)]


def test_values_are_never_read_as_sql(store: EmbeddedAnalytics) -> None:
    text = "'; DROP TABLE things; --"
    assert store.query("SELECT $text AS t", {"text": text})["t"].to_pylist() == [text]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT nothing FROM things", "nothing"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELEC 1", "syntax error"),
        ("SELECT CAST('x' AS INTEGER)", "Could not convert"),
        ("SELECT 9223372036854775807 + 1", "Overflow"),
    ],
)
def test_wrong_sql_is_wrong_usage(store: EmbeddedAnalytics, sql: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        store.query(sql)
    assert (caught.value.code, caught.value.exit_status) == ("BAD_SQL", 2)
    assert "\n" not in caught.value.what
    assert caught.value.next_step


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    small = EmbeddedAnalytics(tmp_path / "analytics.duckdb", memory_mb=20, threads=1)
    with pytest.raises(ForetellError) as caught:
        small.query("SELECT len(list(hash(i))) FROM range(10000000) t(i)")
    assert caught.value.code == "MEMORY_SHORT", str(caught.value)
    assert "memory_mb" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "code", "transient"),
    [
        ('IO Error: Could not write file "x": No space left on device', "DISK_FULL", True),
        ("IO Error: Could not write all bytes to file", "DISK_FULL", True),
        ('IO Error: Could not set lock on file "x": Conflicting lock is held', "WORKSPACE_BUSY", True),
        ('IO Error: Cannot open file "x": Read-only file system', "DISK_READ_ONLY", False),
        ('IO Error: Cannot open file "x": Permission denied', "NOT_PERMITTED", False),
        ("IO Error: Corrupt database file: computed checksum 1 does not match", "STORE_DAMAGED", False),
        ("Something nobody has seen yet\nwith a second line", "ANALYTICS_FAILED", False),
    ],
)
def test_what_the_disk_says_is_explained(text: str, code: str, transient: bool) -> None:
    with pytest.raises(ForetellError) as caught, explain_engine_errors(Path("data/analytics.duckdb")):
        raise duckdb.IOException(text)
    assert (caught.value.code, caught.value.transient) == (code, transient)
    assert caught.value.where == "data/analytics.duckdb"
    assert "\n" not in caught.value.headline


def test_a_file_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "analytics.duckdb").write_bytes(b"this is a text" * 1000)
    with pytest.raises(ForetellError) as caught:
        opened(tmp_path)
    assert caught.value.code == "STORE_DAMAGED"


def test_a_store_knows_whether_it_stands_as_declared(store: EmbeddedAnalytics, tmp_path: Path) -> None:
    assert store.is_current()
    store.close()
    same = opened(tmp_path, read_only=True)
    assert same.is_current()
    same.close()
    other = opened(tmp_path, read_only=True, views=(View("all_things", "SELECT n FROM things", {}),))
    assert not other.is_current()
    other.close()
    plain = EmbeddedAnalytics(tmp_path / "plain.duckdb", memory_mb=64, threads=1)
    assert not plain.is_current()
    plain.close()


def test_columns_that_a_release_adds_are_added(store: EmbeddedAnalytics, tmp_path: Path) -> None:
    store.apply(1, {"scores": pa.table({"who": [1], "as of": ["t"], "v": [0.5]})})
    store.close()
    again = EmbeddedAnalytics(tmp_path / "analytics.duckdb", memory_mb=64, threads=1)
    more = AnalyticsTable("scores", {**KEYED.columns, "why": "VARCHAR"}, key=KEYED.key)
    again.declare([OPEN, more, MERGED, SEEN], [], create=True)
    assert asked(again, "SELECT v, why FROM scores") == [(0.5, None)]
    again.close()


class _Short(EmbeddedAnalytics):
    """Has too little memory for a question as long as something else is read."""

    asked = 0

    def _asked(self, *told: Any) -> pa.Table:
        self.asked += 1
        if self.asked == 1 or self._borrowing._lent:
            raise ForetellError("MEMORY_SHORT", "the analytics store has too little memory for this")
        return super()._asked(*told)


def test_what_had_too_little_memory_beside_others_is_asked_again_after_them(tmp_path: Path) -> None:
    made = _Short(tmp_path / "analytics.duckdb", memory_mb=64, threads=1)
    made.declare([], [], create=True)
    with pytest.raises(ForetellError):  # nobody else reads, so that waiting would not help
        made.query("SELECT 1 AS one")
    assert made.asked == 1
    other = made.stream("SELECT * FROM range(5000) AS r(n)", rows=100)
    begun, go_on = threading.Event(), threading.Event()

    def read_on() -> None:
        next(other)
        begun.set()
        go_on.wait(30)
        list(other)

    def end_soon() -> None:
        while made.asked < 2:
            time.sleep(0.005)
        go_on.set()

    threads = [threading.Thread(target=work) for work in (read_on, end_soon)]
    for thread in threads:
        thread.start()
    begun.wait(30)
    assert made.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    assert made.asked == 3
    for thread in threads:
        thread.join()
    made.close()


@pytest.mark.parametrize("small", [0, 64_000_000])
def test_small_stores_answer_as_large_ones(
    store: EmbeddedAnalytics, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """Whether a query is planned once and its rows are copied, or planned twice, is nothing that one could tell."""
    monkeypatch.setattr(embedded_analytics, "_SMALL_BYTES", small)
    store.apply(1, {"things": pa.table({"n": [1, 2, 3], "order": [3, 2, 1]})})
    told = store.query(
        "SELECT t.n, $word AS word, w.at FROM things t JOIN w ON w.n = t.n WHERE t.n > $least ORDER BY t.order",
        {"word": "x", "least": 1},
        {"w": pa.table({"n": [2, 3], "at": [datetime(2026, 1, 1), None]}, schema=WHEN)},
    )
    assert told.to_pylist() == [
        {"n": 3, "word": "x", "at": None}, {"n": 2, "word": "x", "at": datetime(2026, 1, 1)}
    ]  # fmt: skip
    assert told.schema.types == [pa.int64(), pa.string(), pa.timestamp("us")]
    assert store.query("SELECT n FROM things WHERE n > 9").schema == pa.schema({"n": pa.int64()})
    with pytest.raises(UsageError, match="Could not convert"):
        store.query("SELECT CAST(CAST(n AS VARCHAR) || 'x' AS BIGINT) AS n FROM things")
    assert store.query("SELECT count(*) AS n FROM things")["n"].to_pylist() == [3], "the reader goes on after a fault"
