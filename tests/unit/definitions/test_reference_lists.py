"""Reference lists: read from CSV, versioned, in force from the instant they were applied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell.clock import FixedClock, utc
from foretell.definitions import PARTS, Catalog, WorkspaceSettings, apply_lists, list_changes, load, plan
from foretell.definitions.lists import read_list, read_lists
from foretell.engine import Engine, EngineSettings, open_engine
from foretell.errors import DefinitionErrors
from foretell.identify import PARTS as IDENTIFY
from tests.unit.definitions.conftest import NOW

ZIPS = 'code,city\n01234,Jena\n 10115 ,Berlin\n10115,Berlin\n"a,b",\n'


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(EngineSettings(tmp_path / "data"), [PARTS, IDENTIFY], [], {}, FixedClock(NOW)) as found:
        yield found


def _write(root: Path, name: str, text: str | bytes) -> Path:
    path = root / "reference" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _values(engine: Engine) -> list[tuple[Any, ...]]:
    rows = engine.analytics.query(
        "SELECT valid_from, field, s, n FROM list_values WHERE s IS NOT NULL ORDER BY valid_from, place, s"
    ).to_pylist()
    return [(utc(row["valid_from"]) - NOW, row["field"], row["s"], row["n"]) for row in rows]


def _apply(engine: Engine, root: Path, now: datetime) -> list[tuple[str, str, int, int]]:
    lists, problems = read_lists(root)
    assert problems == []
    made = apply_lists(engine, root, lists, now=now)
    return [(change.action, change.key, change.rows, change.rows_before) for change in made]


def test_values_are_texts_once_each_by_column(tmp_path: Path, engine: Engine) -> None:
    _write(tmp_path, "zips.csv", ZIPS)
    assert _apply(engine, tmp_path, NOW) == [("added", "zips", 4, 0)]
    none = timedelta(0)
    assert _values(engine) == [
        (none, "code", "01234", None), (none, "code", "10115", 10_115_000_000), (none, "code", "a,b", None),
        (none, "city", "Berlin", None), (none, "city", "Jena", None),
    ]  # fmt: skip


def test_versions_hold_from_when_they_were_applied(tmp_path: Path, engine: Engine) -> None:
    path = _write(tmp_path, "zips.csv", "code\n1\n")
    assert _apply(engine, tmp_path, NOW) == [("added", "zips", 1, 0)]
    assert _apply(engine, tmp_path, NOW + timedelta(days=1)) == []
    path.write_text("code\n2\n3\n")
    assert _apply(engine, tmp_path, NOW + timedelta(days=2)) == [("changed", "zips", 2, 1)]
    path.unlink()
    assert _apply(engine, tmp_path, NOW + timedelta(days=3)) == [("removed", "zips", 2, 2)]
    assert _apply(engine, tmp_path, NOW + timedelta(days=4)) == []
    path.write_text("code\n2\n3\n")
    assert _apply(engine, tmp_path, NOW + timedelta(days=5)) == [("added", "zips", 2, 0)]
    assert [(since.days, text) for since, _, text, _ in _values(engine)] == [
        (0, "1"), (2, "2"), (2, "3"), (5, "2"), (5, "3"),
    ]  # fmt: skip
    emptied = engine.analytics.query("SELECT valid_from FROM list_values GROUP BY valid_from HAVING count(s) = 0")
    assert [utc(one) for one in emptied["valid_from"].to_pylist()] == [NOW + timedelta(days=3)]


def test_a_large_list(tmp_path: Path, engine: Engine) -> None:
    _write(tmp_path, "ids.csv", "id\n" + "\n".join(f"{number:06}" for number in range(100_000)))
    assert _apply(engine, tmp_path, NOW) == [("added", "ids", 100_000, 0)]
    counted = engine.analytics.query("SELECT count(s) AS n, count(n) AS numbers FROM list_values").to_pylist()
    assert counted == [{"n": 100_000, "numbers": 0}]


def test_the_plan_tells_lists(tmp_path: Path, engine: Engine) -> None:
    _write(tmp_path, "zips.csv", ZIPS)
    (tmp_path / "foretell.yaml").write_text("name: Shop\n")
    catalog, problems = load(tmp_path, [])
    planned = plan(catalog, engine.ops, problems=problems)
    assert not planned.empty
    assert planned.as_dict()["lists"] == [{"action": "added", "list": "zips", "where": "reference/zips.csv", "rows": 4}]
    apply_lists(engine, tmp_path, catalog.lists, now=NOW)
    assert plan(catalog, engine.ops).empty
    gone = Catalog(tmp_path, WorkspaceSettings(), {})
    assert [change.action for change in list_changes(gone.lists, engine.ops)] == ["removed"]


@pytest.mark.parametrize(
    ("name", "text", "code", "where", "words"),
    [
        ("Zips.csv", "a\n", "BAD_KEY", "reference/Zips.csv:1", "cannot be a list's key"),
        ("zips.csv", "", "BAD_LIST", "reference/zips.csv:1", "the list is empty"),
        ("zips.csv", "a,a\n1,2\n", "BAD_LIST", "reference/zips.csv:1", "two columns have the same name"),
        ("zips.csv", "a,\n1,2\n", "BAD_LIST", "reference/zips.csv:1", "a column has no name"),
        ("zips.csv", "a,b\n1,2\n3\n", "BAD_LIST", "reference/zips.csv:3", "1 cells stand where the first line names 2"),
        ("zips.csv", b"a\n\xff\n", "BAD_LIST", "reference/zips.csv:2", "not UTF-8"),
        ("zips.txt", "a\n", "FILE_NOT_READ", "reference/zips.txt:1", "CSV files"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, name: str, text: str | bytes, code: str, where: str, words: str
) -> None:
    _write(tmp_path, name, text)
    lists, (problem,) = read_lists(tmp_path)
    assert (lists, problem.code, problem.where) == ({}, code, where)
    assert words in problem.message


def test_a_list_that_changed_under_the_plan(tmp_path: Path, engine: Engine) -> None:
    path = _write(tmp_path, "zips.csv", ZIPS)
    lists, _ = read_lists(tmp_path)
    path.write_text("a,b\n1\n")
    with pytest.raises(DefinitionErrors, match="cells stand"):
        apply_lists(engine, tmp_path, lists, now=NOW)
    assert read_list(tmp_path, path).list is None
    assert _values(engine) == []
