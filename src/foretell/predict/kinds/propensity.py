"""``propensity``: a probability for each value of a property, such as the categories people buy in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.predict.binary.scored import AT_ONCE, scored
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.document import PredictionSpec
from foretell.predict.estimators import BOOSTED, estimator_of
from foretell.predict.features import compute
from foretell.predict.files import StoredModel
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan
from foretell.predict.propensity.pairs import Pairs
from foretell.predict.propensity.train import PropensityTask, TrainedPropensity, paired, train_propensity
from foretell.predict.training_report import PROPENSITY, TrainingReport, by_horizon, by_horizon_said
from foretell.predict.windows import split_of


@dataclass(frozen=True)
class PropensityModel:
    """What scores pairs.

    Args:
        values: in the order in which the model knows them.
    """

    pairs: BinaryModel
    values: tuple[str, ...]


@dataclass(frozen=True)
class Propensity:
    """Outcomes by the values of a property."""

    name: str = PROPENSITY

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether its outcome is told apart by a property."""
        return spec.outcome is not None and spec.per is not None

    def plan(self, lesson: Lesson) -> Plan:
        """Splits by horizon."""
        task = _task(lesson)
        return Plan({split.horizon: split.as_dict() for split in task.splits}, lambda: _made(lesson, task))

    def load(self, stored: StoredModel) -> PropensityModel:
        """The model over pairs and its values."""
        inner = stored.card["content"]
        within = StoredModel(stored.model, {**stored.card, "content": inner["pairs"]}, stored.files, stored.workspace)
        return PropensityModel(BinaryModel.load(within), tuple(inner["values"]))

    def score(self, asked: Asked, model: PropensityModel) -> Answer:
        """Rows of ``KEY.VALUE`` for each value, and the best of them under the key itself."""
        keys = asked.people.select(["profile_key"])
        most = max(1, AT_ONCE // len(model.values))
        parts = [_scored(asked, model, keys.slice(at, most)) for at in range(0, len(keys), most)]
        return Answer(pa.concat_tables(parts))


def _scored(asked: Asked, model: PropensityModel, people: pa.Table) -> pa.Table:
    spec, values = asked.spec, model.values
    assert spec.per is not None
    event = str((spec.outcome or {})["did"])
    pairs = Pairs.of(asked.engine, event, spec.per, asked.thing)
    matrix = compute(asked.engine.analytics, model.pairs.plan, people, asked.as_of)
    rows = scored(model.pairs, paired(matrix, pairs, spec.per, values, asked.as_of), exact=asked.exact)
    n, horizons = matrix.people.size, len(model.pairs.horizons)
    which = np.tile(np.repeat(np.arange(len(values)), n), horizons)
    names = pa.array([f"{asked.key}.{value}" for value in values])
    by_value = rows.append_column("prediction", names.take(pa.array(which)))
    scores = np.asarray(rows["score"].to_numpy()).reshape(horizons, len(values), n)
    best = scores.argmax(axis=1)
    place = (np.arange(horizons)[:, None] * len(values) + best) * n + np.arange(n)
    top = rows.take(pa.array(np.ravel(place)))
    return pa.concat_tables([by_value, _named(top, np.ravel(best), asked.key, spec.per, values)])


def _named(top: pa.Table, best: np.ndarray[Any, Any], key: str, per: str, values: tuple[str, ...]) -> pa.Table:
    """Rows under the key itself; the first reason says which value it is."""
    heads = pa.array([_head(per, value) for value in values]).take(pa.array(best))
    rest = pc.utf8_slice_codeunits(top["reasons"].combine_chunks(), 1)
    rest = pc.if_else(pc.equal(rest, "]"), rest, pc.binary_join_element_wise(", ", rest, ""))
    texts = pc.binary_join_element_wise("[", heads, rest, "")
    top = top.set_column(top.schema.get_field_index("reasons"), "reasons", texts)
    return top.append_column("prediction", pa.repeat(pa.scalar(key), len(top)))


def _head(per: str, value: str) -> str:
    what = per.rpartition(".")[2]
    return json.dumps({"feature": per, "words": f"most probable {what}: {value}", "effect": 0.0}, ensure_ascii=False)


def _task(lesson: Lesson) -> PropensityTask:
    spec = lesson.spec
    assert spec.per is not None
    people = lesson.population.somebody(lesson.as_of, lesson.thing).num_rows
    splits = tuple(
        split_of(lesson.first, lesson.as_of, horizon, lesson.zone, thing=lesson.thing, people=people)
        for horizon in spec.all_horizons
    )
    return PropensityTask(
        lesson.thing,
        Pairs.of(lesson.engine, str((spec.outcome or {})["did"]), spec.per, lesson.thing),
        spec.per,
        splits,
        lesson.zone,
        lesson.catalog.settings.currency,
        f"{lesson.document.key}:{lesson.seed}",
        lesson.sample_rows // 2,
        estimator_of(spec.estimator or BOOSTED.name, lesson.catalog.root, lesson.thing),
        tuple(spec.accept_leaks or ()),
    )


def _made(lesson: Lesson, task: PropensityTask) -> Made:
    found = train_propensity(lesson.engine.analytics, lesson.population, task, lesson.as_of)
    content = {"pairs": found.model.card(), "values": list(found.values)}
    return Made(
        PROPENSITY, found.digest, content, found.model.files, lambda model: _report(lesson, model, found), found
    )


def _report(lesson: Lesson, model: str, found: TrainedPropensity) -> TrainingReport:
    """The report; ``n`` and ``positives`` are pairs of the shortest horizon."""
    parts = {one.split.horizon: one.as_dict() for one in found.learnt}
    main = found.learnt[0]

    said = f"One model for {len(found.values)} values of {lesson.spec.per}."
    return TrainingReport(
        prediction=lesson.document.key,
        model=model,
        kind=PROPENSITY,
        n=len(main.rows),
        positives=int(main.rows.y.sum()),
        trained_as_of=lesson.as_of,
        seed=lesson.seed,
        metrics=by_horizon(parts, "metrics"),
        baseline=by_horizon(parts, "baseline"),
        calibration=by_horizon(parts, "calibration"),
        verdict=f"{said} {by_horizon_said(parts)}",
        horizons=parts,
    )


KIND = Propensity()
