"""A statement that comes again gives what it gave when it was planned for its values."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest

from foretell.engine import kept_plans, scratch
from foretell.errors import ForetellError

AT = datetime(2024, 5, 1, 10, 0, 0, 123_456)
DAY = timedelta(days=1)
CASES: list[tuple[str, list[object]]] = [
    ("SELECT a, $v AS v FROM t ORDER BY a", [1, 7, 2**40, -(2**63)]),
    ("SELECT a, $v AS v FROM t ORDER BY a", [None, "x", 1.5, True, None, 3]),
    ("SELECT a FROM t WHERE a > $v ORDER BY a", [1.5, 1.4, 0.5]),
    ("SELECT a FROM t WHERE b = $v ORDER BY a", ["it's", "'", "", "ü\n\\", "$v"]),
    ("""SELECT '$v it''s' AS text, "it's $v", $v AS v FROM t ORDER BY a""", ["x", "y", "z"]),
    (
        "SELECT a, t.at < $v AS earlier FROM t ORDER BY a",
        [AT, AT + timedelta(microseconds=1), AT - DAY],
    ),
    ("SELECT $v AS v", [AT.replace(tzinfo=UTC), AT.replace(tzinfo=timezone(timedelta(hours=2))), AT]),
    ("SELECT $v AS v", [float("inf"), 1e300, 5e-324, -0.0]),
    ("SELECT a, $v + a AS v FROM t ORDER BY a", [1, None, 2, 2.5, 2**31, 2**31 - 5]),
    ("SELECT a FROM t ORDER BY a LIMIT $v", [1, 2, 3]),
    ("SELECT regexp_matches(b, $v) AS v FROM t ORDER BY a", ["^i", "t", "[$]"]),
    ("SELECT list_contains($v, a) AS v FROM t ORDER BY a", [[1], [2, 3], [1]]),
    ("SELECT length($v) AS v", ["a\0b", "\0", "ab"]),
]


def table(*numbers: int) -> pa.Table:
    texts = ["it's", "it", "$v", "'"]
    return pa.table(
        {
            "a": pa.array(numbers, pa.int64()),
            "b": [texts[number % 4] for number in numbers],
            "it's $v": pa.array(numbers, pa.int16()),
            "at": pa.array([AT + timedelta(days=number) for number in numbers], pa.timestamp("us")),
        }
    )


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> Callable[..., pa.Table]:
    """The same, planned for its tables and values."""

    def run(*asked: Any) -> pa.Table:
        with monkeypatch.context() as patched:
            patched.setattr(kept_plans, "MOST_ROWS", -1)
            return scratch(*asked)

    return run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements for which a plan was made."""
    found: list[str] = []
    begin = kept_plans._Plan.__init__

    def told(self: Any, connection: Any, session: str, key: Any) -> None:
        begin(self, connection, session, key)
        found.append(key[0])

    monkeypatch.setattr(kept_plans._Plan, "__init__", told)
    return found


@pytest.mark.parametrize(("sql", "values"), CASES)
def test_as_planned_for_its_values(usual: Callable[..., pa.Table], sql: str, values: list[object]) -> None:
    for number, value in enumerate([*values, *values, *values]):
        asked = (sql, {"t": table(*range(number % 5))} if " t" in sql else {}, {"v": value})
        found, expected = scratch(*asked), usual(*asked)
        assert found.schema.equals(expected.schema), value
        assert found.equals(expected), value


def test_a_plan_is_made_once_for_a_statement_and_its_types(made: list[str]) -> None:
    sql = "SELECT max(a) AS most, $of_this_test AS v FROM t"
    for number in range(6):
        found = scratch(sql, {"t": table(*range(number + 1))}, {"of_this_test": number})
        assert found.to_pylist() == [{"most": number, "v": number}]
    assert made == [sql]
    other = table(1).set_column(0, "a", pa.array(["text"]))
    for text in ("x", "y", "z"):
        assert scratch(sql, {"t": other}, {"of_this_test": text}).to_pylist() == [{"most": "text", "v": text}]
    assert made == [sql, sql]


def test_many_rows_are_planned_for(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "MOST_ROWS", 3)
    sql = "SELECT count(*) AS n, 'many' AS what FROM t"
    for number in (4, 5, 4, 3, 3, 4):
        assert scratch(sql, {"t": table(*range(number))})["n"].to_pylist() == [number]
    assert made == [sql]


def test_the_least_asked_goes_first(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_plans, "MOST_PLANS", 2)
    first, *others = (f"SELECT {number} AS of_the_least_asked" for number in range(3))
    for sql in (first, first, *others, first, first):
        scratch(sql, {})
    assert made == [first, first]


def test_what_is_wrong_is_told_each_time() -> None:
    for _ in range(3):
        with pytest.raises(Exception, match="nowhere") as refused:
            scratch("SELECT nowhere FROM t", {"t": table(1)})
        assert not isinstance(refused.value, ForetellError)
    for text in ("1", "2", "x", "3"):
        if text == "x":
            with pytest.raises(Exception, match="Could not convert"):
                scratch("SELECT CAST($v AS INTEGER) AS n", {}, {"v": text})
        else:
            assert scratch("SELECT CAST($v AS INTEGER) AS n", {}, {"v": text})["n"].to_pylist() == [int(text)]


def test_nothing_stays_behind() -> None:
    kept = table(*range(1000))
    before = pa.total_allocated_bytes()
    for _ in range(4):
        scratch("SELECT sum(a) AS of_what_stays FROM t", {"t": kept.slice(0, 999).take(list(range(999)))})
    assert pa.total_allocated_bytes() - before < 10_000


def test_each_thread_has_its_own() -> None:
    found: list[int] = []

    def work(number: int) -> None:
        for _ in range(4):
            (one,) = scratch("SELECT sum(a) AS of_threads FROM t", {"t": table(number)})["of_threads"].to_pylist()
            found.append(int(one))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted([*range(4)] * 4)
