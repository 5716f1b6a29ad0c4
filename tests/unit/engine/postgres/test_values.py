"""Values on their way to the server and back."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.engine import PostgresPlace
from foretell.engine.postgres import PostgresOps
from tests.support.pairs import server_of_run

texts = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
integers = st.none() | st.integers(-(2**63), 2**63 - 1)
numbers = st.none() | st.floats(allow_nan=False)
ROW = st.tuples(integers, texts, numbers, st.none() | st.booleans(), st.none() | st.binary(max_size=9))
SCHEMA = pa.schema([("n", pa.int64()), ("t", pa.string()), ("x", pa.float64()), ("b", pa.bool_()), ("y", pa.binary())])


@pytest.fixture(scope="module")
def ops() -> Iterator[PostgresOps]:
    store = PostgresOps(PostgresPlace(server_of_run().url, "w_values"))
    yield store
    store.close()


@given(st.lists(ROW, max_size=30), st.integers(0, 3))
def test_tables_come_back_as_they_were(ops: PostgresOps, rows: list[tuple[object, ...]], start: int) -> None:
    table = pa.table([pa.array([row[place] for row in rows], kind) for place, kind in enumerate(SCHEMA.types)],
                     schema=SCHEMA).slice(start)  # fmt: skip
    with ops.write() as tx:
        tx.put("given", table)
        found = tx.query("SELECT n, t, x, b, y FROM given")
    assert sorted(map(repr, found)) == sorted(
        repr((n, t, x, None if b is None else int(b), y)) for n, t, x, b, y in rows[start:]
    )


@given(st.lists(ROW.map(lambda row: row[:3]), min_size=10, max_size=40))
def test_many_rows_are_entered_as_they_are(ops: PostgresOps, rows: list[tuple[object, ...]]) -> None:
    with ops.write() as tx:
        tx.execute("DROP TABLE IF EXISTS entered")
        tx.execute("CREATE TABLE entered (n BIGINT, t TEXT, x DOUBLE PRECISION, five BIGINT)")
        assert tx.executemany("INSERT INTO entered VALUES (?, ?, ?, 5)", rows) == len(rows)
        found = tx.query("SELECT n, t, x, five FROM entered")
    assert sorted(map(repr, found)) == sorted(repr((*row, 5)) for row in rows)


def test_dictionaries_and_other_widths_are_taken(ops: PostgresOps) -> None:
    table = pa.table({
        "d": pa.array(["x", None, "x"]).dictionary_encode(), "small": pa.array([1, None, 3], pa.int16()),
        "u": pa.array([1, 2, 3], pa.uint32()), "f": pa.array([0.5, None, 1.5], pa.float32()),
        "l": pa.array(["a", "b", None], pa.large_string()), "none": pa.nulls(3),
    })  # fmt: skip
    with ops.write() as tx:
        tx.put("odd", table)
        assert tx.query("SELECT * FROM odd ORDER BY u") == [
            ("x", 1, 1, 0.5, "a", None),
            (None, None, 2, None, "b", None),
            ("x", 3, 3, 1.5, None, None),
        ]


def test_values_of_several_types_are_converted_one_by_one(ops: PostgresOps) -> None:
    with ops.write() as tx:
        tx.execute("CREATE TABLE mixed (t TEXT, n BIGINT)")
        assert tx.executemany("INSERT INTO mixed VALUES (?, ?)", [(n if n % 2 else str(n), n) for n in range(12)]) == 12
        assert tx.query("SELECT count(*) FROM mixed WHERE t = CAST(n AS TEXT)") == [(12,)]


def test_nul_is_replaced_wherever_it_comes_from(ops: PostgresOps) -> None:
    with ops.write() as tx:
        tx.execute("CREATE TABLE nul (t TEXT, how TEXT)")
        tx.execute("INSERT INTO nul VALUES (?, 'one')", ("a\0b",))
        tx.executemany("INSERT INTO nul VALUES (?, 'few')", [("a\0b",)])
        tx.executemany("INSERT INTO nul VALUES (?, 'many')", [("a\0b",)] * 10)
        tx.put("put", pa.table({"t": ["a\0b", "plain", None]}))
        assert tx.query("SELECT count(*) FROM nul WHERE t = ?", ("a\0b",)) == [(12,)]
        assert tx.query("SELECT t FROM put ORDER BY t") == [("a\ufffdb",), ("plain",), (None,)]
    assert ops.query("SELECT DISTINCT t FROM nul") == [("a\ufffdb",)]
