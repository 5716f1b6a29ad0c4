"""One setting is changed; everything else stays as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.definitions import put_setting, read_settings

FILE = """# Our shop.
name: shop   # as people call it

stores:
    # the address lies in the environment
    url: "${DB}"
privacy:
  measures:
    - Disks are encrypted.
"""


@pytest.mark.parametrize(
    ("place", "value", "before", "lines"),
    [
        (("stores", "operational"), "postgresql", None, '    url: "${DB}"\n'),
        (("engine", "kind"), "spark", None, "    - Disks are encrypted.\n"),
    ],
)
def test_a_setting_comes_and_goes(
    tmp_path: Path, place: tuple[str, str], value: str, before: str | None, lines: str
) -> None:
    path = tmp_path / "foretell.yaml"
    path.write_text(FILE)
    assert put_setting(tmp_path, place, value) is before
    changed = path.read_text()
    assert "# Our shop.\nname: shop   # as people call it\n" in changed
    assert "# the address lies in the environment" in changed
    assert "  measures:\n    - Disks are encrypted.\n" in changed
    read = read_settings(tmp_path, {"DB": "postgresql://db/x"})
    assert not read.problems
    assert getattr(getattr(read.settings, place[0]), {"operational": "operational", "kind": "kind"}[place[1]]) == value
    assert put_setting(tmp_path, place, None) == value
    assert [line.strip() for line in path.read_text().splitlines()] == [line.strip() for line in FILE.splitlines()]


def test_a_file_of_comments_alone_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "foretell.yaml"
    path.write_text("# all defaults")
    put_setting(tmp_path, ("engine", "kind"), "spark")
    assert path.read_text() == "# all defaults\nengine:\n  kind: spark\n"


def test_a_section_in_braces_stays_in_braces(tmp_path: Path) -> None:
    path = tmp_path / "foretell.yaml"
    path.write_text("stores: {data: here}\nname: shop\n")
    assert put_setting(tmp_path, ("stores", "data"), "there") == "here"
    assert path.read_text() == "stores: {data: there}\nname: shop\n"
