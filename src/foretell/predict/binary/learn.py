"""One horizon of a binary prediction: judged on the test window, then learnt from everything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.ids import seed_of
from foretell.predict.binary.choosing import kept_for_test, names_for, told_of_people
from foretell.predict.binary.crossed import crossed
from foretell.predict.binary.fit import Fit, fit
from foretell.predict.binary.judge import Judgement, Tested, Trial, judged, measured, verdict
from foretell.predict.binary.leaks import refuse_leaks
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Gatherer, Rows
from foretell.predict.binary.spread import Field, Grown
from foretell.predict.binary.tuning import Choice
from foretell.predict.estimators import BOOSTED
from foretell.predict.estimators.base import Estimator
from foretell.predict.estimators.boosted import Trees, library_values
from foretell.predict.windows import Split

LEAST_OUTCOMES = 20
CLUSTER_FAILED = frozenset({"WORKERS_TOO_FEW", "WORKERS_DIFFER", "SPARK_FAILED", "MEMORY_SHORT"})
"""What keeps a cluster from growing trees, and does not keep the drawn people from being learnt from."""


@dataclass(frozen=True)
class Learnt:
    """A model for one horizon and how its like did on the test window.

    Args:
        rows: what the final model learnt from, or its sample where trees were grown on more.
        tested: the people that it was judged by.
        choice: the setting, chosen before the test window was looked at.
        grown: trees of the final model that a cluster grew on everybody.
        refused: why it could not, where it was to.
    """

    split: Split
    final: Fit
    rows: Rows
    tested: Tested
    choice: Choice
    estimator: Estimator
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
            "estimator": self.estimator.name,
            "tuning": self.choice.as_dict(),
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


@dataclass(frozen=True)
class Course:
    """What is to be learnt over one horizon, and how.

    Args:
        seed: names folds and draws.
        thing: what is trained, for errors.
        accepted: features that may look like the outcome.
    """

    split: Split
    zone: ZoneInfo
    seed: str
    thing: str
    estimator: Estimator = BOOSTED
    accepted: Collection[str] = ()

    @property
    def number(self) -> int:
        """Seeds what is learnt."""
        return seed_of(self.seed)

    def fitted(self, rows: Rows, names: tuple[str, ...], origins: Sequence[datetime], choice: Choice | None) -> Fit:
        """A fit to ``rows`` of ``origins``, with the setting of ``choice`` where there is one."""
        horizon, estimator = self.split.horizon, self.estimator
        return fit(rows, names, origins, horizon, self.zone, self.seed, self.number, estimator, choice)


def learn(gatherer: Gatherer, course: Course, field: Field | None = None) -> Learnt:
    """Judge a model made as of the test origin, then make the one that scores from all origins.

    With a ``field`` the trees that score are grown on everybody where the rows lie; how many, and the calibrator, the
    drawn people decide as they do without. Where the cluster cannot, the model is the one of the drawn people.

    Raises:
        ForetellError: ``ONE_CLASS``, ``TOO_FEW_OUTCOMES``, ``NOTHING_VARIES``, ``NOBODY``, ``LEAK``.
    """
    split, estimator = course.split, course.estimator
    names = _names(gatherer, split.fit, course)
    known = gatherer.rows(split.fit, split.horizon, names)
    trial = (_among_people if split.folds else _in_time)(gatherer, known, names, course)
    names = _names(gatherer, split.origins, course)
    rows = gatherer.rows(split.origins, split.horizon, names)
    final = course.fitted(rows, names, split.origins, trial.choice)
    said = verdict(trial.judgement, trial.baseline, split)
    choice = trial.choice or final.choice
    learnt = Learnt(split, final, rows, trial.tested, choice, estimator, trial.judgement, trial.baseline, said)
    return learnt if field is None or not estimator.grows_together else _on_everybody(learnt, field, course.number)


def _among_people(gatherer: Gatherer, known: Rows, names: tuple[str, ...], course: Course) -> Trial:
    """Judged by cross-validation over the people of the one origin."""
    split = course.split
    _refuse_thin(known, known, course)
    held = kept_for_test(known, course.seed)
    told = told_of_people(gatherer.matrix(split.test))
    refuse_leaks(known.where(~held), known.where(held), names, told, course.accepted, course.thing)
    return crossed(known, names, split, course.zone, course.seed, course.number, course.estimator)


def _in_time(gatherer: Gatherer, known: Rows, names: tuple[str, ...], course: Course) -> Trial:
    """Judged on the latest window, or on a third of the people where time cannot part the test."""
    split = course.split
    test = gatherer.rows([split.test], split.horizon, names)
    if split.by == "people":
        known, test = known.where(~kept_for_test(known, course.seed)), test.where(kept_for_test(test, course.seed))
    _refuse_thin(known, test, course)
    told = told_of_people(gatherer.matrix(split.test))
    refuse_leaks(known, test, names, told, course.accepted, course.thing)
    made = course.fitted(known, names, split.fit, None)
    tested = Tested(test.people, split.test, test.y, made.probability(test.x))
    baseline = measured(test.y, Logistic.fit(known).probability(test.x))
    return Trial(tested, judged(test, tested.p, known), baseline, made.choice)


def _on_everybody(learnt: Learnt, field: Field, number: int) -> Learnt:
    """With trees grown on everybody, or with why not."""
    split, final = learnt.split, learnt.final
    assert isinstance(final.model, Trees)
    try:
        values, start = library_values(final.choice.setting), final.model.start
        grown = field.grown(split.origins, split.horizon, final.names, final.rounds, number, values, start)
    except ForetellError as error:
        if error.code not in CLUSTER_FAILED:
            raise
        return replace(learnt, refused=f"{error.code}: {error.what}")
    return replace(learnt, final=replace(final, model=Trees(grown.booster, start)), grown=grown)


def _names(gatherer: Gatherer, origins: Sequence[datetime], course: Course) -> tuple[str, ...]:
    """The features that vary over ``origins``."""
    matrices = [gatherer.matrix(origin) for origin in origins]
    return names_for(matrices, origins, gatherer.plan, Duration.parse(course.split.horizon).days, course.thing)


def _refuse_thin(known: Rows, test: Rows, course: Course) -> None:
    """Raise where there are too few people of either kind to learn from or to judge by."""
    for rows, what in ((known, "training windows"), (test, "test window")):
        counts = [rows.distinct(outcome) for outcome in (1.0, 0.0)]
        if min(counts) == 0:
            which = "everybody" if counts[0] else "nobody"
            raise ForetellError(
                "ONE_CLASS",
                f"over {course.split.horizon} {which} had the outcome in the {what}",
                thing=course.thing,
                next_step="Check the outcome's condition, or choose another horizon.",
            )
        if rows is known and min(counts) < LEAST_OUTCOMES:
            raise ForetellError(
                "TOO_FEW_OUTCOMES",
                f"over {course.split.horizon} only {counts[0]} people had the outcome and {counts[1]} did not; "
                f"{LEAST_OUTCOMES} of each are needed",
                thing=course.thing,
                next_step="Wait for more history, widen the population, or choose another horizon.",
            )
