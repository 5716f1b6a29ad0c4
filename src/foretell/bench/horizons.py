"""``horizons``: a learnt curve of "buys nothing within", against BG/NBD's closed form and against the truth.

A demo shop lives for 480 days. A prediction over three horizons is trained as of the end and scores everybody in its
population; the shop then lives on, once as it does and many times with new draws, so that the true probability of
each person is known but for the noise of the draws. Judged is the mean Brier score over the horizons on the shop's own
future, with the difference from the closed form (fitted on the same people as of the same instant) by a paired
bootstrap, and the calibration error against the true probabilities.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import app, definitions, predict
from foretell.app import Workspace
from foretell.bench.horizon_world import PAST, Floats, Futures, Ints, futures, live, world_of
from foretell.bench.registry import Result
from foretell.bench.segment_documents import written
from foretell.clock import SteppedClock
from foretell.ids import unit_intervals
from foretell.stats import Interval, bootstrap

PEOPLE, QUICK_PEOPLE = 100_000, 3_000
DAYS = (30, 60, 90)
FUTURES, QUICK_FUTURES = 20, 10
SEED = 11
LIMITS = {"brier_difference": "< 0", "brier_difference_high": "< 0", "crossing": "0"}
_KEY = "stays_away"
_BINS = 10


@dataclass(frozen=True)
class Curves:
    """What is said of each person and what came; arrays but ``people`` of shape (n, horizons).

    Args:
        days: the horizons.
        people: numbers in the world.
        ours, closed: probabilities that nothing is bought within each horizon.
        happened: 1.0 where it came so.
        chance: the true probabilities.
    """

    days: tuple[int, ...]
    people: Ints
    ours: Floats
    closed: Floats
    happened: Floats
    chance: Floats


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Train, score, live on and judge; ``quick`` takes fewer people and futures."""
    people, count = (QUICK_PEOPLE, QUICK_FUTURES) if quick else (PEOPLE, FUTURES)
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        began = time.process_time()
        curves, judged = made(Path(folder), people, count, report)
        spent = time.process_time() - began
    return result(curves, judged, spent)


def made(
    root: Path, people: int, count: int, report: Callable[[str], None], days: Sequence[int] = DAYS
) -> tuple[Curves, predict.TrainingReport]:
    """The curves of everybody in the population over horizons of so many ``days``, and the report of the training.

    Args:
        people: how many the shop has; ``count``: how many futures tell the truth.
    """
    definitions.init(root)
    for path in (root / "predictions" / "churn.yaml", root / "segments" / "recent_buyers.yaml"):
        path.unlink()
    (root / "predictions" / "all.yaml").write_text(written([_document(days)]), encoding="utf-8")
    world = world_of(people, SEED)
    at = world.now + PAST
    with app.open_workspace(root, clock=SteppedClock(at)) as workspace:
        report(f"480 days of {people:,} people")
        done = live(world, workspace.engine, now=at)
        report(f"training on {done:,} events")
        places = (workspace.engine, workspace.catalog, workspace.reader)
        judged = predict.train(*places, _KEY, as_of=at, now=at)
        scores = predict.score(*places, _KEY, as_of=at, now=at, exact_up_to=0).rows
        report(f"{count} futures")
        return _curves(workspace, scores, futures(world, days, count), days, at), judged


def result(curves: Curves, judged: predict.TrainingReport, seconds: float) -> Result:
    """What the curves say."""
    apart = difference(curves)
    errors = {"ours": against_truth(curves.ours, curves.chance), "bg_nbd": against_truth(curves.closed, curves.chance)}
    figures = {
        "people": float(curves.people.size),
        "brier": _brier(curves.ours, curves.happened),
        "bg_nbd_brier": _brier(curves.closed, curves.happened),
        "truth_brier": _brier(curves.chance, curves.happened),
        "calibration_error_to_truth": errors["ours"],
        "bg_nbd_calibration_error_to_truth": errors["bg_nbd"],
        "judged_difference": float(judged.against_bg_nbd.get("difference", np.nan)),
        "cpu_s": seconds,
    }
    for place, days in enumerate(curves.days):
        for low, high in reliability_to_truth(curves.ours[:, place], curves.chance[:, place])[:: _BINS - 1]:
            figures[f"{days}d_said_{low:.2f}_true"] = high
    crossing = float((np.diff(curves.ours, axis=1) > 0).any(axis=1).sum())
    ratios = {"brier_difference": apart.value, "brier_difference_high": apart.high, "crossing": crossing}
    return Result("horizons", ratios, {name: round(value, 5) for name, value in figures.items()}, LIMITS)


def difference(curves: Curves) -> Interval:
    """Our mean Brier score over the horizons less the closed form's, with the 90 % interval of a paired bootstrap."""
    ours, theirs = ((p - curves.happened) ** 2 for p in (curves.ours, curves.closed))
    apart = (ours - theirs).mean(axis=1)
    keys = curves.people.astype(np.uint64)
    return bootstrap(
        lambda weights: float(np.average(apart, weights=weights)), lambda b: unit_intervals(f"horizons:{b}", keys)
    )


def reliability_to_truth(said: Floats, chance: Floats) -> list[tuple[float, float]]:
    """Mean of what was said and of the true probability, for tenths of the people by what was said, lowest first."""
    parts = np.array_split(np.argsort(said, kind="stable"), _BINS)
    return [(float(said[part].mean()), float(chance[part].mean())) for part in parts]


def against_truth(said: Floats, chance: Floats) -> float:
    """Mean distance of what was said from the true probability over tenths of the people, then over horizons."""
    tables = [reliability_to_truth(said[:, place], chance[:, place]) for place in range(said.shape[1])]
    return float(np.mean([[abs(low - high) for low, high in table] for table in tables]))


def _document(days: Sequence[int]) -> dict[str, Any]:
    spec = {
        "outcome": {"did_not": "Order Completed"},
        "horizons": [f"{one}d" for one in days],
        "population": {"did": "Order Completed", "within": "365d"},
    }
    return {"kind": "prediction", "key": _KEY, "spec": spec}


def _brier(said: Floats, happened: Floats) -> float:
    return float(((said - happened) ** 2).mean())


def _curves(workspace: Workspace, scores: pa.Table, coming: Futures, horizons: Sequence[int], at: datetime) -> Curves:
    """Scores and closed form of everybody who was scored, beside what comes."""
    parts = [scores.filter(pc.equal(scores["horizon"], f"{days}d")).sort_by("node_key") for days in horizons]
    keys = np.asarray(parts[0]["node_key"].to_numpy(), dtype=np.int64)
    settings = workspace.settings
    plan = predict.FeaturePlan((), tuple(float(days) for days in horizons), settings.currency, settings.zone)
    matrix = predict.compute(workspace.engine.analytics, plan, pa.table({"profile_key": keys}), at)
    closed = matrix.select(tuple(f"no_order_{days}d" for days in horizons)).astype(np.float64)
    ours = np.column_stack([np.asarray(part["score"].to_numpy(), dtype=np.float64) for part in parts])
    return Curves(tuple(horizons), keys - 1, ours, closed, coming.happened[keys - 1], coming.chance[keys - 1])
