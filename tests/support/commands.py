"""The real command in a workspace, as a person or a program runs it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import warm_start


@dataclass(frozen=True)
class Foretell:
    """The command in a workspace: ``foretell("segment", "list")``.

    Args:
        command: path of the command.
        folder: where it runs.
    """

    command: Path
    folder: Path

    def __call__(
        self, *arguments: str | Path, status: int | None = 0, env: Mapping[str, str] | None = None, columns: int = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run it; ``status`` is the exit status that must come out, None for any."""
        words, folder = [self.command, *arguments], self.folder
        whole = environment(COLUMNS=str(columns)) | dict(env or {})
        if any(name.startswith("PYTHON") for name in env or {}):  # only a new interpreter heeds them
            done = subprocess.run(
                words, cwd=folder, env=whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600
            )
        else:
            done = warm_start.run(["-m", "foretell", *words[1:]], cwd=folder, env=whole)
        told = f"foretell {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert status in (None, done.returncode), told
        assert "Traceback" not in done.stderr, told
        return done

    def json(self, *arguments: str | Path, status: int = 0, env: Mapping[str, str] | None = None) -> Any:
        """Run it with ``--json``: standard output must be one JSON document and nothing else."""
        return json.loads(self(*arguments, "--json", status=status, env=env).stdout)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        found: list[dict[str, Any]] = self.json("query", sql)
        return found


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: no setting of whoever runs the tests reaches it.

    What it compiles is kept, since hundreds of commands begin with it.
    """
    dropped = ("FORETELL_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "NO_COLOR": "1", **more}


def first_line(text: str) -> str:
    """The first line, empty where there is none."""
    return text.split("\n", 1)[0]
