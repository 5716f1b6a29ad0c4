"""Beside the closed form: is a learnt curve of "no order" better than BG/NBD's, which knows rhythm alone?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from foretell.clock import Duration
from foretell.ids import unit_intervals
from foretell.predict.binary.judge import Tested
from foretell.predict.binary.rows import Floats, Ints
from foretell.predict.features import Matrix
from foretell.stats import Interval, bootstrap

Orders = Literal["none", "some"]
_BOUGHT = "Order Completed"
_REPLICATES = 200


@dataclass(frozen=True)
class Pair:
    """Squared errors of one horizon's probabilities, ours and BG/NBD's, for people (n,) of whom both say something."""

    horizon: str
    people: Ints
    ours: Floats
    theirs: Floats

    @classmethod
    def of(cls, horizon: str, tested: Tested, closed_form: Floats) -> Pair:
        """From the judged test and BG/NBD's probabilities (n,) of the same outcome, NaN where it has none."""
        known = np.isfinite(closed_form)
        y = tested.y[known]
        ours, theirs = (tested.p[known] - y) ** 2, (closed_form[known] - y) ** 2
        return cls(horizon, tested.people[known], ours, theirs)


def about_orders(outcome: Mapping[str, Any] | None) -> Orders | None:
    """Whether an outcome says that there is no order, or that there is one; None where it says something else."""
    if outcome == {"did_not": _BOUGHT}:
        return "none"
    return "some" if outcome == {"did": _BOUGHT} else None


def closed_form(matrix: Matrix, people: Ints, horizon: str, orders: Orders) -> Floats | None:
    """BG/NBD's probability (n,) of the outcome for ``people``, fitted as of the matrix' instant; None without it.

    Args:
        matrix: features as of the test origin, of these people among others.
    """
    name = f"no_order_{Duration.parse(horizon).days:g}d"
    if name not in [feature.name for feature in matrix.features]:
        return None
    place = np.searchsorted(matrix.people, people)
    found = matrix.select((name,))[place, 0].astype(np.float64)
    probability: Floats = found if orders == "none" else 1 - found
    return probability


def against_bg_nbd(pairs: Sequence[Pair], seed: str) -> dict[str, Any]:
    """Mean Brier score over the horizons, ours and BG/NBD's, and the difference with the 90 % interval of a paired
    bootstrap that draws people, whose rows of all horizons move together; below 0 ours is better."""
    if not pairs or not all(len(pair.people) for pair in pairs):
        return {}
    found = difference(pairs, seed)
    return {
        "brier": float(np.mean([pair.ours.mean() for pair in pairs])),
        "bg_nbd_brier": float(np.mean([pair.theirs.mean() for pair in pairs])),
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "people": found.n,
        "horizons": {
            pair.horizon: {"brier": float(pair.ours.mean()), "bg_nbd_brier": float(pair.theirs.mean())}
            for pair in pairs
        },
    }


def difference(pairs: Sequence[Pair], seed: str) -> Interval:
    """The mean over horizons of the difference of squared errors, with its interval."""
    people = np.unique(np.concatenate([pair.people for pair in pairs]))
    places = [np.searchsorted(people, pair.people) for pair in pairs]
    apart = [pair.ours - pair.theirs for pair in pairs]

    def mean(weights: Floats) -> float:
        parts = [np.average(one, weights=weights[at]) for one, at in zip(apart, places, strict=True)]
        return float(np.mean(parts))

    keys = people.astype(np.uint64)
    return bootstrap(mean, lambda b: unit_intervals(f"{seed}:against:{b}", keys), replicates=_REPLICATES)
