"""How good curves and dates were on a window they did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.predict.binary.judge import Judgement, Tested, judged
from foretell.predict.binary.rows import Floats, Ints, Rows
from foretell.predict.hazard.stretches import Stretches

EARLY, MIDDLE, LATE = 0.1, 0.5, 0.9
"""Shares of the event's probability that the earliest, the expected and the latest date stand for."""


@dataclass(frozen=True)
class CurveJudgement:
    """Curves over all stretches against when the event came.

    Args:
        integrated_brier: mean squared error of P(event by t), mean over t from 0 to the last stretch's end.
        baseline: the same where everybody has the curve that people had before.
        dated: share of people of whom an expected date could be said.
        off_days: median difference between the expected date and the event's, of those who had one by the end.
        interval_held: of those, the share whose event lay between the earliest and the latest date.
    """

    integrated_brier: float
    baseline: float
    dated: float
    off_days: float
    interval_held: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the report."""
        return dict(vars(self))


def judged_curves(stretches: Stretches, hazards: Floats, usual: Floats, day: Floats) -> CurveJudgement:
    """Judge hazards (n, k) and the ``usual`` ones (k,) against the day (n,) of the event, inf where none came.

    Everybody must have been seen to the last stretch's end.
    """
    ends = np.array(stretches.ends)
    widths = ends - stretches.begins
    came = day[:, None] <= ends
    by = 1 - np.exp(stretches.logs(hazards)[:, 1:])
    usually = 1 - np.exp(stretches.logs(usual[None, :])[:, 1:])
    expected, early, late = (stretches.day(hazards, share) for share in (MIDDLE, EARLY, LATE))
    had = np.isfinite(day)
    dated = had & np.isfinite(expected)
    held = (day >= early) & (day <= np.where(np.isnan(late), np.inf, late))
    return CurveJudgement(
        float((np.square(by - came).mean(axis=0) @ widths) / widths.sum()),
        float((np.square(usually - came).mean(axis=0) @ widths) / widths.sum()),
        float(np.isfinite(expected).mean()),
        float(np.median(np.abs(expected - day)[dated])) if dated.any() else float("nan"),
        float(held[dated].mean()) if dated.any() else float("nan"),
    )


def judged_horizon(tested: Tested, outcomes: Floats, people: Ints) -> Judgement:
    """The judgement of probabilities over one horizon, as of any binary prediction.

    Args:
        outcomes, people: what was learnt from (n,); where nobody was through, the base rate is that of the test.
    """
    test = _rows(tested.y, tested.people)
    return judged(test, tested.p, _rows(outcomes, people) if outcomes.size else test)


def _rows(y: Floats, people: Ints) -> Rows:
    return Rows(np.zeros((y.size, 0), np.float32), y, people, np.zeros(y.size, np.int64))
