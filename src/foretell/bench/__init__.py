"""Bench: comparisons that can be run by anybody: ``foretell bench NAME``.

Enters: a name and whether to be quick. Leaves: ratios against what a user would pick instead, both
sides measured in one run with one checksum, and figures. Called by ``cli`` alone. Rivals are named
here, and nowhere else above the engine. A file with a ``run`` function is a benchmark.
"""

from __future__ import annotations

from foretell.bench.registry import Result, names, run

__all__ = ["Result", "names", "run"]
