"""What a model was made for: how its features and scores lay when it was trained, kept on its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Analytics
from foretell.ids import unit_intervals
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.features import Feature, FeaturePlan, compute, remembered
from foretell.predict.files import StoredModel
from foretell.predict.hazard.stored import HazardModel
from foretell.predict.kinds import Asked, Lesson, Made, kinds
from foretell.predict.kinds.propensity import PropensityModel
from foretell.predict.life.shares import Shares
from foretell.predict.numeric.stored import NumericModel

LOOKED_AT = 20_000
"""Above so many people a drawn part of them is held against the reference, always the same ones."""


@dataclass(frozen=True)
class Reference:
    """How everything lay.

    Args:
        features: by name; one that was the same for everybody (the season) is left out.
        scores: by horizon.
    """

    features: Mapping[str, Shares]
    scores: Mapping[str, Shares]

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return {
            "features": {name: one.as_dict() for name, one in self.features.items()},
            "scores": {name: one.as_dict() for name, one in self.scores.items()},
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Reference:
        """What :meth:`as_dict` gave; a card from before there were references gives an empty one."""
        return cls(
            {name: Shares.from_dict(one) for name, one in told.get("features", {}).items()},
            {name: Shares.from_dict(one) for name, one in told.get("scores", {}).items()},
        )


def reference_of(lesson: Lesson, made: Made, model: str) -> Reference:
    """The reference of a model that has just been made: its population as of the training instant."""
    kind = kinds()[made.kind]
    card = {"kind": made.kind, "content": made.content}
    loaded = kind.load(StoredModel(model, card, made.files(model), lesson.catalog.root))
    people = looked_at(lesson.population.population(lesson.as_of), lesson.document.key)
    if not people.num_rows:
        return Reference({}, {})
    asked = Asked(
        lesson.engine, lesson.catalog, lesson.document.key, lesson.spec, lesson.thing, people, lesson.as_of,
        exact_up_to=0, spread_from=people.num_rows + 1,
    )  # fmt: skip
    with remembered():
        scores = kind.score(asked, loaded).scores
        columns, found = features_of(lesson.engine.analytics, loaded, people, lesson.as_of)
    features = {feature.name: Shares.of(found[:, place]) for place, feature in enumerate(columns)}
    laid = {horizon: Shares.of(values) for horizon, values in scores_by_horizon(scores, lesson.document.key).items()}
    return Reference(_varying(features), _varying(laid))


def looked_at(people: pa.Table, key: str) -> pa.Table:
    """``people`` (profile_key), or the part of them that their hash draws."""
    if people.num_rows <= LOOKED_AT:
        return people
    keys = np.asarray(people["profile_key"].to_numpy()).astype(np.uint64)
    return people.filter(pa.array(unit_intervals(f"{key}:checks", keys) < LOOKED_AT / people.num_rows))


def features_of(
    analytics: Analytics, loaded: Any, people: pa.Table, as_of: datetime
) -> tuple[tuple[Feature, ...], np.ndarray[Any, Any]]:
    """The features that a model reads: what they are, and their values (n, k); none of one without features."""
    plan, names = _read_by(loaded)
    if plan is None:
        return (), np.empty((people.num_rows, 0))
    matrix = compute(analytics, plan, people.select(["profile_key"]), as_of)
    chosen = tuple(feature for feature in matrix.features if feature.name in names)
    return chosen, matrix.select(tuple(feature.name for feature in chosen))


def scores_by_horizon(scores: pa.Table, key: str) -> dict[str, np.ndarray[Any, Any]]:
    """Scores (n,) of the prediction itself by horizon, without those of single values of a property."""
    own = scores.filter(pc.equal(scores["prediction"], key)) if "prediction" in scores.column_names else scores
    return {
        horizon: np.asarray(own.filter(pc.equal(own["horizon"], horizon))["score"].to_numpy())
        for horizon in pc.unique(own["horizon"]).to_pylist()
    }


def _read_by(loaded: Any) -> tuple[FeaturePlan | None, frozenset[str]]:
    """The plan of a model's features and the names of those that it reads."""
    model = loaded.pairs if isinstance(loaded, PropensityModel) else loaded
    if isinstance(model, BinaryModel):
        return model.plan, frozenset(name for part in model.horizons for name in part.names)
    if isinstance(model, HazardModel | NumericModel):
        return model.plan, frozenset(model.names)
    return None, frozenset()


def _varying(found: Mapping[str, Shares | None]) -> dict[str, Shares]:
    return {name: one for name, one in sorted(found.items()) if one is not None}
