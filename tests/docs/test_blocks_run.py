"""Every console block of the README and the quickstart does what the page says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.docs.console import Step, blocks, run_page

PAGES = ("README.md", "docs/quickstart.md")


@pytest.fixture
def clone(repository: Path, tmp_path: Path) -> Path:
    """A folder that looks like a clone: links to all that is in the repository, nothing made yet."""
    folder = tmp_path / "clone"
    folder.mkdir()
    made_by_the_page = {"demo-workspace", "my-company"}
    for entry in repository.iterdir():
        if entry.name not in made_by_the_page:
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_blocks_run(name: str, repository: Path, clone: Path, tmp_path: Path, foretell_command: Path) -> None:
    page = (repository / name).read_text(encoding="utf-8")
    assert any(isinstance(step, Step) for step in blocks(page))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = f"{foretell_command.parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "NO_COLOR": "1", "COLUMNS": "120", "PYTHON": sys.executable, "MAKEFLAGS": ""}
    env |= {"FORETELL_DEMO_PEOPLE": "200", "FORETELL_DEMO_DAYS": "7"}
    problems = run_page(page, clone, scratch, env, timeout_seconds=1500)
    assert not problems, problems[0]
