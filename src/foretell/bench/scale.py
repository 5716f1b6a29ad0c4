"""``bench scale``: what each stage costs a unit of work, and how that grows with the number of people.

Three workspaces, ten events a person. Each stage runs in a process of its own: its CPU seconds and its most memory are
its own, and the loading of the program is no part of its cost. A stage whose work grows as the people do costs as much
a unit in the largest workspace as in the smallest. The slope is how many times more it costs where the people double.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foretell.bench.processes import Cost, measure
from foretell.bench.registry import Result
from foretell.errors import ForetellError

LIMITS = {"slope_max": "<= 1.15"}
SIZES = {"small": 100_000, "middle": 1_000_000, "large": 3_000_000}
"""People of the workspaces."""
QUICK = 20
"""``--quick`` takes as many times fewer people, so that both steps keep their factor."""
STAGES = ("import", "identify", "features", "train", "score", "segments", "wave")
_STAGES = "foretell.bench.scale_stages"
_EACH = ("import", "score", "wave")
"""Stages of which as much must come out as goes in: events in the log, scores, runs that ended."""


@dataclass(frozen=True)
class Told:
    """What a stage cost.

    Args:
        units: of work: events or people.
    """

    cpu_s: float
    wall_s: float
    units: int
    peak_mb: float

    @property
    def cpu_us(self) -> float:
        """CPU microseconds a unit."""
        return self.cpu_s / self.units * 1e6


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """0.1, 1 and 3 million people; ``--quick`` takes a twentieth of each."""
    sizes = {name: people // (QUICK if quick else 1) for name, people in SIZES.items()}
    told = {name: _workspace(people, report) for name, people in sizes.items()}
    slopes = {stage: slope([told[name][stage] for name in sizes]) for stage in STAGES}
    figures: dict[str, float] = {f"people_{name}": people for name, people in sizes.items()}
    for stage in STAGES:
        figures[f"{stage}_slope"] = round(slopes[stage], 3)
        for name in sizes:
            one = told[name][stage]
            figures |= {
                f"{stage}_{name}_units": one.units,
                f"{stage}_{name}_cpu_us": round(one.cpu_us, 2),
                f"{stage}_{name}_wall_s": round(one.wall_s, 2),
                f"{stage}_{name}_peak_mb": round(one.peak_mb),
            }
    return Result("scale", {"slope_max": round(max(slopes.values()), 3)}, figures, LIMITS)


def slope(told: Sequence[Told]) -> float:
    """The most that a unit's cost grows for each doubling of the work, between one size and the next."""
    steps = [(many.cpu_us / few.cpu_us, math.log2(many.units / few.units)) for few, many in pairwise(told)]
    return max(math.pow(times, 1 / doublings) for times, doublings in steps)


def _workspace(people: int, report: Callable[[str], None]) -> Mapping[str, Told]:
    """Every stage on one workspace, one after the other."""
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        report(f"{people:,} people")
        stage("prepare", Path(place), people)
        found = {}
        for name in STAGES:
            values, cost = stage(name, Path(place), people)
            one = found[name] = Told(values["cpu_s"], values["wall_s"], values["units"], cost.peak_mb)
            report(
                f"  {name}: {one.units:,} in {one.cpu_s:.1f} CPU s ({one.wall_s:.1f} s), "
                f"{one.cpu_us:.1f} µs each, {one.peak_mb:,.0f} MB at most"
            )
    return found


def stage(name: str, folder: Path, people: int) -> tuple[dict[str, Any], Cost]:
    """What a stage told (``cpu_s wall_s units found``), and what its process cost.

    Args:
        folder: of this workspace alone.
    """
    out = folder / f"{name}.json"
    cost = measure([sys.executable, "-m", _STAGES, name, folder, str(people), out])
    values: dict[str, Any] = json.loads(out.read_text("utf-8"))
    if name in _EACH and values["found"] != values["units"]:
        wrong = f"{name}: {values['found']:,} came out of {values['units']:,}"
        raise ForetellError("CHECKSUM_DIFFERS", wrong, thing="bench scale")
    return values, cost
