"""``bench predict``: features against a hand-written query, a fit against the plain library, and a whole training.

The features are the 61 of ``benchmarks/rivals.py``, by the library that trains and scores, from the event log; the
hand-written query reads the events as they arrived. Both answer with the same numbers for the same people. Then a
prediction is trained on that workspace, and its fit is made again beside XGBoost alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foretell.bench.processes import Cost, measure
from foretell.bench.registry import Result
from foretell.errors import ForetellError

LIMITS = {"features_vs_sql": "<= 1.1", "overhead": "<= 1.3", "train_vs_fit": "<= 7"}
EVENTS, PEOPLE = 20_000_000, 1_000_000
QUICK = 10
"""``--quick`` takes as many times fewer events and people."""
_PASSES = 3
_SIDES = "foretell.bench.predict_sides"


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """20 million events of a million people; ``--quick`` a tenth of both, each measured once."""
    times, passes = (QUICK, 1) if quick else (1, _PASSES)
    events, people = EVENTS // times, PEOPLE // times
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        folder = Path(place)
        report(f"{events:,} events of {people:,} people: the hand-written query")
        theirs, _ = side("rival", events, people, passes, folder)
        report("the same events in a workspace")
        side("fill", folder)
        report("the same features by the library")
        ours, reading = side("features", folder, passes)
        _agree(theirs, ours)
        report("a training from the log to the model")
        training, learning = side("train", folder)
        report("its fit on everybody as of one instant, ours and the plain library's")
        fits, _ = side("fit", folder, passes)
    ratios = {
        "features_vs_sql": round(ours["cpu_s"] / theirs["cpu_s"], 3),
        "overhead": round(fits["ours_cpu_s"] / fits["plain_cpu_s"], 3),
        "train_vs_fit": round(training["cpu_s"] / fits["plain_fit_cpu_s"], 3),
    }
    figures = {
        "events": float(events),
        "people": float(ours["people"]),
        "sql_cpu_s": theirs["cpu_s"],
        "features_cpu_s": ours["cpu_s"],
        "features_peak_mb": reading.peak_mb,
        "train_cpu_s": training["cpu_s"],
        "train_wall_s": training["wall_s"],
        "train_peak_mb": learning.peak_mb,
        "origins": training["origins"],
        "learnt_rows": training["rows"],
        **fits,
    }
    return Result("predict", ratios, {name: round(value, 2) for name, value in figures.items()}, LIMITS)


def side(*words: object) -> tuple[dict[str, Any], Cost]:
    """What a side told, and what its process cost; one of ``words`` is the folder where it works."""
    folder = next(word for word in words if isinstance(word, Path))
    out = folder / f"{words[0]}.json"
    cost = measure([sys.executable, "-m", _SIDES, *map(str, words), out])
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return told, cost


def _agree(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    if (theirs["people"], theirs["sum"]) != (ours["people"], ours["sum"]):
        raise ForetellError(
            "CHECKSUM_DIFFERS",
            f"the query has {theirs['people']:,} people with sum {theirs['sum']}, the library {ours['people']:,} "
            f"with {ours['sum']}",
            thing="bench predict",
        )
