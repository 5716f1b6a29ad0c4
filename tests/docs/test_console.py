"""The runner of the documentation's blocks: it must be able to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import SavedFile, Step, blocks, run_page


def run(page: str, tmp_path: Path) -> list[str]:
    folder, scratch = tmp_path / "folder", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    return run_page(page, folder, scratch, {}, timeout_seconds=30)


def console(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```", ""])


def test_blocks_are_read_in_order_with_their_lines() -> None:
    page = "# T\n\n" + console("$ a", "> b", "out", "# contains: x") + '```yaml title="s/k.yaml"\nkind: x\n```\n'
    assert blocks(page) == [Step(4, "a\nb", ["x"]), SavedFile(10, "s/k.yaml", "kind: x\n")]


def test_other_languages_are_left_alone() -> None:
    assert blocks("```sh\n$ false\n```\n```yaml\nkind: x\n```\n") == []


def test_a_block_without_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="without a command"):
        blocks(console("make setup"))


def test_folder_and_environment_hold_over_blocks(tmp_path: Path) -> None:
    page = console("$ mkdir in", "$ cd in", "$ export WORD=here") + '```text title="sub/f.txt"\nhello\n```\n'
    page += console(
        "$ cat sub/f.txt; pwd; echo $WORD", "# contains: hello", "# contains: /folder/in", "# contains: here"
    )
    assert run(page, tmp_path) == []


def test_a_failing_command_is_told_with_its_line_and_ends_the_page(tmp_path: Path) -> None:
    problems = run(console("$ true", "$ echo why >&2; (exit 3)", "$ touch after"), tmp_path)
    assert len(problems) == 1
    assert problems[0].startswith("line 3: $ echo why")
    assert "exit status 3" in problems[0]
    assert "why" in problems[0]
    assert not (tmp_path / "folder" / "after").exists()


def test_a_command_that_leaves_the_shell_is_a_failure(tmp_path: Path) -> None:
    assert "exit status never" in run(console("$ exit 0"), tmp_path)[0]


def test_missing_output_is_told(tmp_path: Path) -> None:
    assert "does not contain 'two'" in run(console("$ echo one", "# contains: two"), tmp_path)[0]
