"""Training one model over all pairs of person and value, judged on the latest window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.engine import Analytics
from foretell.errors import ForetellError
from foretell.ids import seed_of
from foretell.predict.binary.choosing import Digest, kept_for_test, names_for, told_of_people
from foretell.predict.binary.curve import Direction
from foretell.predict.binary.fit import Fit, fit
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.judge import Judgement, Tested, judged, measured, verdict
from foretell.predict.binary.leaks import refuse_leaks
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Floats, Gatherer, Rows
from foretell.predict.binary.stored import BinaryModel, HorizonModel
from foretell.predict.estimators.base import Estimator
from foretell.predict.features import FeaturePlan, Matrix
from foretell.predict.population import Population
from foretell.predict.propensity.pairs import Pairs, pair_features
from foretell.predict.windows import Split
from foretell.stats import calibration_error, roc_auc

LEAST_OUTCOMES = 20


@dataclass(frozen=True)
class PropensityTask:
    """What is to be trained.

    Args:
        per: the property whose values are told apart.
        splits: one a horizon, shortest horizon first.
        sample_rows: people × origins × values that are held in memory.
        accepted: features that may look like the outcome in disguise.
    """

    thing: str
    pairs: Pairs
    per: str
    splits: tuple[Split, ...]
    zone: ZoneInfo
    currency: str
    seed: str
    sample_rows: int
    estimator: Estimator
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class HorizonLearnt:
    """One horizon: the model that scores, and how its like did on the test window.

    Args:
        by_value: what the test says of each value.
    """

    split: Split
    final: Fit
    rows: Rows
    tested: Tested
    judgement: Judgement
    baseline: dict[str, float]
    by_value: list[dict[str, Any]]
    verdict: str

    def as_dict(self) -> dict[str, Any]:
        """Everything for the report."""
        return {
            "n": len(self.rows),
            "positives": int(self.rows.y.sum()),
            "metrics": dict(self.judgement.metrics),
            "baseline": self.baseline,
            "calibration": {**self.judgement.as_dict(), "gate": self.final.gate.as_dict()},
            "by_value": self.by_value,
            "rounds": self.final.rounds,
            "features": list(self.final.names),
            "split": self.split.as_dict(),
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class TrainedPropensity:
    """A trained model over pairs."""

    model: BinaryModel
    values: tuple[str, ...]
    learnt: tuple[HorizonLearnt, ...]
    digest: str


class PairGatherer:
    """Features and outcomes of people × values at origins; the rows of one value stand together."""

    def __init__(self, features: Gatherer, task: PropensityTask, values: tuple[str, ...], known_at: datetime) -> None:
        self._features = features
        self._task = task
        self._values = values
        self._known_at = known_at
        self._matrices: dict[datetime, Matrix] = {}

    def matrix(self, origin: datetime) -> Matrix:
        """Features of pairs as of ``origin``."""
        if origin not in self._matrices:
            self._matrices[origin] = paired(
                self._features.matrix(origin), self._task.pairs, self._task.per, self._values, origin
            )
        return self._matrices[origin]

    def rows(self, origins: Sequence[datetime], horizon: str, names: tuple[str, ...]) -> Rows:
        """All pairs at ``origins`` with the features called ``names``."""
        matrices = [self.matrix(origin) for origin in origins]
        return Rows(
            np.concatenate([matrix.select(names) for matrix in matrices]),
            np.concatenate([self._outcomes(origin, horizon) for origin in origins]),
            np.concatenate([matrix.people for matrix in matrices]),
            np.repeat(np.arange(len(origins)), [matrix.people.size for matrix in matrices]),
        )

    def _outcomes(self, origin: datetime, horizon: str) -> Floats:
        people = self._features.matrix(origin).people
        until = Duration.parse(horizon).after(origin, self._task.zone)
        came = self._task.pairs.after(people, self._values, origin, until, self._known_at)
        return np.ravel(came.T)


def paired(matrix: Matrix, pairs: Pairs, per: str, values: tuple[str, ...], as_of: datetime) -> Matrix:
    """``matrix`` of people repeated for each value, with what is known of the person and the value together."""
    together = pairs.before(matrix.people, values, as_of)
    columns = np.column_stack([np.ravel(part.T) for part in together]).astype(np.float32)
    repeated = np.tile(matrix.values, (len(values), 1))
    return Matrix(
        np.tile(matrix.people, len(values)),
        (*matrix.features, *pair_features(per)),
        np.column_stack([repeated, columns]).astype(np.float32),
    )


def train_propensity(
    analytics: Analytics, population: Population, task: PropensityTask, as_of: datetime
) -> TrainedPropensity:
    """Train and judge every horizon; raises where there is too little to learn from."""
    tested = min(split.test for split in task.splits)
    everybody, then = population.somebody(as_of, task.thing), population.somebody(tested, task.thing)
    values = task.pairs.most_common(then, tested)
    if len(values) < 2:
        raise ForetellError(
            "TOO_FEW_VALUES",
            f"by the test window {len(values)} values of {task.per} were known; two are needed",
            thing=task.thing,
            next_step=f"Check that {task.pairs.event} carries {task.per}, or leave per out.",
        )
    days = tuple(Duration.parse(split.horizon).days for split in task.splits)
    own = [feature.name for feature in pair_features(task.per)]
    plan = population.plan(analytics, tested, days, task.currency, str(task.zone), task.thing, own)
    most = max(len(split.origins) for split in task.splits) * everybody.num_rows * len(values)
    features = Gatherer(analytics, plan, population, min(1.0, task.sample_rows / most), task.seed)
    features.prepare([origin for split in task.splits for origin in split.origins])
    gatherer = PairGatherer(features, task, values, as_of)
    learnt = tuple(_learn(gatherer, split, task, plan, values) for split in task.splits)
    parts = tuple(
        HorizonModel.of(one.split.horizon, one.final, Margins.of(one.judgement.bins), task.estimator) for one in learnt
    )
    rises: Direction = "rises"
    digest = Digest("\0".join((*values, task.estimator.source)))
    for one in learnt:
        digest.add(one.rows, one.final.names)
    return TrainedPropensity(BinaryModel(plan, rises, parts), values, learnt, digest.text())


def _learn(
    gatherer: PairGatherer, split: Split, task: PropensityTask, plan: FeaturePlan, values: tuple[str, ...]
) -> HorizonLearnt:
    number = seed_of(task.seed)
    names = _names(gatherer, split.fit, split, task, plan)
    known, test = gatherer.rows(split.fit, split.horizon, names), gatherer.rows([split.test], split.horizon, names)
    which = np.repeat(np.arange(len(values)), len(test) // len(values))
    if split.by == "people":
        kept = kept_for_test(test, task.seed)
        known, test, which = known.where(~kept_for_test(known, task.seed)), test.where(kept), which[kept]
    _refuse_thin(known, test, split, task)
    refuse_leaks(known, test, names, told_of_people(gatherer.matrix(split.test)), task.accepted, task.thing)
    made = fit(known, names, split.fit, split.horizon, task.zone, task.seed, number, task.estimator)
    p = made.probability(test.x)
    baseline = measured(test.y, Logistic.fit(known).probability(test.x))
    judgement = judged(test, p, known)
    names = _names(gatherer, split.origins, split, task, plan)
    rows = gatherer.rows(split.origins, split.horizon, names)
    final = fit(rows, names, split.origins, split.horizon, task.zone, task.seed, number, task.estimator, made.choice)
    said = verdict(judgement, baseline, split)
    tested = Tested(test.people, split.test, test.y, p)
    return HorizonLearnt(split, final, rows, tested, judgement, baseline, _by_value(test.y, p, which, values), said)


def _by_value(y: Floats, p: Floats, which: np.ndarray[Any, Any], values: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for place, value in enumerate(values):
        here = which == place
        found.append(
            {
                "value": value,
                "n": int(here.sum()),
                "positives": int(y[here].sum()),
                "mean_probability": float(p[here].mean()),
                "base_rate": float(y[here].mean()),
                "roc_auc": roc_auc(y[here], p[here]),
                "ece": calibration_error(y[here], p[here]),
            }
        )
    return found


def _names(
    gatherer: PairGatherer, origins: Sequence[datetime], split: Split, task: PropensityTask, plan: FeaturePlan
) -> tuple[str, ...]:
    days = Duration.parse(split.horizon).days
    return names_for([gatherer.matrix(origin) for origin in origins], origins, plan, days, task.thing)


def _refuse_thin(known: Rows, test: Rows, split: Split, task: PropensityTask) -> None:
    had, later = known.distinct(1.0), int(test.y.sum())
    if had >= LEAST_OUTCOMES and 0 < later < len(test):
        return
    raise ForetellError(
        "TOO_FEW_OUTCOMES" if had else "ONE_CLASS",
        f"over {split.horizon} {had} people had any of the values in the training windows, and there were {later} such "
        f"pairs in the test window; {LEAST_OUTCOMES} are needed",
        thing=task.thing,
        next_step="Wait for more history, widen the population, or choose another horizon.",
    )
