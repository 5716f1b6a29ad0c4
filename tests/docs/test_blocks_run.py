"""Every console block of the README does what the page says; the quickstart's run with its demo, in the stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import Step, blocks, clone, reader, run_page


@pytest.mark.parametrize("name", ["README.md", "docs/quickstart.md"])
def test_a_page_has_blocks(name: str, repository: Path) -> None:
    assert any(isinstance(step, Step) for step in blocks((repository / name).read_text(encoding="utf-8")))


def test_the_readme_runs(repository: Path, tmp_path: Path, foretell_command: Path) -> None:
    page = (repository / "README.md").read_text(encoding="utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    folder = clone(repository, tmp_path)
    problems = run_page(page, folder, scratch, reader(foretell_command, "1"), timeout_seconds=1500)
    assert not problems, problems[0]
