"""Training a numeric prediction: judged on the latest window, then learnt from all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.condition import Measure, Reader
from foretell.engine import Analytics
from foretell.errors import ForetellError
from foretell.ids import seed_of
from foretell.predict.binary.choosing import Digest, kept_for_test, names_for, told_of_people
from foretell.predict.binary.leaks import refuse_leaks
from foretell.predict.binary.rows import Gatherer, Rows
from foretell.predict.features import FeaturePlan
from foretell.predict.numeric.fit import NumericFit, fit
from foretell.predict.numeric.gather import LAST, AmountGatherer, Past, own_features
from foretell.predict.numeric.judge import JudgedAmounts, errors
from foretell.predict.population import Population
from foretell.predict.windows import Split

LEAST_PEOPLE = 20


@dataclass(frozen=True)
class NumericTask:
    """What is to be trained.

    Args:
        sample_rows: people × origins that are held in memory.
        accepted: features that may look like the outcome in disguise.
    """

    thing: str
    measure: Measure
    split: Split
    zone: ZoneInfo
    currency: str
    seed: str
    sample_rows: int
    accepted: tuple[str, ...] = ()

    @property
    def horizon(self) -> str:
        """As written."""
        return self.split.horizon


@dataclass(frozen=True)
class TrainedNumeric:
    """A trained numeric model and how its like did.

    Args:
        rows: what the final model learnt from.
        tested: the people that it was judged by.
        baseline: metrics of "as much as in the last window" on the same people.
        constant: metrics of "as much as everybody had on average".
    """

    plan: FeaturePlan
    task: NumericTask
    final: NumericFit
    rows: Rows
    tested: JudgedAmounts
    baseline: dict[str, float]
    constant: dict[str, float]
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """Everything about the horizon for the report."""
        return {
            "n": len(self.rows),
            "positives": int((self.rows.y != 0).sum()),
            "metrics": self.tested.metrics,
            "baseline": self.baseline,
            "constant": self.constant,
            "fifths": self.tested.fifths(),
            "features": list(self.final.names),
            "split": self.task.split.as_dict(),
            **self.final.as_dict(),
        }


@dataclass(frozen=True)
class NumericTrial:
    """How a model did on the latest window; what scores is yet to be learnt."""

    gatherer: AmountGatherer
    made: NumericFit
    tested: JudgedAmounts
    baseline: dict[str, float]
    constant: dict[str, float]


def train_numeric(
    analytics: Analytics, reader: Reader, population: Population, task: NumericTask, as_of: datetime
) -> TrainedNumeric:
    """Train and judge; raises where there is too little to learn from."""
    return learnt(tried(analytics, reader, population, task, as_of), task)


def tried(
    analytics: Analytics, reader: Reader, population: Population, task: NumericTask, as_of: datetime
) -> NumericTrial:
    """Judge a model on the latest window; raises where there is too little to learn from."""
    gatherer = _gatherer(analytics, reader, population, task, as_of)
    split, number = task.split, seed_of(task.seed)
    names = _names(gatherer, split.fit, task)
    known = gatherer.rows(split.fit, names)
    test = gatherer.rows([split.test], names)
    last = gatherer.matrix(split.test).select((LAST,))[:, 0].astype(np.float64)
    if split.by == "people":
        kept = kept_for_test(test, task.seed)
        known, test, last = known.where(~kept_for_test(known, task.seed)), test.where(kept), last[kept]
    _refuse_thin(known, test, task)
    some, later = (replace(rows, y=(rows.y != 0).astype(np.float64)) for rows in (known, test))
    told = told_of_people(gatherer.matrix(split.test))
    refuse_leaks(some, later, names, told, task.accepted, task.thing)
    made = fit(known, names, split.fit, split.horizon, task.zone, task.seed, number)
    tested = JudgedAmounts.of(test.people, split.test, test.y, made.expected(test.x), made.interval)
    constant = errors(np.full(len(test), known.y.mean()), test.y)
    return NumericTrial(gatherer, made, tested, errors(last, test.y), constant)


def learnt(trial: NumericTrial, task: NumericTask) -> TrainedNumeric:
    """The model that scores, learnt from all windows as the tried one was."""
    split, number, gatherer = task.split, seed_of(task.seed), trial.gatherer
    names = _names(gatherer, split.origins, task)
    rows = gatherer.rows(split.origins, names)
    final = fit(rows, names, split.origins, split.horizon, task.zone, task.seed, number, trial.made)
    return TrainedNumeric(
        gatherer.plan, task, final, rows, trial.tested, trial.baseline, trial.constant, Digest().add(rows, names).text()
    )


def _gatherer(
    analytics: Analytics, reader: Reader, population: Population, task: NumericTask, as_of: datetime
) -> AmountGatherer:
    split = task.split
    everybody = population.somebody(as_of, task.thing).num_rows
    days = (Duration.parse(task.horizon).days,)
    own = [feature.name for feature in own_features(task.measure, task.horizon)]
    plan = population.plan(analytics, split.test, days, task.currency, str(task.zone), task.thing, own)
    share = min(1.0, task.sample_rows / (len(split.origins) * everybody))
    features = Gatherer(analytics, plan, population, share, task.seed)
    features.prepare([*split.fit, split.test, *split.origins])
    return AmountGatherer(features, Past(reader, task.measure, task.horizon), as_of)


def _names(gatherer: AmountGatherer, origins: Sequence[datetime], task: NumericTask) -> tuple[str, ...]:
    days = Duration.parse(task.horizon).days
    return names_for([gatherer.matrix(origin) for origin in origins], origins, gatherer.plan, days, task.thing)


def _refuse_thin(known: Rows, test: Rows, task: NumericTask) -> None:
    """Raise where too few people had anything, or nobody is left to judge by."""
    some = int(np.unique(known.people[known.y != 0]).size)
    if some >= LEAST_PEOPLE and len(test):
        return
    raise ForetellError(
        "TOO_FEW_OUTCOMES" if some else "ONE_CLASS",
        f"over {task.horizon} only {some} people had anything of what is to be foreseen; {LEAST_PEOPLE} are needed",
        thing=task.thing,
        next_step="Check the value's event and its where, widen the population, or wait for more history.",
    )
