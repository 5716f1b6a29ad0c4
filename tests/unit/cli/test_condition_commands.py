"""``plan`` and ``apply`` with reference lists, ``segment format``, ``schema condition``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import write

SEGMENT = """\
kind: segment
key: hikers
spec:
  condition:
    in_list: hiking_zips
    trait: postal_code
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A segment that names a list."""
    files = {"foretell.yaml": "name: Shop\n", "segments/hikers.yaml": SEGMENT}
    write(tmp_path, {**files, "reference/hiking_zips.csv": "code\n01234\n10115\n"})
    return tmp_path


def _told(shop: Path, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> tuple[str, str]:
    assert run([*words, "--workspace", str(shop)]) == status
    said = capsys.readouterr()
    return said.out, said.err


def test_lists_are_planned_and_applied_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _told(shop, capsys, "plan", "--check", status=2)
    assert "+ list hiking_zips  reference/hiking_zips.csv  2 rows\n" in out
    assert out.endswith("2 to change, 0 unchanged\n")
    out, _ = _told(shop, capsys, "apply")
    assert out.endswith("+ list hiking_zips  reference/hiking_zips.csv  2 rows\n2 applied\n")
    assert _told(shop, capsys, "apply")[0] == "Nothing to change.\n"
    _told(shop, capsys, "plan", "--check")
    (shop / "reference/hiking_zips.csv").write_text("code\n01234\n")
    out, _ = _told(shop, capsys, "plan", "--json")
    assert json.loads(out)["lists"] == [
        {"action": "changed", "list": "hiking_zips", "where": "reference/hiking_zips.csv", "rows": 1}
    ]


def test_a_list_that_is_not_there_is_an_error_with_its_place(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "reference/hiking_zips.csv").rename(shop / "reference/hiking_zip.csv")
    _, err = _told(shop, capsys, "plan", status=2)
    assert "error: segments/hikers.yaml:5: there is no list 'hiking_zips': reference/hiking_zips.csv" in err
    assert "Did you mean 'hiking_zip'?" in err


def test_conditions_are_written_the_one_way(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "would change hikers" in _told(shop, capsys, "segment", "format", "--check", status=2)[0]
    assert (shop / "segments/hikers.yaml").read_text() == SEGMENT
    assert "formatted hikers" in _told(shop, capsys, "segment", "format", "hikers")[0]
    assert (
        (shop / "segments/hikers.yaml")
        .read_text()
        .endswith("spec:\n  condition: {trait: postal_code, in_list: hiking_zips}\n")
    )
    assert _told(shop, capsys, "segment", "format", "--check")[0] == "Nothing to change.\n"
    told = json.loads(_told(shop, capsys, "segment", "format", "--json")[0])
    assert told == [{"key": "hikers", "file": "segments/hikers.yaml", "changed": False, "left": ""}]


def test_the_schema_of_conditions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "condition"]) == 0
    assert "head_did" in json.loads(capsys.readouterr().out)["$defs"]
    assert run(["schema", "segment"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["spec"]["properties"]["condition"]["$ref"] == (
        "#/$defs/condition"
    )
