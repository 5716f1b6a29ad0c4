"""A command leaves with its status, when everything is written and all who asked for it had their last word."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMAND = """
import atexit
import sys
from foretell.cli import main

class Library:
    def __del__(self):
        print("taken apart")

kept = Library()
atexit.register(print, "last words")
sys.argv[:] = ["foretell", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("words", "status"), [("--help", 0), ("nope", 2)])
def test_the_status_is_the_commands_and_nothing_is_lost(words: str, status: int) -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND, words], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert done.stdout.endswith("last words\n")
    assert ("Commands" in done.stdout) is (status == 0)
    assert done.stderr.startswith("error: no such command 'nope'") is (status == 2)
