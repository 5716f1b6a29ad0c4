"""Do the members still differ from everybody else in churn and value? By the scores stored then and now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration
from foretell.engine import Engine
from foretell.predict import latest_scores
from foretell.stats import Interval, difference_of_means

SHOWN_HORIZON_DAYS = 90


@dataclass(frozen=True)
class Standing:
    """Mean score of the members and of everybody else who has one.

    Args:
        difference: members less others, with bounds at 90 %.
        scored: members with a score.
    """

    members: float
    others: float
    difference: Interval
    scored: int

    @property
    def differs(self) -> bool:
        """Whether 0 lies outside the bounds."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True)
class Against:
    """One prediction; None where nobody in or nobody outside had a score."""

    prediction: str
    horizon: str
    then: Standing | None
    now: Standing | None

    @property
    def lost(self) -> bool:
        """The members differed from everybody else then, and no longer do."""
        return self.then is not None and self.now is not None and self.then.differs and not self.now.differs


def against(engine: Engine, then: tuple[pa.Array, datetime], now: tuple[pa.Array, datetime]) -> list[Against]:
    """Each prediction that has scores now, over the horizon nearest to 90 days, by key.

    Args:
        then, now: keys of the members, and the instant.
    """
    scores = [latest_scores(engine.analytics, as_of=at) for _, at in (then, now)]
    found = []
    for prediction, horizon in _shown(scores[1]):
        standings = [
            _standing(_of(rows, prediction, horizon), members)
            for rows, (members, _) in zip(scores, (then, now), strict=True)
        ]
        found.append(Against(prediction, horizon, *standings))
    return found


def _shown(scores: pa.Table) -> list[tuple[str, str]]:
    pairs = scores.group_by(["prediction", "horizon"]).aggregate([]).to_pylist()
    nearest: dict[str, str] = {}
    for row in sorted(pairs, key=lambda one: abs(Duration.parse(one["horizon"]).days - SHOWN_HORIZON_DAYS)):
        nearest.setdefault(row["prediction"], row["horizon"])
    return sorted(nearest.items())


def _of(scores: pa.Table, prediction: str, horizon: str) -> pa.Table:
    return scores.filter(pc.and_(pc.equal(scores["prediction"], prediction), pc.equal(scores["horizon"], horizon)))


def _standing(scores: pa.Table, members: pa.Array) -> Standing | None:
    values = np.asarray(scores["score"].to_numpy(), dtype=np.float64)
    inside = np.asarray(pc.is_in(scores["profile_key"], members).to_numpy(), dtype=bool)
    if not inside.any() or inside.all():
        return None
    difference = difference_of_means(values[inside], values[~inside])
    return Standing(float(values[inside].mean()), float(values[~inside].mean()), difference, int(inside.sum()))
