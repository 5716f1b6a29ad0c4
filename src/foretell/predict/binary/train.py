"""Training a binary prediction over all its horizons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.engine import Analytics, Spreading
from foretell.errors import UsageError
from foretell.predict.binary.curve import Direction, direction
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.learn import Learnt, learn
from foretell.predict.binary.rows import SAMPLE_ROWS, Gatherer
from foretell.predict.binary.spread import MOST_ROWS, Field
from foretell.predict.binary.stored import BinaryModel, HorizonModel
from foretell.predict.features import FeaturePlan, common_events
from foretell.predict.population import Population
from foretell.predict.windows import Split


@dataclass(frozen=True)
class Trained:
    """A trained binary model, what was learnt a horizon, and the hash of the rows."""

    model: BinaryModel
    learnt: tuple[Learnt, ...]
    digest: str


@dataclass(frozen=True)
class Task:
    """What is to be trained.

    Args:
        splits: one a horizon, shortest horizon first.
        sample_rows: people × origins that are held in memory and judged by.
        wanted: features to use; None for all.
    """

    thing: str
    splits: tuple[Split, ...]
    wanted: Sequence[str] | None
    zone: ZoneInfo
    currency: str
    seed: str
    sample_rows: int = SAMPLE_ROWS


def train_binary(analytics: Analytics, population: Population, task: Task, as_of: datetime) -> Trained:
    """Train and judge every horizon of ``task``; raises where there is too little to learn from."""
    everybody = population.somebody(as_of, task.thing)
    tested = min(split.test for split in task.splits)
    plan = FeaturePlan(
        common_events(analytics, population.somebody(tested, task.thing), tested),
        tuple(Duration.parse(split.horizon).days for split in task.splits),
        task.currency,
        str(task.zone),
    )
    most = max(len(split.origins) for split in task.splits) * everybody.num_rows
    gatherer = Gatherer(analytics, plan, population, min(1.0, task.sample_rows / most), task.seed)
    field = None
    if isinstance(analytics, Spreading) and most > task.sample_rows:
        field = Field(analytics, plan, population, min(1.0, MOST_ROWS / most), task.seed)
    _refuse_unknown(gatherer, task, tested)
    learnt = tuple(
        learn(gatherer, split, task.wanted, task.zone, task.seed, task.thing, field) for split in task.splits
    )
    parts = tuple(HorizonModel.of(one.split.horizon, one.final, Margins.of(one.judgement.bins)) for one in learnt)
    return Trained(BinaryModel(plan, _direction(gatherer, task.splits), parts), learnt, _digest(learnt))


def _direction(gatherer: Gatherer, splits: Sequence[Split]) -> Direction:
    """How the outcome moves with the horizon, on the latest window complete for all of them."""
    origin = splits[-1].test
    return direction([gatherer.outcomes(origin, split.horizon) for split in splits])


def _refuse_unknown(gatherer: Gatherer, task: Task, origin: datetime) -> None:
    known = [feature.name for feature in gatherer.matrix(origin).features]
    unknown = sorted(set(task.wanted or ()) - set(known))
    if unknown:
        raise UsageError(
            "UNKNOWN_FEATURE",
            f"there is no feature called {unknown[0]!r}",
            thing=task.thing,
            next_step=f"Known features: {', '.join(known)}.",
        )


def _digest(learnt: Sequence[Learnt]) -> str:
    """Hash of everything that was learnt from."""
    found = hashlib.blake2b(digest_size=16)
    for one in learnt:
        arrays: list[Any] = [one.rows.x, one.rows.y, one.rows.people, one.rows.origin]
        found.update(",".join(one.final.names).encode())
        for array in arrays:
            found.update(array.tobytes())
        if one.grown is not None:
            found.update(one.grown.booster.save_raw("ubj"))
    return found.hexdigest()
