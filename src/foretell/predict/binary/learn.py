"""One horizon of a binary prediction: judged on the test window, then learnt from everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.ids import seed_of, unit_intervals
from foretell.predict.binary.fit import Fit, fit, in_season, usable
from foretell.predict.binary.judge import Judgement, judged, measured, verdict
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Gatherer, Rows
from foretell.predict.binary.spread import Field, Grown
from foretell.predict.features import of_horizon
from foretell.predict.windows import Split

LEAST_OUTCOMES = 20
CLUSTER_FAILED = frozenset({"WORKERS_TOO_FEW", "WORKERS_DIFFER", "SPARK_FAILED", "MEMORY_SHORT"})
"""What keeps a cluster from growing trees, and does not keep the drawn people from being learnt from."""
_TEST_SHARE = 1 / 3


@dataclass(frozen=True)
class Learnt:
    """A model for one horizon and how its like did on the test window.

    Args:
        rows: what the final model learnt from, or its sample where trees were grown on more.
        grown: trees of the final model that a cluster grew on everybody.
        refused: why it could not, where it was to.
    """

    split: Split
    final: Fit
    rows: Rows
    judgement: Judgement
    baseline: dict[str, float]
    verdict: str
    grown: Grown | None = None
    refused: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Everything for the report."""
        return {
            "n": len(self.rows),
            "positives": int(self.rows.y.sum()),
            "metrics": dict(self.judgement.metrics),
            "baseline": self.baseline,
            "calibration": {**self.judgement.as_dict(), "gate": self.final.gate.as_dict()},
            "rounds": self.final.rounds,
            "grown_on": self._grown_on(),
            "features": list(self.final.names),
            "split": self.split.as_dict(),
            "verdict": self.verdict,
        }

    def _grown_on(self) -> dict[str, Any]:
        """On how many person-instants the scoring trees were grown, and by how many workers of a cluster (0: here)."""
        if self.grown is not None:
            return {"n": self.grown.rows, "workers": self.grown.workers, "refused": None}
        return {"n": len(self.rows), "workers": 0, "refused": self.refused}


def learn(
    gatherer: Gatherer,
    split: Split,
    wanted: Sequence[str] | None,
    zone: ZoneInfo,
    seed: str,
    thing: str,
    field: Field | None = None,
) -> Learnt:
    """Judge a model made as of the test origin, then make the one that scores from all origins.

    With a ``field`` the trees that score are grown on everybody where the rows lie; how many, and the calibrator, the
    drawn people decide as they do without. Where the cluster cannot, the model is the one of the drawn people.

    Raises ``ONE_CLASS`` and ``TOO_FEW_OUTCOMES``.
    """
    number = seed_of(seed)
    known, names = _known(gatherer, split, wanted, thing)
    test = gatherer.rows([split.test], split.horizon, names)
    if split.by == "people":
        known, test = known.where(~_tested(known, seed)), test.where(_tested(test, seed))
    _refuse_thin(known, test, split, thing)
    trial = fit(known, names, split.fit, split.horizon, zone, seed, number)
    judgement = judged(test, trial.probability(test.x), known)
    baseline = measured(test.y, Logistic.fit(known).probability(test.x))
    names = _names(gatherer, split.origins, split, wanted, thing)
    rows = gatherer.rows(split.origins, split.horizon, names)
    final = fit(rows, names, split.origins, split.horizon, zone, seed, number)
    learnt = Learnt(split, final, rows, judgement, baseline, verdict(judgement, baseline, split))
    return learnt if field is None else _on_everybody(learnt, field, number)


def _on_everybody(learnt: Learnt, field: Field, number: int) -> Learnt:
    """With trees grown on everybody, or with why not."""
    split, final = learnt.split, learnt.final
    try:
        grown = field.grown(split.origins, split.horizon, final.names, final.rounds, number)
    except ForetellError as error:
        if error.code not in CLUSTER_FAILED:
            raise
        return replace(learnt, refused=f"{error.code}: {error.what}")
    return replace(learnt, final=replace(final, booster=grown.booster), grown=grown)


def _known(gatherer: Gatherer, split: Split, wanted: Sequence[str] | None, thing: str) -> tuple[Rows, tuple[str, ...]]:
    """What the judged model may learn from, and the features that vary in it."""
    names = _names(gatherer, split.fit, split, wanted, thing)
    return gatherer.rows(split.fit, split.horizon, names), names


def _names(
    gatherer: Gatherer, origins: Sequence[datetime], split: Split, wanted: Sequence[str] | None, thing: str
) -> tuple[str, ...]:
    matrices = [gatherer.matrix(origin) for origin in origins]
    if not sum(matrix.people.size for matrix in matrices):
        raise ForetellError(
            "NOBODY",
            "the population had nobody at any of the past instants to learn from",
            thing=thing,
            next_step="Widen the population, or train as of a later time.",
        )
    days = Duration.parse(split.horizon).days
    names = in_season(of_horizon(usable(matrices, wanted), gatherer.plan, days), origins)
    if not names:
        raise ForetellError(
            "NOTHING_VARIES",
            "every feature is the same for everybody",
            thing=thing,
            next_step="Import more kinds of events, or take the list of features out of the document.",
        )
    return names


def _tested(rows: Rows, seed: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The third of the people that is kept for the test where time cannot part it."""
    return unit_intervals(f"{seed}:test", rows.people.astype(np.uint64)) < _TEST_SHARE


def _refuse_thin(known: Rows, test: Rows, split: Split, thing: str) -> None:
    """Raise where there are too few people of either kind to learn from or to judge by."""
    for rows, what in ((known, "training windows"), (test, "test window")):
        counts = [rows.distinct(outcome) for outcome in (1.0, 0.0)]
        if min(counts) == 0:
            which = "everybody" if counts[0] else "nobody"
            raise ForetellError(
                "ONE_CLASS",
                f"over {split.horizon} {which} had the outcome in the {what}",
                thing=thing,
                next_step="Check the outcome's condition, or choose another horizon.",
            )
        if rows is known and min(counts) < LEAST_OUTCOMES:
            raise ForetellError(
                "TOO_FEW_OUTCOMES",
                f"over {split.horizon} only {counts[0]} people had the outcome and {counts[1]} did not; "
                f"{LEAST_OUTCOMES} of each are needed",
                thing=thing,
                next_step="Wait for more history, widen the population, or choose another horizon.",
            )
