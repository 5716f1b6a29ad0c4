"""Which benchmarks there are, and what one answers."""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from foretell.errors import UsageError

_NAMES = {
    "cltv": "foretell.bench.cltv",
    "horizons": "foretell.bench.horizons",
    "identity": "foretell.bench.identity",
    "import": "foretell.bench.importing",
    "ingest": "foretell.bench.ingest",
    "journey": "foretell.bench.journey",
    "lift": "foretell.bench.lift",
    "listen": "foretell.bench.listen",
    "matching": "foretell.bench.matching",
    "ops": "foretell.bench.ops",
    "personas": "foretell.bench.personas",
    "predict": "foretell.bench.predict",
    "scale": "foretell.bench.scale",
    "segments": "foretell.bench.segments",
}
_WITH_DATA = ("matching",)
"""Those that can be run on reference data instead of what they make up."""


@dataclass(frozen=True)
class Result:
    """What a benchmark measured.

    Args:
        ratios: judged against the limits in the docs; CPU time, ours ÷ theirs, unless named otherwise.
        figures: seconds, megabytes, sizes; printed and not judged.
        limits: ratio → the most (or with ``>=`` the least) it may be, in words.
    """

    name: str
    ratios: dict[str, float]
    figures: dict[str, float]
    limits: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The result for programs, with the machine it was measured on."""
        machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        return {"name": self.name, "ratios": self.ratios, "figures": self.figures, "machine": machine}


def names() -> list[str]:
    """Names of the benchmarks."""
    return sorted(_NAMES)


def run(name: str, *, quick: bool, report: Callable[[str], None], data: Path | None = None) -> Result:
    """Run a benchmark.

    Args:
        quick: smaller sizes, the same keys.
        report: told what is being done.
        data: folder with reference data, for benchmarks that can do with it.
    """
    if name not in _NAMES:
        raise UsageError(
            "UNKNOWN_BENCHMARK",
            f"there is no benchmark called {name!r}",
            next_step=f"Benchmarks: {', '.join(names())}.",
        )
    if data is not None and name not in _WITH_DATA:
        raise UsageError("BAD_USAGE", f"benchmark {name!r} makes its own data", next_step="Leave --data out.")
    more = {} if data is None else {"data": data}
    result: Result = importlib.import_module(_NAMES[name]).run(quick=quick, report=report, **more)
    return result
