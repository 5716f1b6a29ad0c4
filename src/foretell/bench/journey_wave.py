"""The wave of a million, ours and the hand-written one, and what rendering costs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foretell.bench.processes import measure

_STAGES = "foretell.bench.journey_stages"


def waves(*, people: int, report: Callable[[str], None]) -> tuple[float, float, dict[str, float]]:
    """Steps a CPU second of ours ÷ of the rival's; CPU seconds of a person of ours; figures in µs a unit."""
    figures: dict[str, float] = {"wave_people": people}
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        told = {}
        for name in ("prepare", "wave", "render", "rival"):
            report(f"journey {name}: {people:,} people")
            one = told[name] = stage(name, Path(place), people)
            figures |= {
                f"{name}_units": one["units"],
                f"{name}_cpu_us": round(one["cpu_s"] / one["units"] * 1e6, 2),
                f"{name}_wall_us": round(one["wall_s"] / one["units"] * 1e6, 2),
                f"{name}_peak_mb": round(one["peak_mb"]),
            }
    ratio = figures["rival_cpu_us"] / figures["wave_cpu_us"]
    return round(ratio, 3), told["wave"]["cpu_s"] / told["wave"]["units"], figures


def stage(name: str, folder: Path, people: int) -> dict[str, Any]:
    """What a stage told (``cpu_s wall_s units found``), with ``peak_mb`` of its process."""
    out = folder / f"{name}.json"
    cost = measure([sys.executable, "-m", _STAGES, name, folder, str(people), out])
    values: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return values | {"peak_mb": cost.peak_mb}
