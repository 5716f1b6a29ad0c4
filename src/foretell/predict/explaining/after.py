"""What is worked out once a model has been trained, for its report: drivers, curves, groups, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

import foretell
from foretell.clock import Duration
from foretell.condition import measure_sentence, parse, parse_measure, sentence
from foretell.predict.binary.fit import Fit
from foretell.predict.binary.judge import Tested
from foretell.predict.binary.rows import Floats, Rows
from foretell.predict.binary.train import Trained
from foretell.predict.explaining.drivers import STRONGEST, Shown, global_drivers, partial_dependence
from foretell.predict.explaining.groups import Member, groups_of, judged_groups
from foretell.predict.explaining.words import Single
from foretell.predict.features import Feature, features_of
from foretell.predict.hazard.train import TrainedHazard
from foretell.predict.kinds import Lesson, Made
from foretell.predict.propensity.train import TrainedPropensity


def about(lesson: Lesson) -> dict[str, Any]:
    """What is foreseen of whom, and by what: the head of a model's card."""
    spec = lesson.spec
    if spec.outcome is not None:
        foreseen = sentence(parse(spec.outcome, future=True))
    else:
        foreseen = measure_sentence(parse_measure(spec.value or {}))
    population = {"did": (spec.value or {}).get("did")} if spec.population is None else spec.population
    return {
        "title": spec.name or lesson.document.key,
        "foresees": spec.foresees,
        "outcome": foreseen,
        "population": sentence(parse(population)),
        "exclude": None if spec.exclude is None else sentence(parse(spec.exclude)),
        "horizons": list(spec.all_horizons),
        "people": lesson.population.population(lesson.as_of).num_rows,
        "history_from": lesson.first.isoformat(),
        "currency": lesson.catalog.settings.currency,
        "zone": str(lesson.zone),
        "versions": {"foretell": foretell.__version__, "xgboost": xgboost.__version__, "numpy": np.__version__},
        "document": lesson.document.raw.get("spec"),
    }


def explained(lesson: Lesson, made: Made) -> dict[str, Any]:
    """By horizon: ``drivers``, ``partial`` (dependence on the strongest features) and ``groups`` (segments, personas).

    Kinds of models that are not looked into have none.
    """
    found: dict[str, dict[str, Any]] = {}
    for shown in _shown(lesson, made.found):
        drivers = global_drivers(shown)
        names = [row["feature"] for row in drivers[:STRONGEST]]
        found[shown.horizon] = {"drivers": drivers, "partial": partial_dependence(shown, names), "groups": []}
    for horizon, tested in _tested(made.found):
        groups = judged_groups(tested, _groups(lesson, tested))
        found.setdefault(horizon, {"drivers": [], "partial": [], "groups": []})["groups"] = groups
    return found


def _groups(lesson: Lesson, tested: Tested) -> list[Member]:
    return groups_of(lesson.engine.analytics, lesson.catalog, lesson.reader, tested.people, tested.origin)


@dataclass(frozen=True)
class _Probability:
    """A fit as what it says of rows."""

    fitted: Fit

    def __call__(self, x: Single) -> Floats:
        return self.fitted.probability(x)

    def parts(self, x: Single) -> Single:
        """Exact parts of the logit (n, k)."""
        return self.fitted.model.contributions(x, exact=True)


@dataclass(frozen=True)
class _Hazard:
    """A hazard over one horizon as what it says of rows."""

    found: TrainedHazard
    days: float

    def __call__(self, x: Single) -> Floats:
        trees = self.found.trees
        without = trees.stretches.without(trees.hazards(x), self.days)
        return without if self.found.untrue else 1 - without

    def parts(self, x: Single) -> Single:
        """Exact parts (n, k) of the logit of the last stretch's hazard, or of its being survived."""
        sign = np.float32(-1 if self.found.untrue else 1)
        return self.found.trees.contributions(x, self.days, exact=True) * sign


def _shown(lesson: Lesson, found: object) -> Iterator[Shown]:
    if isinstance(found, Trained | TrainedPropensity):
        known = features_of(lesson.engine.analytics, found.model.plan, lesson.as_of)
        for one in found.learnt:
            said = _Probability(one.final)
            yield Shown(one.split.horizon, _described(known, one.final.names), one.rows, said.parts, said)
    elif isinstance(found, TrainedHazard):
        features = _described(features_of(lesson.engine.analytics, found.plan, lesson.as_of), found.names)
        for judged in found.judged:
            hazard = _Hazard(found, Duration.parse(judged.horizon).days)
            rows: Rows = found.spans.rows
            yield Shown(judged.horizon, features, rows, hazard.parts, hazard)


def _tested(found: object) -> Iterator[tuple[str, Tested]]:
    if isinstance(found, Trained):
        yield from ((one.split.horizon, one.tested) for one in found.learnt)
    elif isinstance(found, TrainedHazard):
        yield from ((one.horizon, one.tested) for one in found.judged)


def _described(features: Sequence[Feature], names: Sequence[str]) -> tuple[Feature, ...]:
    """The features called ``names``, described; those beside the plan's (of a pair) by their names."""
    known = {feature.name: feature for feature in features}
    return tuple(known.get(name) or Feature(name, f"{name.replace('_', ' ')}: {{}}", "number") for name in names)
