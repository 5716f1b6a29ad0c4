"""Training a binary prediction over all its horizons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.engine import Analytics, Spreading
from foretell.predict.binary.against import Orders, Pair, against_bg_nbd, closed_form
from foretell.predict.binary.choosing import Digest
from foretell.predict.binary.curve import Direction, direction
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.learn import Course, Learnt, learn
from foretell.predict.binary.rows import SAMPLE_ROWS, Gatherer
from foretell.predict.binary.spread import MOST_ROWS, Field
from foretell.predict.binary.stored import BinaryModel, HorizonModel
from foretell.predict.binary.tuning import record_of
from foretell.predict.estimators import BOOSTED
from foretell.predict.estimators.base import Estimator
from foretell.predict.population import Population
from foretell.predict.windows import Split


@dataclass(frozen=True)
class Trained:
    """A trained binary model, what was learnt a horizon, and the hash of the rows.

    Args:
        beside: how the horizons did against BG/NBD on their tests; empty where it does not speak of the outcome.
    """

    model: BinaryModel
    learnt: tuple[Learnt, ...]
    digest: str
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What is to be trained.

    Args:
        splits: one a horizon, shortest horizon first.
        sample_rows: people × origins that are held in memory and judged by.
        estimator: what learns.
        accepted: features that may look like the outcome.
        orders: whether the outcome is that there is no order, or that there is one; None for anything else.
    """

    thing: str
    splits: tuple[Split, ...]
    zone: ZoneInfo
    currency: str
    seed: str
    sample_rows: int = SAMPLE_ROWS
    estimator: Estimator = BOOSTED
    accepted: tuple[str, ...] = ()
    orders: Orders | None = None

    def course(self, split: Split) -> Course:
        """What is learnt over the horizon of ``split``."""
        return Course(split, self.zone, self.seed, self.thing, self.estimator, self.accepted)

    def record(self) -> dict[str, Any]:
        """By horizon, what is fixed before anything is fitted."""
        return {split.horizon: record_of(split, self.estimator, self.zone) for split in self.splits}


def train_binary(analytics: Analytics, population: Population, task: Task, as_of: datetime) -> Trained:
    """Train and judge every horizon of ``task``; raises where there is too little to learn from."""
    everybody = population.somebody(as_of, task.thing)
    tested = min(split.test for split in task.splits)
    days = tuple(Duration.parse(split.horizon).days for split in task.splits)
    plan = population.plan(analytics, tested, days, task.currency, str(task.zone), task.thing)
    most = max(len(split.origins) for split in task.splits) * everybody.num_rows
    gatherer = Gatherer(analytics, plan, population, min(1.0, task.sample_rows / most), task.seed)
    cluster = None
    if isinstance(analytics, Spreading) and most > task.sample_rows:
        cluster = Field(analytics, plan, population, min(1.0, MOST_ROWS / most), task.seed)
    gatherer.prepare([origin for split in task.splits for origin in split.origins])
    learnt = tuple(learn(gatherer, task.course(split), cluster) for split in task.splits)
    parts = tuple(
        HorizonModel.of(one.split.horizon, one.final, Margins.of(one.judgement.bins), task.estimator) for one in learnt
    )
    return Trained(
        BinaryModel(plan, _direction(gatherer, task.splits), parts),
        learnt,
        _digest(learnt, task.estimator),
        _beside(gatherer, learnt, task),
    )


def _beside(gatherer: Gatherer, learnt: Sequence[Learnt], task: Task) -> Mapping[str, Any]:
    if task.orders is None:
        return {}
    pairs = []
    for one in learnt:
        tested, horizon = one.tested, one.split.horizon
        closed = closed_form(gatherer.matrix(tested.origin), tested.people, horizon, task.orders)
        if closed is None:
            return {}
        pairs.append(Pair.of(horizon, tested, closed))
    return against_bg_nbd(pairs, task.seed)


def _direction(gatherer: Gatherer, splits: Sequence[Split]) -> Direction:
    """How the outcome moves with the horizon, on the latest window complete for all of them."""
    origin = splits[-1].test
    return direction([gatherer.outcomes(origin, split.horizon) for split in splits])


def _digest(learnt: Sequence[Learnt], estimator: Estimator) -> str:
    """Of the rows, of trees that a cluster grew, and of the code that learnt where it is not Foretell's."""
    found = Digest(estimator.source)
    for one in learnt:
        grown = () if one.grown is None else (bytes(one.grown.booster.save_raw("ubj")),)
        found.add(one.rows, one.final.names, *grown)
    return found.text()
