"""The hand-written rivals of ``benchmarks/rivals.py``, which stand beside the package in its repository."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from foretell.errors import ForetellError

PLACE = Path(__file__).parents[3] / "benchmarks" / "rivals.py"


@cache
def rivals() -> ModuleType:
    """The module; raises :class:`ForetellError` where the repository is not there."""
    spec = importlib.util.spec_from_file_location("foretell_rivals", PLACE)
    if spec is None or spec.loader is None or not PLACE.exists():
        raise ForetellError(
            "BENCHMARK_FAILED", "the rivals are not there", where=str(PLACE), next_step="Run it from a checkout."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
