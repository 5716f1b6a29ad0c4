"""Queries that name their columns read a view of those alone, and answer as before."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine import AnalyticsTable
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.narrowing import narrowed
from foretell.errors import UsageError

MERGED = AnalyticsTable("merged", {"node_key": "BIGINT", "profile_key": "BIGINT"}, key=("node_key",))
SEEN = AnalyticsTable(
    "seen", {"node_key": "BIGINT", "ts": "BIGINT", "Name": "VARCHAR"}, "node_key", open=True, derived="log_seen"
)
COLUMNS = {"seen": ["node_key", "ts", "Name", "p1s", "p1n", "p2s"]}
PERSON = "coalesce(m.profile_key, t.node_key) AS profile_key"
AS_THEY_ARE = [
    "SELECT * FROM log_seen",
    "SELECT l.* FROM log_seen l",
    "SELECT 1, * FROM log_seen",
    "SELECT max(COLUMNS('p.*')) FROM log_seen",
    "SELECT ts /* all */ FROM log_seen",
    "SELECT ts FROM log_seen -- all",
    "SELECT ts FROM seen",
    "FROM log_seen SELECT ts",
    "SELECT ts FROM merged",
]


@pytest.mark.parametrize("sql", AS_THEY_ARE)
def test_what_may_take_other_columns_stays_as_it_is(sql: str) -> None:
    assert narrowed(sql, [SEEN], COLUMNS) == sql


def test_a_view_has_the_columns_that_are_named_whatever_their_case() -> None:
    found = narrowed("SELECT count(*), 2 * TS, p1s FROM log_seen WHERE name > 'x'", [SEEN], COLUMNS)
    assert found == (
        f'WITH log_seen AS NOT MATERIALIZED (SELECT t."ts", t."Name", t."p1s", {PERSON} FROM seen t '
        "LEFT JOIN merged m ON m.node_key = t.node_key) "
        "SELECT count(*), 2 * TS, p1s FROM log_seen WHERE name > 'x'"
    )


@pytest.mark.parametrize("begins", ["WITH ", "with recursive "])
def test_it_stands_before_what_a_query_names_itself(begins: str) -> None:
    found = narrowed(f"{begins}x AS (SELECT ts FROM log_seen) SELECT ts FROM x", [SEEN], COLUMNS)
    again = "recursive " if "rec" in begins else ""
    assert found.startswith(f"WITH {again}log_seen AS NOT MATERIALIZED (")
    assert found.endswith("), x AS (SELECT ts FROM log_seen) SELECT ts FROM x")


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedAnalytics:
    found = EmbeddedAnalytics(tmp_path / "analytics.duckdb", memory_mb=256, threads=1)
    found.declare([MERGED, SEEN], [], create=True)
    found.apply(1, {"seen": pa.table({"node_key": [1, 2], "ts": [10, 20]}), "merged": MERGES})
    return found


MERGES = pa.table({"node_key": [2], "profile_key": [1]})
ASKED = [
    ("SELECT count(*) AS n FROM log_seen", [(2,)]),
    ("SELECT profile_key, sum(ts) AS s FROM log_seen GROUP BY profile_key", [(1, 30)]),
    ("WITH x AS (SELECT TS FROM log_seen) SELECT max(ts) AS m FROM x", [(20,)]),
    ("WITH log_seen AS (SELECT 5 AS ts) SELECT ts FROM log_seen", [(5,)]),
]


@pytest.mark.parametrize(("sql", "rows"), ASKED)
def test_the_answers_are_the_same(store: EmbeddedAnalytics, sql: str, rows: list[tuple[int, ...]]) -> None:
    assert [tuple(row.values()) for row in store.query(sql).to_pylist()] == rows
    assert [tuple(row.values()) for part in store.stream(sql, rows=10) for row in part.to_pylist()] == rows


def test_columns_that_arrive_can_be_named_at_once(store: EmbeddedAnalytics) -> None:
    assert store.query("SELECT ts FROM log_seen").num_rows == 2
    for number in (2, 3):
        store.apply(number, {"seen": pa.table({"node_key": [3], f"p{number}s": ["x"]})})
        found = store.query(f"SELECT profile_key, p{number}s FROM log_seen WHERE p{number}s IS NOT NULL")
        assert found.to_pylist() == [{"profile_key": 3, f"p{number}s": "x"}]
        assert f"p{number}s" in (store._columns or {})["seen"], "it was narrowed, and not asked again as a whole"


def test_what_is_wrong_is_told_as_of_the_query_itself(store: EmbeddedAnalytics) -> None:
    with pytest.raises(UsageError, match="nothing_such") as told:
        store.query("SELECT nothing_such FROM log_seen")
    assert told.value.code == "BAD_SQL"
