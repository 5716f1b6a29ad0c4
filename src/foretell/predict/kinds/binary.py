"""``binary``: the probability that an outcome comes true, a model for each horizon."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.predict.binary.against import about_orders
from foretell.predict.binary.scored import binary_scores
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.binary.train import Task, Trained, train_binary
from foretell.predict.document import PredictionSpec
from foretell.predict.estimators import BOOSTED, estimator_of
from foretell.predict.files import StoredModel
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan
from foretell.predict.training_report import BINARY, TrainingReport, by_horizon, by_horizon_said
from foretell.predict.windows import split_of


@dataclass(frozen=True)
class Binary:
    """Outcomes over horizons."""

    name: str = BINARY

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether it has an outcome, a model for each horizon."""
        return spec.outcome is not None and spec.form == "horizons" and spec.per is None

    def plan(self, lesson: Lesson) -> Plan:
        """Splits and settings by horizon."""
        task = _task(lesson)
        return Plan(task.record(), lambda: _made(lesson, task))

    def load(self, stored: StoredModel) -> BinaryModel:
        """Models of all horizons."""
        return BinaryModel.load(stored)

    def score(self, asked: Asked, model: BinaryModel) -> Answer:
        """Probabilities with what the test window showed of such ones."""
        store, spread_from = asked.engine.analytics, asked.spread_from
        rows = binary_scores(store, model, asked.people, asked.as_of, exact=asked.exact, spread_from=spread_from)
        return Answer(rows)


def _task(lesson: Lesson) -> Task:
    spec, thing = lesson.spec, lesson.thing
    people = lesson.population.somebody(lesson.as_of, thing).num_rows
    estimator = estimator_of(spec.estimator or BOOSTED.name, lesson.catalog.root, thing)
    splits = tuple(
        split_of(lesson.first, lesson.as_of, horizon, lesson.zone, thing=thing, people=people)
        for horizon in spec.all_horizons
    )
    return Task(
        thing,
        splits,
        lesson.zone,
        lesson.catalog.settings.currency,
        f"{lesson.document.key}:{lesson.seed}",
        lesson.sample_rows,
        estimator,
        tuple(spec.accept_leaks or ()),
        about_orders(spec.outcome),
    )


def _made(lesson: Lesson, task: Task) -> Made:
    found = train_binary(lesson.engine.analytics, lesson.population, task, lesson.as_of)
    return Made(
        BINARY,
        found.digest,
        found.model.card(),
        found.model.files,
        lambda model: binary_report(lesson, model, found),
        found,
    )


def binary_report(lesson: Lesson, model: str, found: Trained) -> TrainingReport:
    """The report of a binary prediction; ``n`` and ``positives`` are those of the shortest horizon."""
    parts = {one.split.horizon: one.as_dict() for one in found.learnt}
    main = found.learnt[0]
    return TrainingReport(
        prediction=lesson.document.key,
        model=model,
        kind=BINARY,
        n=len(main.rows),
        positives=int(main.rows.y.sum()),
        trained_as_of=lesson.as_of,
        seed=lesson.seed,
        metrics=by_horizon(parts, "metrics"),
        baseline=by_horizon(parts, "baseline"),
        calibration=by_horizon(parts, "calibration"),
        verdict=by_horizon_said(parts),
        horizons=parts,
        against_bg_nbd=found.beside,
    )


KIND = Binary()
