"""A numeric prediction's model as files: the trees in the library's own format, the rest on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.predict.binary.boosted import stored_trees
from foretell.predict.features import FeaturePlan
from foretell.predict.files import StoredModel
from foretell.predict.numeric.boosted import Amounts
from foretell.predict.numeric.conformal import Conformal

_FILE = "amounts.ubj"


@dataclass(frozen=True)
class NumericModel:
    """What scores people over its one horizon.

    Args:
        names: features the trees read, in order.
    """

    plan: FeaturePlan
    horizon: str
    names: tuple[str, ...]
    trees: Amounts
    interval: Conformal | None
    objective: str

    def files(self, model: str) -> dict[str, bytes]:
        """File name → content; it carries the model's id."""
        self.trees.booster.set_attr(foretell_model=model, foretell_horizon=self.horizon)
        return {_FILE: bytes(self.trees.booster.save_raw("ubj"))}

    def card(self) -> dict[str, Any]:
        """Everything that is not in the file."""
        return {
            "plan": self.plan.as_dict(),
            "horizon": self.horizon,
            "features": list(self.names),
            "objective": self.objective,
            "scale": self.trees.scale,
            "least": None if np.isinf(self.trees.least) else self.trees.least,
            "interval": None if self.interval is None else self.interval.as_dict(),
        }

    @classmethod
    def load(cls, stored: StoredModel) -> NumericModel:
        """The model of checked files; raises ``MODEL_OTHER`` for a file of another model."""
        inner: Mapping[str, Any] = stored.card["content"]
        booster = stored_trees(stored, _FILE)
        least = -np.inf if inner["least"] is None else float(inner["least"])
        return cls(
            FeaturePlan.from_dict(inner["plan"]),
            inner["horizon"],
            tuple(inner["features"]),
            Amounts(booster, float(inner["scale"]), least),
            None if inner["interval"] is None else Conformal.from_dict(inner["interval"]),
            inner["objective"],
        )
