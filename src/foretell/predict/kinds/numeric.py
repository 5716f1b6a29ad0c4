"""``numeric``: how many events, or how much of something, within a horizon; by trees with a conformal interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.condition import Reader, parse_measure
from foretell.predict.binary.reasons import reasons
from foretell.predict.binary.scored import AT_ONCE, scores_of
from foretell.predict.document import PredictionSpec
from foretell.predict.features import compute
from foretell.predict.files import StoredModel
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan
from foretell.predict.numeric.gather import Past
from foretell.predict.numeric.stored import NumericModel
from foretell.predict.numeric.train import NumericTask, TrainedNumeric, train_numeric
from foretell.predict.numeric.verdict import numeric_verdict
from foretell.predict.training_report import NUMERIC, TrainingReport
from foretell.predict.windows import Split, split_of


@dataclass(frozen=True)
class Numeric:
    """Amounts over one horizon."""

    name: str = NUMERIC

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether it has a value that repeat-buying models do not foresee, or asks for trees."""
        return spec.value is not None and (not spec.is_spending or spec.model == "boosted")

    def plan(self, lesson: Lesson) -> Plan:
        """The split."""
        spec = lesson.spec
        people = lesson.population.somebody(lesson.as_of, lesson.thing).num_rows
        split = split_of(
            lesson.first, lesson.as_of, spec.all_horizons[0], lesson.zone, thing=lesson.thing, people=people
        )
        task = numeric_task(lesson, split)
        return Plan({split.horizon: split.as_dict()}, lambda: numeric_made(lesson, task))

    def load(self, stored: StoredModel) -> NumericModel:
        """Trees and interval."""
        return NumericModel.load(stored)

    def score(self, asked: Asked, model: NumericModel) -> Answer:
        """Expected amounts with the interval in which 90 % of people held out had theirs."""
        measure = parse_measure(asked.spec.value or {}, future=True)
        past = Past(Reader(asked.engine, asked.catalog), measure, model.horizon)
        keys = asked.people.select(["profile_key"])
        parts = [keys.slice(at, AT_ONCE) for at in range(0, len(keys), AT_ONCE)]
        return Answer(pa.concat_tables([_scored(asked, model, past, part, asked.as_of) for part in parts]))


def _scored(asked: Asked, model: NumericModel, past: Past, people: pa.Table, as_of: datetime) -> pa.Table:
    matrix = past.added(compute(asked.engine.analytics, model.plan, people, as_of), as_of)
    x = matrix.select(model.names)
    expected = model.trees.expected(x)
    nothing = np.full(expected.size, np.nan)
    low, high = (nothing, nothing) if model.interval is None else model.interval.around(expected)
    texts = reasons(x, model.trees.contributions(x, exact=asked.exact), matrix.described(model.names))
    return scores_of(matrix.people, model.horizon, expected, low, high, texts)


def numeric_task(lesson: Lesson, split: Split) -> NumericTask:
    """What is to be trained over ``split``."""
    return NumericTask(
        lesson.thing,
        parse_measure(lesson.spec.value or {}, future=True),
        split,
        lesson.zone,
        lesson.catalog.settings.currency,
        f"{lesson.document.key}:{lesson.seed}",
        lesson.sample_rows,
        tuple(lesson.spec.accept_leaks or ()),
    )


def numeric_made(lesson: Lesson, task: NumericTask) -> Made:
    """A trained model with its report."""
    found = train_numeric(lesson.engine.analytics, lesson.reader, lesson.population, task, lesson.as_of)
    return made_of(lesson, task, found)


def made_of(lesson: Lesson, task: NumericTask, found: TrainedNumeric) -> Made:
    """What training made, of what it found."""
    final = found.final
    model = NumericModel(found.plan, task.horizon, final.names, final.model, final.interval, final.objective)
    return Made(
        NUMERIC, found.digest, model.card(), model.files, lambda name: numeric_report(lesson, name, found), found
    )


def numeric_report(lesson: Lesson, model: str, found: TrainedNumeric) -> TrainingReport:
    """The report; ``positives`` are the rows with anything at all."""
    metrics = found.tested.metrics
    return TrainingReport(
        prediction=lesson.document.key,
        model=model,
        kind=NUMERIC,
        n=len(found.rows),
        positives=int((found.rows.y != 0).sum()),
        trained_as_of=lesson.as_of,
        seed=lesson.seed,
        metrics=metrics,
        baseline=found.baseline,
        calibration={
            "level": 0.9,
            "coverage": metrics["coverage"],
            "mean_expected": float(found.tested.expected.mean()),
            "mean_actual": float(found.tested.y.mean()),
            "test_n": int(found.tested.y.size),
        },
        verdict=numeric_verdict(found),
        horizons={found.task.horizon: found.as_dict()},
    )


KIND = Numeric()
