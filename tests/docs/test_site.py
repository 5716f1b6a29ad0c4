"""The site: every room has a page, nothing dangles, nothing is fetched from elsewhere."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

HALL = {"errors", "clock", "ids", "money", "stats", "telemetry"}
BESIDE = {"app", "demo", "bench", "testing"}


def rooms(repository: Path) -> list[str]:
    """Rooms that exist, in the order of the walls, first room first."""
    walls = tomllib.loads((repository / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(wall["layers"] for wall in walls if wall["id"] == "rooms")
    names = [name.strip("() ") for layer in reversed(layers) for name in layer.split("|")]
    package = repository / "src" / "foretell"
    return [name for name in names if (package / name / "__init__.py").exists() and name not in BESIDE | HALL]


def pages_in(nav: Any) -> Iterator[str]:
    """All pages that a navigation names, however deep."""
    if isinstance(nav, str):
        yield nav
    else:
        for inner in nav.values() if isinstance(nav, dict) else nav:
            yield from pages_in(inner)


@pytest.fixture(scope="module")
def nav(repository: Path) -> list[str]:
    return list(pages_in(YAML(typ="safe").load(repository / "mkdocs.yml")["nav"]))


def test_every_page_of_the_navigation_exists(nav: list[str], repository: Path) -> None:
    assert [page for page in nav if not (repository / "docs" / page).is_file()] == []


def test_every_page_is_in_the_navigation(nav: list[str], repository: Path) -> None:
    pages = {str(path.relative_to(repository / "docs")) for path in (repository / "docs").rglob("*.md")}
    assert pages - set(nav) == set()


def test_every_room_has_a_page(repository: Path) -> None:
    found = rooms(repository)
    assert len(found) >= 5
    missing = [room for room in found if not (repository / "docs" / "rooms" / f"{room}.md").is_file()]
    assert missing == []


def test_the_map_shows_the_rooms_in_the_order_of_the_walls(repository: Path) -> None:
    shown = re.findall(r"^\| `(\w+)/` \|", (repository / "docs" / "house.md").read_text(), re.M)
    on_the_map = [room for room in shown if room not in BESIDE]
    assert on_the_map == rooms(repository)


def test_the_map_promises_only_what_a_door_offers(repository: Path) -> None:
    rows = re.findall(
        r"^\| `(\w+)/` \|[^|\n]*\|[^|\n]*\|([^|\n]*)\|$", (repository / "docs" / "house.md").read_text(), re.M
    )
    promised = [(room, name) for room, door in rows for name in re.findall(r"`(\w+)`", door)]
    assert len(promised) > 10
    offered = {room: vars(importlib.import_module(f"foretell.{room}")).get("__all__", ()) for room, _ in promised}
    assert [f"{room}: {name}" for room, name in promised if name not in offered[room]] == []


def test_the_map_names_every_file_of_the_hall(repository: Path) -> None:
    text = (repository / "docs" / "house.md").read_text()
    files = {path.stem for path in (repository / "src" / "foretell").glob("*.py")} - {"__init__", "__main__"}
    assert files - HALL == set()
    assert "`app/`" in text
    assert [name for name in files if f"`{name}.py`" not in text] == []
    assert [name for name in HALL if f"`{name}.py`" not in text and f"`{name}/`" not in text] == []


def test_the_site_builds_and_needs_nothing_from_elsewhere(repository: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    fetched = re.compile(r"<(?:script|img|iframe)[^>]+src=\"?https?:[^>]*|<link[^>]+rel=\"?stylesheet[^>]+https?:[^>]*")
    pages = list(site.rglob("*.html"))
    assert pages
    assert [(page.name, fetched.findall(page.read_text())) for page in pages if fetched.search(page.read_text())] == []
