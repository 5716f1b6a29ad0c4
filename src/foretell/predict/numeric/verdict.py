"""What a numeric prediction's training says, in plain words."""

from __future__ import annotations

import math

from foretell.predict.numeric.train import TrainedNumeric

COVERED = (0.86, 0.94)
"""Intervals that held for such a share of people said the truth."""
_FAR_OFF = 0.2


def numeric_verdict(found: TrainedNumeric) -> str:
    """How far off amounts were, beside both simple forecasts, and whether the intervals held."""
    metrics, split = found.tested.metrics, found.task.split
    where = "On the latest window, which it did not learn from," if split.by == "time" else "On other people,"
    simple = f"as in the last window: {found.baseline['mae']:.3g}, the same for all: {found.constant['mae']:.3g}"
    off = f"amounts over {split.horizon} were off by {metrics['mae']:.3g} a person ({simple})"
    parts = [f"{where} {off}, in total by {metrics['total_error']:+.0%}."]
    if metrics["rmse"] >= min(found.baseline["rmse"], found.constant["rmse"]):
        parts.append("In squared error a simple forecast is as good: do not rely on differences between people.")
    if abs(metrics["total_error"]) > _FAR_OFF:
        parts.append("The total is far off: a season or a change of business that the model does not know.")
    if split.by == "people":
        parts.append("The history is too short to test on a later time: nothing is known about other seasons.")
    parts.append(_coverage(metrics["coverage"]))
    return " ".join(parts)


def _coverage(coverage: float) -> str:
    if math.isnan(coverage):
        return "Too few people for an interval."
    said = f"{coverage:.0%} had an amount within the 90 % interval."
    if coverage < COVERED[0]:
        return f"{said} The interval is too narrow for this season."
    return said if coverage <= COVERED[1] else f"{said} The interval is wider than it says."
