"""Arrow that does not load pandas: pyarrow tries to with the first list that becomes an array.

No room makes frames, and where pandas is installed (Spark Connect needs it) loading it takes a third of a second and
40 MB of every process. Who asks Arrow for a frame gets one still: pyarrow looks again then.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _Hidden(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Nothing of any module; raises ``ModuleNotFoundError`` for pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not wanted", name=fullname)


def leave_pandas_out() -> None:
    """Let pyarrow find once that there is no pandas, unless the process has loaded it already."""
    if "pandas" in sys.modules:
        return
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(hidden)
