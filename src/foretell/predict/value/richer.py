"""Values by trees, with what repeat-buying models expect among the features, where that foresees better.

Both are made as of the latest complete window and judged on it, person by person; the trees are taken where their
absolute error is lower by more than its standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.errors import ForetellError
from foretell.predict.binary.rows import Floats
from foretell.predict.kinds.base import Lesson, Made
from foretell.predict.kinds.numeric import made_of, numeric_task
from foretell.predict.numeric.train import NumericTask, NumericTrial, learnt, tried
from foretell.predict.training_report import TrainingReport
from foretell.predict.value.outlook import ValueModel
from foretell.predict.value.purchases import PurchaseLog
from foretell.predict.value.train import MODELS, TrainedValue, ValueTask, fitted
from foretell.predict.windows import split_of

LEAST_PEOPLE = 200
"""Below, a difference between both is chance, and trees are not tried."""
Report = Callable[[Lesson, str, TrainedValue, ValueTask], TrainingReport]


@dataclass(frozen=True)
class Duel:
    """Trees against the repeat-buying model on the same people.

    Args:
        difference: of the mean absolute errors, trees less repeat buying; negative is better.
        error: its standard error.
    """

    people: int
    trees: float
    buying: float
    difference: float
    error: float

    @property
    def won(self) -> bool:
        """Whether the trees are better by more than chance."""
        return self.difference < -self.error

    def words(self, buying: str) -> str:
        """Why trees were taken."""
        return (
            f"Trees were taken over {buying}: on the latest window they were off by {self.trees:.3g} a person instead "
            f"of {self.buying:.3g}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the report."""
        return {**vars(self), "won": self.won}


def richer_made(
    lesson: Lesson, task: ValueTask, log: PurchaseLog, found: TrainedValue, report: Report
) -> tuple[Made | None, Duel | None]:
    """A model of trees, where a document leaves the choice and they win, and how they did; None where not tried."""
    trial = None if task.model is not None or task.rate else _tried(lesson)
    if trial is None:
        return None, None
    numeric, judged = trial
    duel = _duel(log, found, task, numeric, judged)
    if duel is None or not duel.won:
        return None, duel
    made = made_of(lesson, numeric, learnt(judged, numeric))

    def told(model: str) -> TrainingReport:
        """The trees' report with the parameters that the repeat-buying model has."""
        own, theirs = made.report(model), report(lesson, model, found, task)
        beside = {name: theirs.horizons[name] for name in ("holdout", "candidates", "unit", "standard_errors")}
        known = replace(
            own,
            params=theirs.params,
            log_likelihood=theirs.log_likelihood,
            horizons={**own.horizons, **beside},
            verdict=f"{own.verdict} {duel.words(found.model.buying.kind)}",
        )
        return with_duel(known, duel)

    return replace(made, report=told), duel


def with_duel(report: TrainingReport, duel: Duel | None) -> TrainingReport:
    """The report with how trees did against repeat buying."""
    return report if duel is None else replace(report, horizons={**report.horizons, "duel": duel.as_dict()})


def without_repeats(lesson: Lesson) -> Made | None:
    """A model of trees where nobody bought twice; None where there is too little for one too."""
    trial = _tried(lesson)
    return None if trial is None else made_of(lesson, trial[0], learnt(trial[1], trial[0]))


def _tried(lesson: Lesson) -> tuple[NumericTask, NumericTrial] | None:
    """Trees judged on the latest window; None where history or people are too few to judge them in time."""
    horizon, thing = lesson.spec.all_horizons[0], lesson.thing
    try:
        split = split_of(lesson.first, lesson.as_of, horizon, lesson.zone, thing=thing)
        if split.by != "time":
            return None
        task = numeric_task(lesson, split)
        trial = tried(lesson.engine.analytics, lesson.reader, lesson.population, task, lesson.as_of)
    except ForetellError:
        return None
    return (task, trial) if trial.tested.people.size >= LEAST_PEOPLE else None


def _duel(
    log: PurchaseLog, found: TrainedValue, task: ValueTask, numeric: NumericTask, trial: NumericTrial
) -> Duel | None:
    """Both on the people of the test window, each made as of its beginning."""
    origin = numeric.split.test
    people = trial.gatherer.matrix(origin).people
    known = log.until(pa.table({"profile_key": people}), origin)
    try:
        model = fitted(MODELS[found.model.buying.kind], known, task)
    except ForetellError:
        return None
    outlook = ValueModel(model.buying, model.spending, model.usual_spend).outlook(known, task.horizon_days, task.seed)
    place = np.searchsorted(known.people, trial.tested.people)
    inside = (place < known.people.size) & (
        known.people[np.minimum(place, known.people.size - 1)] == trial.tested.people
    )
    said = np.zeros(trial.tested.people.size)
    said[inside] = outlook.value[place[inside]]
    ours = np.abs(trial.tested.expected - trial.tested.y)
    theirs = np.abs(said - trial.tested.y)
    return _judged(ours, theirs)


def _judged(ours: Floats, theirs: Floats) -> Duel:
    apart = ours - theirs
    error = float(apart.std(ddof=1) / np.sqrt(apart.size))
    return Duel(int(apart.size), float(ours.mean()), float(theirs.mean()), float(apart.mean()), error)
