"""Runs the blocks of a page of documentation, as a reader would type them.

A fenced block ``console`` holds commands (lines that begin with ``$ ``, continued by lines that begin
with ``> ``), what must be in the output of the command above (``# contains: TEXT``), and output shown
for the reader (any other line). A block with ``title="PATH"`` is a file that the reader saves there.
All blocks of a page run from top to bottom in one shell, so that ``cd`` and ``export`` hold.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

_FENCE = re.compile(r"^```(?P<lang>\w+)?(?P<rest>[^\n]*)\n(?P<body>.*?)^```[ \t]*$", re.M | re.S)
_TITLE = re.compile(r'title="([^"]+)"')
_MARK = "# contains: "


@dataclass
class Step:
    """One thing that the reader does; ``shell`` is what the runner types."""

    line: int
    shell: str
    contains: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SavedFile:
    """A block that the reader saves as ``path``."""

    line: int
    path: str
    text: str


def clone(repository: Path, parent: Path) -> Path:
    """A folder that looks like a clone: links to all that is in the repository, nothing made yet."""
    folder = parent / "clone"
    folder.mkdir()
    made_by_the_page = {"demo-workspace", "my-company"}
    for entry in repository.iterdir():
        if entry.name not in made_by_the_page:
            (folder / entry.name).symlink_to(entry)
    return folder


def reader(command: Path, days: str) -> dict[str, str]:
    """The environment of a reader with a narrow terminal, whose demos are short."""
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {
        "PATH": path, "NO_COLOR": "1", "COLUMNS": "80", "PYTHON": sys.executable, "MAKEFLAGS": "",
        "FORETELL_DEMO_PEOPLE": "200", "FORETELL_DEMO_DAYS": days,
    }  # fmt: skip


def blocks(page: str) -> list[Step | SavedFile]:
    """Everything a reader does on ``page``, in order. Raises ``ValueError`` for a block that says nothing."""
    found: list[Step | SavedFile] = []
    for block in _FENCE.finditer(page):
        line = page.count("\n", 0, block.start("body")) + 1
        title = _TITLE.search(block["rest"])
        if title:
            found.append(SavedFile(line, title[1], block["body"]))
        elif block["lang"] == "console":
            found += _steps(block["body"], line)
    return found


def _steps(body: str, first_line: int) -> list[Step]:
    steps: list[Step] = []
    for line, text in enumerate(body.splitlines(), start=first_line):
        if text.startswith("$ "):
            steps.append(Step(line, text[2:]))
        elif text.startswith("> ") and steps:
            steps[-1].shell += "\n" + text[2:]
        elif text.startswith(_MARK) and steps:
            steps[-1].contains.append(text.removeprefix(_MARK))
    if not steps:
        raise ValueError(f"line {first_line}: a console block without a command")
    return steps


def run_page(page: str, folder: Path, scratch: Path, env: Mapping[str, str], timeout_seconds: float) -> list[str]:
    """Do what ``page`` says in ``folder``; what failed, as texts (empty: all went well).

    ``scratch`` is an empty folder for the runner's own files. Nothing runs after the first failure.
    """
    steps = blocks(page)
    script = scratch / "page.sh"
    script.write_text("".join(_shell(step, number, scratch) for number, step in enumerate(steps)))
    subprocess.run(
        ["bash", str(script)],
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=timeout_seconds,
    )
    problems: list[str] = []
    for number, step in enumerate(steps):
        if isinstance(step, Step) and not problems:
            problems += _judged(step, number, scratch)
    return problems


def _shell(step: Step | SavedFile, number: int, scratch: Path) -> str:
    if isinstance(step, SavedFile):
        kept = scratch / f"{number}.file"
        kept.write_text(step.text, encoding="utf-8")
        target = quote(step.path)
        return f'mkdir -p "$(dirname {target})" && cp {quote(str(kept))} {target}\n'
    out, status = quote(str(scratch / f"{number}.out")), quote(str(scratch / f"{number}.status"))
    return f"{{ {step.shell}\n}} > {out} 2>&1\nstatus=$?; echo $status > {status}; [ $status = 0 ] || exit 1\n"


def _judged(step: Step, number: int, scratch: Path) -> list[str]:
    out, status = scratch / f"{number}.out", scratch / f"{number}.status"
    said = out.read_text(encoding="utf-8", errors="replace") if out.exists() else ""
    ended = status.read_text().strip() if status.exists() else "never"
    if ended != "0":
        return [f"line {step.line}: $ {step.shell}\nexit status {ended}\n{said[-3000:]}"]
    return [
        f"line {step.line}: $ {step.shell}\nthe output does not contain {text!r}:\n{said[-3000:]}"
        for text in step.contains
        if text not in said
    ]
