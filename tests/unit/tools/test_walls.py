"""The walls of ``pyproject.toml`` stop each kind of forbidden import, on a small house made for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = {
    "__init__": "",
    "errors": "",
    "clock": "from foretell.errors import x\n",
    "ids": "",
    "money": "",
    "app": "import foretell.engine, foretell.collect, foretell.measure, foretell.testing\n",
    "engine.__init__": "from foretell.engine.store import x\nfrom .scratch import scratch\n__all__ = ['scratch']\n",
    "engine.store": "import duckdb, psycopg, pyspark, sqlite3\nfrom foretell.clock import x\n",
    "engine.scratch": "def scratch(): ...\n",
    "collect.__init__": "from foretell.collect.mapping import x\n",
    "collect.mapping": "from foretell.engine import scratch, x\n",
    "measure.__init__": "from foretell import collect\n",
    "testing.__init__": "",
    "demo.__init__": "from foretell.app import x\n",
    "bench.__init__": "from foretell.bench.other_side import x\n",
    "bench.other_side": "import duckdb\n",
    "cli.__init__": "from foretell.app import x\nfrom foretell.demo import y\nimport foretell.bench\n",
}

# what is added to which module, and what import-linter must say
BREACHES = [
    (
        "engine.store",
        "from foretell.collect import x",
        "foretell.engine is not allowed to import foretell.collect",
    ),
    (
        "collect.mapping",
        "from foretell.measure import x",
        "foretell.collect is not allowed to import foretell.measure",
    ),
    ("measure", "from foretell.app import x", "foretell.measure is not allowed to import foretell.app"),
    ("app", "from foretell.cli import x", "foretell.app is not allowed to import foretell.cli"),
    (
        "collect",
        "from foretell.testing import x",
        "foretell.collect is not allowed to import foretell.testing",
    ),
    ("app", "from foretell.demo import x", "foretell.app is not allowed to import foretell.demo"),
    ("clock", "from foretell.engine import x", "foretell.clock is not allowed to import foretell.engine"),
    ("money", "from foretell.ids import x", "foretell.money is not allowed to import foretell.ids"),
    ("errors", "from foretell.clock import x", "foretell.errors is not allowed to import foretell.clock"),
    ("marketing.__init__", "", "foretell.marketing"),
    (
        "measure",
        "from foretell.collect.mapping import x",
        "foretell.measure -> foretell.collect.mapping (l.2)",
    ),
    ("measure", "from foretell.collect import mapping", "foretell.measure -> foretell.collect.mapping (l.2)"),
    ("app", "import foretell.engine.store", "foretell.app -> foretell.engine.store (l.2)"),
    ("app", "import foretell.engine.scratch", "foretell.app -> foretell.engine.scratch (l.2)"),
    ("app", "from foretell.engine.scratch import scratch", "foretell.app -> foretell.engine.scratch (l.2)"),
    ("collect.mapping", "import duckdb", "foretell.collect.mapping -> duckdb (l.2)"),
    ("app", "import sqlite3", "foretell.app -> sqlite3 (l.2)"),
    ("app", "import psycopg", "foretell.app -> psycopg (l.2)"),
]


def check(folder: Path, repository: Path, house: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in house.items():
        nested = "." in name or name == "__init__"
        package = any(other.startswith(f"{name}.") for other in house)
        path = folder / "foretell" / ("/".join(name.split(".")) + ("/__init__.py" if package and not nested else ".py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--no-logo",
            "--no-cache",
            "--config",
            repository / "pyproject.toml",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{folder}{os.pathsep}{repository}",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What was printed, line ends left out (import-linter breaks lines where the terminal ends)."""
    return " ".join((done.stdout + done.stderr).split())


def test_a_house_that_keeps_the_rules_passes(tmp_path: Path, repository: Path) -> None:
    done = check(tmp_path, repository, HOUSE)
    assert done.returncode == 0, said(done)
    assert "3 kept, 0 broken" in said(done)


@pytest.mark.parametrize(("module", "added", "told"), BREACHES)
def test_a_breach_is_told(module: str, added: str, told: str, tmp_path: Path, repository: Path) -> None:
    name = module if module in HOUSE or module.endswith("__init__") else f"{module}.__init__"
    done = check(tmp_path, repository, {**HOUSE, name: HOUSE.get(name, "") + added + "\n"})
    assert done.returncode == 1, said(done)
    assert told in said(done)
