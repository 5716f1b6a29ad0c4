"""Conditions in files, written the one way; nothing else of the file is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import app, definitions, segment
from foretell.definitions import Catalog
from foretell.errors import UsageError

HEAD = "foretell.yaml", "name: Shop\n"
LOYAL = """\
# Who comes back.
kind: segment
key: loyal
spec:
  title: "Loyal"   # stays
  condition:
      all:
          - within: 1y
            times: {gte: 5}
            did: Order Completed
          - trait: postal_code
            is: "01234"

  of: all
---
kind: segment
key: second
spec: {condition: {did: A, within: 1y}}
---
kind: segment
key: third
spec:
  condition: {within: 1y, did: A}
"""
FORMATTED = LOYAL.replace("{within: 1y, did: A}", "{did: A, within: 1y}").replace(
    LOYAL[LOYAL.index("  condition:") : LOYAL.index("\n  of: all")],
    "  condition:\n"
    "    all:\n"
    "      - {did: Order Completed, times: {gte: 5}, within: 1y}\n"
    "      - {trait: postal_code, is: '01234'}\n",
)


def _catalog(folder: Path, files: dict[str, str]) -> Catalog:
    for name, text in (HEAD, *files.items()):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    catalog, problems = definitions.load(folder, app.KINDS)
    assert problems == []
    return catalog


def test_only_the_condition_is_written_anew(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path, {"segments/loyal.yaml": LOYAL})
    told = segment.format_files(catalog, write=True)
    assert [(one.key, one.changed, one.left) for one in told] == [
        ("loyal", True, ""),
        ("second", False, "it stands in braces with what is around it"),
        ("third", True, ""),
    ]
    assert (tmp_path / "segments/loyal.yaml").read_text() == FORMATTED
    again, problems = definitions.load(tmp_path, app.KINDS)
    assert problems == []
    assert again.get("segment", "loyal").fingerprint == catalog.get("segment", "loyal").fingerprint
    assert not any(one.changed for one in segment.format_files(again, write=True))


def test_checking_writes_nothing(tmp_path: Path) -> None:
    catalog = _catalog(tmp_path, {"segments/loyal.yaml": LOYAL})
    assert [one.changed for one in segment.format_files(catalog, ["loyal"], write=False)] == [True]
    assert (tmp_path / "segments/loyal.yaml").read_text() == LOYAL
    with pytest.raises(UsageError, match="no segment called"):
        segment.format_files(catalog, ["loyl"], write=False)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("condition:\n    all:\n      # why\n      - {did: A, within: 1y}\n      - segment: b\n", "comments"),
        ("condition:\n    all:\n      - &one {did: A, within: 1y}\n      - not: *one\n", "repeats"),
    ],
)
def test_what_would_be_lost_stays(tmp_path: Path, condition: str, why: str) -> None:
    text = f"kind: segment\nkey: a\nspec:\n  {condition}"
    other = "kind: segment\nkey: b\nspec:\n  condition: {did: B}\n"
    catalog = _catalog(tmp_path, {"segments/a.yaml": text, "segments/b.yaml": other})
    (told, _) = segment.format_files(catalog, write=True)
    assert (told.changed, why in told.left) == (False, True)
    assert (tmp_path / "segments/a.yaml").read_text() == text


def test_line_ends_and_a_last_line_without_one_stay(tmp_path: Path) -> None:
    text = "kind: segment\r\nkey: a\r\nspec:\r\n  condition:\r\n    within: 1y\r\n    did: A"
    catalog = _catalog(tmp_path, {"segments/a.yaml": text})
    segment.format_files(catalog, write=True)
    written = (tmp_path / "segments/a.yaml").read_bytes().decode()
    assert written == "kind: segment\r\nkey: a\r\nspec:\r\n  condition: {did: A, within: 1y}"
