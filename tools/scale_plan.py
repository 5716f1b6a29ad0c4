"""The generated part of ``docs/scale.md``: what each stage costs, and a plan for 100 million people, 10 billion events.

``.venv/bin/python -m tools.scale_plan --write`` makes it of ``docs/reference/scale-figures.json``, which is what
``foretell bench scale --json`` printed. Nothing is assumed that is not in that file or in :data:`SIZES`, which were
measured too; the page says so.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.files import ROOT

PAGE, FIGURES = ROOT / "docs" / "scale.md", ROOT / "docs" / "reference" / "scale-figures.json"
BEGIN, END = "<!-- begin: tools.scale_plan -->", "<!-- end: tools.scale_plan -->"
STAGES = {
    "import": ("event", "arrivals to the stores: decode, refuse repeats, find people, record, append"),
    "identify": ("event", "the rules of identity applied once more to all identifiers"),
    "features": ("person", "features of everybody as of one instant"),
    "train": ("person", "features of the training sample, a model, its calibration and report"),
    "score": ("person", "features and scores of everybody"),
    "segments": ("person", "100 segments counted"),
    "wave": ("person", "everybody enters a journey, gets a message, and leaves"),
}
"""Stage → what its unit is, and what it does."""
ONCE = ("identify", "train")
"""Done when somebody changes something, not every night; the sample of training does not grow with the people."""
READS_LOG, EVENTS_EACH = ("features", "score", "segments"), 10
"""What costs by the events a person has, of which the benchmark gives everybody so many."""
PEOPLE, EVENTS = 100_000_000, 10_000_000_000
SIZES = {"lake": 52, "narrow": 14.5, "spool": 61, "seen": 27, "person": 1_600}
"""Bytes an event (a person) in the demo shop: whole in the lake, the columns that features read, in the spool, in the
memory of message ids; in all other operational tables a person."""
ROW_BYTES = 48
"""A row of what features read, in Spark's memory while it is sorted: node, instant, event, two numbers, a pointer."""
PARTITION_MB, FILE_MB, MONTHS = 128, 256, 24
CORES, CORE_GB, BUSY = 128, 4, 0.7
"""Of the planned cluster: cores, memory a core, and how much of the time they have work."""


@dataclass(frozen=True)
class Cost:
    """What a stage costs a unit.

    Args:
        cpu_us: CPU microseconds a unit, in the largest workspace measured.
        slope: how many times more a unit costs where the units double, at most.
        units: people or events of that workspace.
        peak_mb: most memory there.
    """

    cpu_us: float
    slope: float
    units: float
    peak_mb: float

    def at(self, units: float) -> float:
        """CPU hours of one core for ``units``: the slope goes on, and what became cheaper is not counted on."""
        doublings = max(0.0, math.log2(units / self.units))
        return self.cpu_us * math.pow(max(1.0, self.slope), doublings) * units / 3.6e9


def costs(figures: Mapping[str, float]) -> dict[str, Cost]:
    """Stage → its cost, of what the benchmark printed."""
    return {
        stage: Cost(
            figures[f"{stage}_large_cpu_us"],
            figures[f"{stage}_slope"],
            figures[f"{stage}_large_units"],
            figures[f"{stage}_large_peak_mb"],
        )
        for stage in STAGES
    }


def block(told: Mapping[str, Any]) -> str:
    """The generated part of the page."""
    figures, machine = told["figures"], told["machine"]
    found = costs(figures)
    return "\n".join([BEGIN, *_measured(found, figures, machine), "", *_plan(found), END])


def page(text: str, told: Mapping[str, Any]) -> str:
    """The page with its generated part as it has to be."""
    before, _, rest = text.partition(BEGIN)
    return before + block(told) + rest.partition(END)[2]


def _measured(found: Mapping[str, Cost], figures: Mapping[str, float], machine: Mapping[str, Any]) -> Iterator[str]:
    sizes = " → ".join(f"{figures[f'people_{name}']:,.0f}" for name in ("small", "middle", "large"))
    yield f"Measured at {sizes} people with ten events each, on {machine['cores']} cores, Python {machine['python']}."
    yield ""
    yield "| stage | what | CPU µs a unit, largest | slope a doubling | CPU minutes a million | peak MB |"
    yield "|---|---|---|---|---|---|"
    for stage, (unit, what) in STAGES.items():
        cost = found[stage]
        minutes = cost.cpu_us / 60
        yield (
            f"| {stage} | {what} | {cost.cpu_us:,.1f} a{'n' if unit == 'event' else ''} {unit} | {cost.slope:.2f} "
            f"| {minutes:,.1f} | {cost.peak_mb:,.0f} |"
        )


def _plan(found: Mapping[str, Cost]) -> Iterator[str]:
    yield f"**{PEOPLE // 10**6} million people, {EVENTS // 10**9} billion events**, {EVENTS // PEOPLE} a person:"
    yield ""
    yield "| what | arithmetic | result |"
    yield "|---|---|---|"
    for stage, (unit, _) in STAGES.items():
        if stage in ONCE:
            continue
        units = EVENTS if unit == "event" else PEOPLE
        more = EVENTS / PEOPLE / EVENTS_EACH if stage in READS_LOG else 1
        hours = found[stage].at(units) * more
        slope = max(1.0, found[stage].slope)
        doublings = max(0.0, math.log2(units / found[stage].units))
        told = f"{units:,} × {found[stage].cpu_us:,.1f} µs × {slope:.2f}^{doublings:.1f}"
        told += f" × {more:.0f} for {EVENTS // PEOPLE} events a person and not {EVENTS_EACH}" if more > 1 else ""
        yield f"| {stage}, core hours | {told} | {hours:,.1f} h |"
        spread = hours / (CORES * BUSY)
        yield f"| {stage}, {CORES} cores | ÷ ({CORES} × {BUSY}) | {spread:,.2f} h |"
    yield from _storage()
    yield from _shuffle()


def _storage() -> Iterator[str]:
    lake = EVENTS * SIZES["lake"]
    yield f"| lake | {EVENTS:,} × {SIZES['lake']} B | {lake / 1e9:,.0f} GB |"
    files = lake / (FILE_MB * 1e6)
    yield f"| files of the log | ÷ {FILE_MB} MB, over {MONTHS} months | {files:,.0f}, {files / MONTHS:,.0f} a month |"
    yield f"| arrivals as they came | {EVENTS:,} × {SIZES['spool']} B | {EVENTS * SIZES['spool'] / 1e9:,.0f} GB |"
    seen = EVENTS * SIZES["seen"]
    yield f"| message ids, to refuse repeats | {EVENTS:,} × {SIZES['seen']} B | {seen / 1e9:,.0f} GB |"
    people = PEOPLE * SIZES["person"]
    yield f"| all else of the operational store | {PEOPLE:,} × {SIZES['person']:,} B | {people / 1e9:,.0f} GB |"


def _shuffle() -> Iterator[str]:
    read = EVENTS * SIZES["narrow"]
    yield f"| read by a features run | {EVENTS:,} × {SIZES['narrow']} B | {read / 1e9:,.0f} GB |"
    volume = EVENTS * ROW_BYTES
    yield f"| shuffled by person | {EVENTS:,} × {ROW_BYTES} B | {volume / 1e9:,.0f} GB |"
    partitions = volume / (PARTITION_MB * 1e6)
    waves = partitions / CORES
    told = f"÷ {PARTITION_MB} MB; ÷ {CORES} cores"
    yield f"| `spark.sql.shuffle.partitions` | {told} | {partitions:,.0f}, {waves:,.0f} rounds |"
    yield f"| memory of executors | {CORES} cores × {CORE_GB} GB | {CORES * CORE_GB:,} GB |"


def main(arguments: list[str]) -> int:
    """Print the page's generated part; with ``--write`` put it into the page."""
    told = json.loads(FIGURES.read_text("utf-8"))
    if "--write" in arguments:
        PAGE.write_text(page(PAGE.read_text("utf-8"), told), "utf-8")
    else:
        print(block(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
