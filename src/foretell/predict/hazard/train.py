"""Training a hazard: judged on the latest window that was seen whole, then learnt from everybody, through or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.engine import Analytics
from foretell.errors import ForetellError
from foretell.ids import seed_of
from foretell.predict.binary.choosing import Digest, names_for, told_of_people
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.judge import Judgement, Tested, measured, verdict
from foretell.predict.binary.leaks import refuse_leaks
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Floats, Gatherer, Rows
from foretell.predict.features import FeaturePlan
from foretell.predict.hazard.judge import CurveJudgement, judged_curves, judged_horizon
from foretell.predict.hazard.times import Times, seen_days
from foretell.predict.hazard.trees import HazardTrees, Spans, best_rounds, grow
from foretell.predict.hazard.windows import HazardSplit
from foretell.predict.population import Population
from foretell.predict.windows import Split

LEAST_EVENTS = 20


@dataclass(frozen=True)
class HazardTask:
    """What is to be trained.

    Args:
        horizons: as written, shortest first; the last is the last stretch's end.
        sample_rows: people × instants that are held in memory.
        accepted: features that may look like the outcome in disguise.
    """

    thing: str
    split: HazardSplit
    horizons: tuple[str, ...]
    zone: ZoneInfo
    currency: str
    seed: str
    sample_rows: int
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class HorizonJudged:
    """How probabilities over one horizon were on the test window."""

    horizon: str
    tested: Tested
    judgement: Judgement
    baseline: dict[str, float]
    verdict: str

    @property
    def margins(self) -> Margins:
        """How far the truth was from scores."""
        return Margins.of(self.judgement.bins)


@dataclass(frozen=True)
class TrainedHazard:
    """A trained hazard and what its like showed.

    Args:
        spans: what the final model learnt from.
        censored: share of them who were not seen to the end and had no event.
    """

    plan: FeaturePlan
    task: HazardTask
    names: tuple[str, ...]
    trees: HazardTrees
    rounds: int
    untrue: bool
    spans: Spans
    censored: float
    judged: tuple[HorizonJudged, ...]
    curves: CurveJudgement
    digest: str


def train_hazard(analytics: Analytics, population: Population, task: HazardTask, as_of: datetime) -> TrainedHazard:
    """Train and judge; raises where there is too little to learn from."""
    split, number = task.split, seed_of(task.seed)
    gatherer = _gatherer(analytics, population, task, as_of)
    times = Times.of(population, split.stretches, task.thing)
    names = _names(gatherer, split.fit, task)
    known = _spans(gatherer, times, split.fit, split.test, names)
    test = _spans(gatherer, times, [split.test], split.until, names)
    _refuse_thin(known, test, task)
    _refuse_leaks(gatherer, known, test, names, task)
    trees = grow(known, split.stretches, best_rounds(known, split.stretches, task.seed, number), number)
    hazards = trees.hazards(test.rows.x)
    curves = judged_curves(split.stretches, hazards, _usual(known, split), test.rows.y)
    judged = tuple(_judged(task, horizon, known, test, hazards, untrue=times.untrue) for horizon in task.horizons)
    names = _names(gatherer, split.origins, task)
    spans = _spans(gatherer, times, split.origins, split.until, names)
    rounds = best_rounds(spans, split.stretches, task.seed, number)
    final = grow(spans, split.stretches, rounds, number)
    longest = split.stretches.ends[-1]
    censored = float((np.isinf(spans.rows.y) & (spans.seen < longest)).mean())
    return TrainedHazard(
        gatherer.plan,
        task,
        names,
        final,
        rounds,
        times.untrue,
        spans,
        censored,
        judged,
        curves,
        Digest().add(spans.rows, names, spans.seen.tobytes()).text(),
    )


def _gatherer(analytics: Analytics, population: Population, task: HazardTask, as_of: datetime) -> Gatherer:
    split = task.split
    everybody = population.somebody(as_of, task.thing).num_rows
    days = (Duration.parse(task.horizons[-1]).days,)
    plan = population.plan(analytics, split.test, days, task.currency, str(task.zone), task.thing)
    share = min(1.0, task.sample_rows / (len(split.origins) * everybody))
    found = Gatherer(analytics, plan, population, share, task.seed)
    found.prepare([*split.fit, split.test, *split.origins])
    return found


def _names(gatherer: Gatherer, origins: Sequence[datetime], task: HazardTask) -> tuple[str, ...]:
    return names_for([gatherer.matrix(origin) for origin in origins], origins, gatherer.plan, None, task.thing)


def _spans(
    gatherer: Gatherer, times: Times, origins: Sequence[datetime], until: datetime, names: tuple[str, ...]
) -> Spans:
    """People at ``origins``, and when the event came, seen up to ``until``."""
    longest = times.stretches.ends[-1]
    matrices = [gatherer.matrix(origin) for origin in origins]
    seen = [min(longest, seen_days(origin, until)) for origin in origins]
    pairs = zip(matrices, origins, seen, strict=True)
    sizes = [matrix.people.size for matrix in matrices]
    rows = Rows(
        np.concatenate([matrix.select(names) for matrix in matrices]),
        np.concatenate([times.after(matrix.people, origin, days) for matrix, origin, days in pairs]),
        np.concatenate([matrix.people for matrix in matrices]),
        np.repeat(np.arange(len(origins)), sizes),
    )
    return Spans(rows, np.repeat(seen, sizes))


def _usual(known: Spans, split: HazardSplit) -> Floats:
    """Everybody's hazard in each stretch (k,), counted over those who were seen through it."""
    begins, ends = split.stretches.begins, np.array(split.stretches.ends)
    day = known.rows.y[:, None]
    came = (day > begins) & (day <= ends)
    asked = (day > begins) & ((ends <= known.seen[:, None]) | came)
    found: Floats = came.sum(axis=0) / np.maximum(asked.sum(axis=0), 1)
    return found


def _judged(
    task: HazardTask, horizon: str, known: Spans, test: Spans, hazards: Floats, *, untrue: bool
) -> HorizonJudged:
    """Probabilities over one horizon beside a logistic regression on those who were through when it would be made."""
    split, days = task.split, Duration.parse(horizon).days
    without = split.stretches.without(hazards, days)
    y = (test.rows.y <= days).astype(np.float64)
    tested = Tested(test.rows.people, split.test, 1 - y if untrue else y, without if untrue else 1 - without)
    through = known.where(known.seen >= min(days, split.stretches.ends[-1]))
    learnt = (through.rows.y <= days).astype(np.float64)
    learnt = 1 - learnt if untrue else learnt
    if np.unique(learnt).size < 2:
        baseline = dict.fromkeys(measured(tested.y, tested.p), float("nan"))
    else:
        rows = Rows(through.rows.x, learnt, through.rows.people, through.rows.origin)
        baseline = measured(tested.y, Logistic.fit(rows).probability(test.rows.x))
    judgement = judged_horizon(tested, learnt, through.rows.people)
    by = Split(horizon, split.origins, split.fit, split.test, "time")
    return HorizonJudged(horizon, tested, judgement, baseline, verdict(judgement, baseline, by, choosable=False))


def _refuse_thin(known: Spans, test: Spans, task: HazardTask) -> None:
    had = int(np.unique(known.rows.people[np.isfinite(known.rows.y)]).size)
    later = np.isfinite(test.rows.y)
    if had >= LEAST_EVENTS and later.any() and not later.all():
        return
    raise ForetellError(
        "TOO_FEW_OUTCOMES" if had else "ONE_CLASS",
        f"over {task.horizons[-1]} the event came to {had} people in the training windows and to {int(later.sum())} of "
        f"{len(test)} in the test window; {LEAST_EVENTS} are needed, and some without it",
        thing=task.thing,
        next_step="Check the outcome's condition, or choose other horizons.",
    )


def _refuse_leaks(gatherer: Gatherer, known: Spans, test: Spans, names: tuple[str, ...], task: HazardTask) -> None:
    """Raise ``LEAK`` where a feature is the event in disguise, by those who were seen to the end."""
    through = known.where(known.seen >= task.split.stretches.ends[-1]).rows
    some, later = (replace(rows, y=np.isfinite(rows.y).astype(np.float64)) for rows in (through, test.rows))
    told = told_of_people(gatherer.matrix(task.split.test))
    refuse_leaks(some, later, names, told, task.accepted, task.thing)
