"""More than one row at the head of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from foretell import collect, definitions
from foretell.collect import readers
from foretell.collect.headers import names_of
from foretell.collect.source_model import Header
from foretell.errors import ForetellError
from tests.unit.collect.workspace import shop

SOURCE = """
format: {format}
header: {{rows: 3, names: {names}}}
mappings:
  - {{name: a, track: A, identifiers: {{user_id: "{who}"}}, properties: {{size: "{size}"}}}}
"""
HEAD = [["Who", "Size", None], [None, "of the\nshoe", "of the hat"], ["id", "EU", "EU"]]
ROWS = [["u1", "42", "58"], [None, None, None], ["u2", "43", "59"]]
CASES = {"first": ("Who", "Size"), "joined": ("Who / id", "Size / of the hat / EU")}


def as_csv(rows: list[list[str | None]]) -> str:
    cells = [[f'"{cell}"' if cell and "\n" in cell else cell or "" for cell in row] for row in rows]
    return "\n".join(map(",".join, cells)) + "\n"


def write(path: Path, rows: list[list[str | None]]) -> None:
    if path.suffix == ".csv":
        path.write_text(as_csv(rows))
        return
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("names", ["first", "joined"])
@pytest.mark.parametrize("block", [None, 64])
def test_names_come_from_the_rows_at_the_head(
    tmp_path: Path, kind: str, names: str, block: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block:
        monkeypatch.setattr(readers, "_BLOCK_BYTES", block)
    who, size = CASES[names]
    write(tmp_path / f"a.{kind}", [*HEAD, *ROWS])
    with shop(tmp_path, s=SOURCE.format(format=kind, names=names, who=f"`{who}`", size=f"`{size}`")) as it:
        report = it.load(f"a.{kind}", None, "s")
        assert (report.rows, report.events) == (2, 2)
        expected = ("42", "43") if names == "first" else ("58", "59")
        found = it.query("SELECT properties FROM events ORDER BY properties")
        assert [row["properties"] for row in found] == [f'{{"size":"{one}"}}' for one in expected]


def test_lines_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    source = SOURCE.format(format="csv", names="first", who="Who", size="number(Size)")
    rows = [["u1", "42", "58"], ["u2", "large", "58"], ["too", "few"], ["u3", "xl", ""]]
    for above in ("", "\n\n"):
        with shop(tmp_path / f"w{len(above)}", s=source) as it:
            report = it.load("a.csv", above + as_csv([*HEAD, *rows]), "s")
            assert (report.rows, report.events, report.quarantined) == (4, 1, 3)
            lines = {row.line: row.code for row in collect.quarantined(it.engine)}
            first = 4 + len(above)
            assert lines == {first + 1: "BAD_NUMBER", first + 2: "BAD_ROW", first + 3: "BAD_NUMBER"}


def test_columns_without_a_name_and_with_the_same(tmp_path: Path) -> None:
    head = [["Q", "", "Q", ""], ["a", "a", "a", ""]]
    assert names_of(head, Header(rows=2, names="joined"), tmp_path) == ["Q / a", "Q / a (2)", "Q / a (3)", "Q"]
    assert names_of(head, Header(rows=2), tmp_path) == ["Q", "column 2", "Q (2)", "column 4"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_without_the_sign_is_refused(tmp_path: Path, kind: str) -> None:
    source = "\n".join([f"format: {kind}", "header: {rows: 2, sign: ImportId}",
                        "mappings: [{name: a, track: A, identifiers: {user_id: Who}}]"])  # fmt: skip
    write(tmp_path / f"a.{kind}", [["Who"], ["u1"], ["u2"]])
    with shop(tmp_path, s=source) as it:
        with pytest.raises(ForetellError) as caught:
            it.load(f"a.{kind}", None, "s")
        assert caught.value.code == "HEADER_MISSING"
        write(tmp_path / f"a.{kind}", [["Who"], ['{"ImportId":"x"}'], ["u2"]])
        assert it.load(f"a.{kind}", None, "s").events == 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"format": "parquet", "header": {"rows": 2}}, "header is for csv and xlsx"),
        ({"format": "csv", "header": {"rows": 1, "sign": "x"}}, "need rows: 2 or more"),
        ({"format": "csv", "header": {"rows": 0}}, "greater than or equal to 1"),
        ({"format": "csv", "records": "items"}, "records is for json"),
    ],
)
def test_mistakes_in_the_document(tmp_path: Path, spec: dict[str, Any], words: str) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "foretell.yaml").write_text("name: test\ncurrency: GBP\n")
    mapping = "mappings: [{name: a, track: A, identifiers: {user_id: id}}]"
    lines = [f"  {name}: {value!r}" for name, value in spec.items()]
    (tmp_path / "sources" / "s.yaml").write_text("\n".join(["kind: source", "key: s", "spec:", *lines, f"  {mapping}"]))
    _, problems = definitions.load(tmp_path, [collect.KIND])
    assert any(words in problem.message for problem in problems), [problem.message for problem in problems]


def test_lists_are_properties_alone(tmp_path: Path) -> None:
    source = """
format: csv
mappings:
  - name: a
    track: A
    identifiers: {user_id: id}
    properties: {some: "list(a, b, upper(a))", cut: "parts(b, ';')", none: "list(c)"}
"""
    with shop(tmp_path, s=source) as it:
        it.load("a.csv", "id,a,b,c\nu1,x,y;z,\nu2,,,\n", "s")
        found = [row["properties"] for row in it.query("SELECT properties FROM events ORDER BY properties")]
        assert found == [
            '{"some":["x","y;z","X"],"cut":["y","z"],"none":null}', '{"some":null,"cut":null,"none":null}',
        ]  # fmt: skip
    (tmp_path / "sources" / "s.yaml").write_text(
        "kind: source\nkey: s\nspec:\n  format: csv\n  mappings:\n"
        "    - name: a\n      track: A\n      identifiers: {user_id: list(id)}\n"
        "      properties: {x: 'concat(list(id), id)'}\n"
    )
    _, problems = definitions.load(tmp_path, [collect.KIND])
    assert [problem.message for problem in problems] == ["a list stands where one value is wanted"] * 2
