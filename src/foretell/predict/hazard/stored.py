"""A hazard's model as files: the trees in the library's own format, the rest on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foretell.predict.binary.boosted import stored_trees
from foretell.predict.binary.interval import Margins
from foretell.predict.features import FeaturePlan
from foretell.predict.files import StoredModel
from foretell.predict.hazard.stretches import Stretches
from foretell.predict.hazard.trees import HazardTrees

_FILE = "hazard.ubj"


@dataclass(frozen=True)
class HazardModel:
    """What scores people over any horizon up to the last stretch's end.

    Args:
        names: features the trees read, in order.
        untrue: the outcome is that the event does not come.
        margins: by horizon that was judged, how far the truth was from scores.
    """

    plan: FeaturePlan
    names: tuple[str, ...]
    trees: HazardTrees
    untrue: bool
    margins: Mapping[str, Margins]

    def files(self, model: str) -> dict[str, bytes]:
        """File name → content; it carries the model's id."""
        self.trees.booster.set_attr(foretell_model=model)
        return {_FILE: bytes(self.trees.booster.save_raw("ubj"))}

    def card(self) -> dict[str, Any]:
        """Everything that is not in the file."""
        return {
            "plan": self.plan.as_dict(),
            "features": list(self.names),
            "untrue": self.untrue,
            "stretches_days": list(self.trees.stretches.ends),
            "margins": {horizon: margins.as_dict() for horizon, margins in self.margins.items()},
        }

    @classmethod
    def load(cls, stored: StoredModel) -> HazardModel:
        """The model of checked files; raises ``MODEL_OTHER`` for a file of another model."""
        inner: Mapping[str, Any] = stored.card["content"]
        booster = stored_trees(stored, _FILE)
        stretches = Stretches(tuple(float(end) for end in inner["stretches_days"]))
        margins = {horizon: Margins.from_dict(part) for horizon, part in inner["margins"].items()}
        return cls(
            FeaturePlan.from_dict(inner["plan"]),
            tuple(inner["features"]),
            HazardTrees(booster, stretches),
            bool(inner["untrue"]),
            margins,
        )
