"""Commands are loaded when they are asked for, and the list says of each what its own help says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from foretell.cli.commands import app

ROOT: Any = typer.main.get_command(app)

LOADED = """
import sys
from foretell.cli.commands import run
status = run(["--help"])
heavy = sorted({"foretell.app", "pyarrow", "duckdb", "numpy", "pydantic"} & set(sys.modules))
print("loaded:", heavy, "status:", status)
"""


@pytest.mark.parametrize("name", list(ROOT.commands))
def test_the_list_says_what_the_command_says(name: str) -> None:
    summary = ROOT.places[name].summary
    said = ROOT.commands[name].get_short_help_str(1_000)
    assert summary == said


def test_the_list_names_every_command() -> None:
    assert ROOT.list_commands(None) == list(ROOT.places)
    assert ROOT.commands.get("nope") is None


def test_listing_commands_loads_no_room() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert "loaded: [] status: 0" in done.stdout
    for name in ROOT.places:
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("name", ["doctor", "schema", "run", "bench", "messages"])
def test_a_command_starts_by_itself(foretell_command: Path, name: str) -> None:
    """In an interpreter that has loaded nothing else; the others do in the pages of the documentation."""
    done = subprocess.run([foretell_command, name, "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"foretell {name}" in done.stdout
