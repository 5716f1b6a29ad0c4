"""One fit as it would have been made at an instant: objective, rounds, interval and model from complete windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from foretell.ids import unit_intervals
from foretell.predict.binary.boosted import Single
from foretell.predict.binary.fit import FOLDS
from foretell.predict.binary.rows import Floats, Rows, folds
from foretell.predict.binary.tuning import cuts
from foretell.predict.numeric.boosted import OBJECTIVES, Amounts, grow, least, stopped_early
from foretell.predict.numeric.conformal import Conformal

LEAST_ROUNDS = 20
_LATE_ROWS = 1_000
"""Intervals come from the latest windows with so many rows: what people have drifts with the seasons."""


@dataclass(frozen=True)
class NumericFit:
    """A model and its interval.

    Args:
        tried: objective → root of the mean squared error on the watched window; empty where none was watched.
        names: the features it reads, in order.
    """

    model: Amounts
    interval: Conformal | None
    objective: str
    rounds: int
    tried: dict[str, float]
    names: tuple[str, ...]

    def expected(self, x: Single) -> Floats:
        """Expected amounts (n,)."""
        return self.model.expected(x)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the report."""
        interval = self.interval
        return {
            "objective": self.objective,
            "rounds": self.rounds,
            "objectives_tried": self.tried,
            "interval": None if interval is None else {"level": interval.level, "held": interval.held},
        }


def fit(
    rows: Rows,
    names: tuple[str, ...],
    origins: Sequence[datetime],
    horizon: str,
    zone: ZoneInfo,
    seed: str,
    number: int,
    settled: NumericFit | None = None,
) -> NumericFit:
    """Learn from ``rows`` of ``origins`` (all complete when the fit is made).

    1. The objective and the number of trees: learnt on windows complete before the latest one, stopped on the latest;
       with one window only, learnt and stopped on different people.
    2. What the trees of other people say of each person gives the interval.
    3. The model learns from everything.

    Args:
        settled: an earlier fit, whose objective is kept.
    """
    fold = folds(rows.people, FOLDS, seed)
    steps = cuts(rows, fold, origins, horizon, zone)
    wanted = (
        [settled.objective] if settled else [name for name in OBJECTIVES if name == "squared" or least(rows.y) == 0]
    )
    tried, rounds = {}, dict.fromkeys(wanted, 100)
    for name in wanted if steps else ():
        learn, watch = rows.where(steps[0].learn), rows.where(steps[0].watch)
        said, rounds[name] = stopped_early(learn, watch, name, number)
        tried[name] = float(np.sqrt(np.square(said - watch.y).mean()))
    objective = min(tried, key=lambda name: tried[name]) if tried else wanted[0]
    most = max(LEAST_ROUNDS, rounds[objective])
    said = np.zeros(len(rows))
    for place in range(FOLDS):
        held = fold == place
        if held.any() and not held.all():
            said[held] = grow(rows.where(~held), objective, most, number).expected(rows.x[held])
    late = rows.origin >= _late(rows)
    other = unit_intervals(f"{seed}:conformal", rows.people[late].astype(np.uint64)) < 0.5
    interval = Conformal.of(said[late], rows.y[late], other, least(rows.y))
    known = tried if settled is None else settled.tried
    return NumericFit(grow(rows, objective, most, number), interval, objective, most, known, names)


def _late(rows: Rows) -> int:
    """The origin from which on there are enough rows."""
    since = np.cumsum(np.bincount(rows.origin)[::-1])
    enough = min(int(np.searchsorted(since, _LATE_ROWS)), int(since.size) - 1)
    return int(since.size) - 1 - enough
