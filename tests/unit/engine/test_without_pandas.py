"""Foretell does not load pandas, and who asks Arrow for a frame gets one still."""

from __future__ import annotations

import subprocess
import sys

ASKED = """
import sys
import foretell.app
import pyarrow as pa
print("loaded:", "pandas" in sys.modules)
table = pa.table({"n": [1, 2, None]})
print(table.to_pandas()["n"].sum(), "pandas" in sys.modules)
print(pa.array(table.to_pandas()["n"]).null_count)
"""


def test_frames_are_there_when_they_are_asked_for() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", ASKED], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["loaded: False", "3.0 True", "1"], done.stderr
