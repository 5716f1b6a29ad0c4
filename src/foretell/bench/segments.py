"""``bench segments``: a hundred segments kept fresh, against a hundred hand-written queries.

The rival evaluates each segment by a query of its own over the events as they arrived. Ours keeps them: a full
refresh is all people evaluated from what is kept, with the upkeep that a day's events cost; an increment is one
micro-batch of 10,000 events that lie in the log already, matched, evaluated, and its transitions durable. Both count
by CPU time, in one run, with the same number of members of each segment. Growth is the increment on the whole history
against that on a tenth of it, with the same people. Then the real server under 1,000 events a second.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foretell.bench.processes import Cost, measure
from foretell.bench.registry import Result
from foretell.bench.segments_served import fresh
from foretell.errors import ForetellError

LIMITS = {"full_vs_separate": "<= 0.3", "increment_vs_separate": "<= 0.02", "increment_growth": "<= 1.5"}
EVENTS, PEOPLE = 20_000_000, 1_000_000
GROWTH = 10
_SIDES = "foretell.bench.segment_sides"


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """20 million events of a million people. ``--quick`` takes as many, since what the queries cost falls with the
    history and an increment's cost does not; it measures each less often."""
    sizes = _Sizes(passes=1, rounds=6) if quick else _Sizes(passes=3, rounds=18)
    seconds = 15 if quick else 120
    theirs, ours, cost = _sides(EVENTS, sizes, report)
    _, small, _ = _sides(EVENTS // GROWTH, sizes, report)
    separate = theirs["cpu_s"]
    ratios = {
        "full_vs_separate": round((ours["evaluate_cpu_s"] + ours["day_cpu_s"]) / separate, 3),
        "increment_vs_separate": round(ours["increment_cpu_s"] / separate, 4),
        "increment_growth": round(ours["increment_cpu_s"] / small["increment_cpu_s"], 3),
    }
    figures: dict[str, float] = {
        "events": EVENTS,
        "people": PEOPLE,
        "rounds": sizes.rounds,
        "members": sum(ours["sizes"]),
        "separate_cpu_s": round(separate, 3),
        **{name: round(ours[name], 3) for name in _FIGURES},
        "small_increment_cpu_s": round(small["increment_cpu_s"], 3),
        "peak_mb": round(cost.peak_mb),
    }
    report(f"1,000 events a second for {seconds} s, 100 segments")
    return Result("segments", ratios, figures | fresh(seconds=seconds, report=report), LIMITS)


_FIGURES = (
    "build_cpu_s", "evaluate_cpu_s", "day_cpu_s", "increment_cpu_s", "quiet_hour_cpu_s", "quiet_hour_people",
    "quiet_hour_transitions", "state_mb", "restart_s",
)  # fmt: skip


@dataclass(frozen=True)
class _Sizes:
    """How often each side is measured: the queries, and increments."""

    passes: int
    rounds: int


def _sides(
    events: int, sizes: _Sizes, report: Callable[[str], None]
) -> tuple[Mapping[str, Any], Mapping[str, Any], Cost]:
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        folder = Path(place)
        report(f"{events:,} events of {PEOPLE:,} people: 100 separate queries")
        _side("rival", events, PEOPLE, sizes.passes, folder, folder / "theirs.json")
        report(f"{events:,} events of {PEOPLE:,} people: kept fresh")
        cost = _side("ours", folder, sizes.rounds, folder / "ours.json")
        told, found = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("theirs", "ours"))
    if told["sizes"] != found["sizes"]:
        wrong = [
            place for place, pair in enumerate(zip(told["sizes"], found["sizes"], strict=True)) if len({*pair}) > 1
        ]
        raise ForetellError(
            "CHECKSUM_DIFFERS", f"segments {wrong[:5]} have other members than the queries find", thing="bench segments"
        )
    return told, found, cost


def _side(*words: object) -> Cost:
    return measure([sys.executable, "-m", _SIDES, *map(str, words)])
