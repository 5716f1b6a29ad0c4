"""Why one person has the score they have: every feature's exact part, from the model and the features of then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xgboost

from foretell.clock import Duration, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Analytics, Engine
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.explaining.words import Single, before_columns, said, theme
from foretell.predict.features import Feature, FeaturePlan, Matrix, crowd_at, matrix_of, question
from foretell.predict.hazard.stored import HazardModel
from foretell.predict.numeric.stored import NumericModel
from foretell.predict.reading import ScoreExplanation
from foretell.predict.scoring import load_model, standing
from foretell.predict.training import models_folder
from foretell.stats import logit

_SCORED = """
SELECT DISTINCT s.profile_key FROM log_scores s
WHERE s.prediction = $prediction AND s.horizon = $horizon AND s.as_of = $as_of ORDER BY s.profile_key"""


@dataclass(frozen=True)
class Part:
    """What one feature does to a person's score.

    Args:
        effect: what it adds to the log-odds (of an amount: to the amount, or its logarithm).
        points: its share of the way from the usual probability to this one, for each its part of the effect; None
            for an amount.
    """

    feature: str
    theme: str
    words: str
    effect: float
    points: float | None


@dataclass(frozen=True)
class ExactReasons:
    """A stored score and every feature's part in it.

    Args:
        score: as it is stored.
        said: what the model says today of the features as of the score's instant; it differs from ``score`` where
            something became known since, or curves were kept from crossing.
        base: what it says where nothing is known: with the effects it adds up to the model's sum before calibration.
        total: that sum; ``base + sum(effects)``.
    """

    prediction: str
    horizon: str
    model: str
    score: float
    said: float
    base: float
    total: float
    parts: tuple[Part, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**vars(self), "parts": [vars(part) for part in self.parts]}


@dataclass(frozen=True)
class _Said:
    """What a model says of one row."""

    names: tuple[str, ...]
    said: float
    total: float
    usual: float | None
    effects: Single


def exact_reasons(engine: Engine, catalog: Catalog, profile_key: int, stored: ScoreExplanation) -> ExactReasons | None:
    """The exact parts of a person's ``stored`` score; None where its kind has none, and the stored reasons are all.

    The features are computed again as of the score's instant, known then, beside what they take from everybody who was
    scored with the person.
    """
    kept = load_model(models_folder(engine), stored.prediction, stored.model, catalog.root)
    model = standing(kept, engine.log.properties())
    if not isinstance(model, BinaryModel | HazardModel | NumericModel):
        return None
    matrix = _matrix(engine.analytics, model.plan, profile_key, stored)
    found = _said(model, stored.horizon, matrix)
    if found is None:
        return None
    base = found.total - float(found.effects.sum(dtype=np.float64))
    parts = _parts(matrix, found)
    return ExactReasons(
        stored.prediction, stored.horizon, stored.model, stored.score, found.said, base, found.total, parts
    )


def _matrix(analytics: Analytics, plan: FeaturePlan, profile_key: int, stored: ScoreExplanation) -> Matrix:
    """The features (1, k) of the person as of the score's instant."""
    values = {"prediction": stored.prediction, "horizon": stored.horizon, "as_of": naive_utc(stored.as_of)}
    crowd = crowd_at(analytics, plan, analytics.query(_SCORED, values), stored.as_of)
    asked = question(plan, pa.table({"profile_key": pa.array([profile_key], pa.int64())}), stored.as_of)
    return matrix_of(analytics.query(asked.sql, asked.params, asked.tables), plan, stored.as_of, crowd)


def _said(model: BinaryModel | HazardModel | NumericModel, horizon: str, matrix: Matrix) -> _Said | None:
    if isinstance(model, BinaryModel):
        return _of_binary(model, horizon, matrix)
    x = matrix.select(model.names)
    if isinstance(model, NumericModel):
        amount = float(model.trees.expected(x)[0])
        margin = float(model.trees.booster.predict(xgboost.DMatrix(x, nthread=1), output_margin=True)[0])
        return _Said(model.names, amount, margin, None, model.trees.contributions(x, exact=True)[0])
    days, sign = Duration.parse(horizon).days, -1 if model.untrue else 1
    if days > model.trees.stretches.ends[-1]:
        return None
    hazards = model.trees.hazards(x)
    without = float(model.trees.stretches.without(hazards, days)[0])
    effects = model.trees.contributions(x, days, exact=True)[0] * np.float32(sign)
    last = float(logit(hazards[:, model.trees.stretches.place(days)])[0]) * sign
    return _Said(model.names, without if model.untrue else 1 - without, last, None, effects)


def _of_binary(model: BinaryModel, horizon: str, matrix: Matrix) -> _Said | None:
    part = next((one for one in model.horizons if one.horizon == horizon), None)
    if part is None:
        return None
    x = matrix.select(part.names)
    total, effects = float(part.model.logits(x)[0]), part.contributions(x, exact=True)[0]
    base = np.array([total - float(effects.sum(dtype=np.float64))])
    usual = float(part.calibrator.apply(base)[0])
    return _Said(part.names, float(part.probability(x)[0]), total, usual, effects)


def _parts(matrix: Matrix, found: _Said) -> tuple[Part, ...]:
    """Strongest first."""
    features, x = matrix.described(found.names), matrix.select(found.names)
    before, moved = before_columns(features), float(found.effects.sum(dtype=np.float64))
    way = None if found.usual is None else found.said - found.usual
    order = np.argsort(-np.abs(found.effects), kind="stable")

    def part(place: int) -> Part:
        feature, effect = features[place], float(found.effects[place])
        points = None if way is None else way * effect / moved if abs(moved) > 1e-9 else 0.0
        return Part(feature.name, theme(feature), _words(feature, x, place, before), effect, points)

    return tuple(part(int(place)) for place in order)


def _words(feature: Feature, x: Single, place: int, before: Mapping[int, int]) -> str:
    then = before.get(place)
    return str(said(feature, x[:, place], None if then is None else x[:, then])[0])
