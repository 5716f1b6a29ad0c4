"""A binary prediction's model as files: trees in the library's own format, the rest on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from foretell.errors import ForetellError
from foretell.predict.binary.boosted import contributions, logits
from foretell.predict.binary.curve import Direction
from foretell.predict.binary.fit import Fit
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.rows import Floats
from foretell.predict.features import FeaturePlan
from foretell.predict.files import StoredModel
from foretell.stats import Calibrator, calibrator_from_dict


@dataclass(frozen=True)
class HorizonModel:
    """What scores people over one horizon.

    Args:
        names: features the trees read, in order.
    """

    horizon: str
    names: tuple[str, ...]
    booster: xgboost.Booster
    calibrator: Calibrator
    margins: Margins

    @classmethod
    def of(cls, horizon: str, fitted: Fit, margins: Margins) -> HorizonModel:
        """From a fit and what the test window showed."""
        return cls(horizon, fitted.names, fitted.booster, fitted.gate.calibrator, margins)

    def probability(self, x: npt.NDArray[np.float32]) -> Floats:
        """Calibrated probabilities (n,)."""
        return self.calibrator.apply(logits(self.booster, x))

    def contributions(self, x: npt.NDArray[np.float32], *, exact: bool) -> npt.NDArray[np.float32]:
        """What each feature added to the logit, shape (n, k)."""
        return contributions(self.booster, x, exact=exact)


@dataclass(frozen=True)
class BinaryModel:
    """Models of all horizons, shortest first, on one plan of features."""

    plan: FeaturePlan
    direction: Direction
    horizons: tuple[HorizonModel, ...]

    def files(self, model: str) -> dict[str, bytes]:
        """File name → content. Each file carries the model's id."""
        found = {}
        for part in self.horizons:
            part.booster.set_attr(foretell_model=model, foretell_horizon=part.horizon)
            found[f"{part.horizon}.ubj"] = bytes(part.booster.save_raw("ubj"))
        return found

    def card(self) -> dict[str, Any]:
        """Everything that is not in the files."""
        parts = [
            {
                "horizon": part.horizon,
                "file": f"{part.horizon}.ubj",
                "features": list(part.names),
                "calibrator": part.calibrator.as_dict(),
                "margins": part.margins.as_dict(),
            }
            for part in self.horizons
        ]
        return {"plan": self.plan.as_dict(), "direction": self.direction, "horizons": parts}

    @classmethod
    def load(cls, stored: StoredModel) -> BinaryModel:
        """The model of checked files; raises ``MODEL_OTHER`` for a file of another model."""
        inner: Mapping[str, Any] = stored.card["content"]
        return cls(
            FeaturePlan.from_dict(inner["plan"]),
            inner["direction"],
            tuple(_horizon(stored, part) for part in inner["horizons"]),
        )


def _horizon(stored: StoredModel, part: Mapping[str, Any]) -> HorizonModel:
    booster = xgboost.Booster(model_file=bytearray(stored.files[part["file"]]))
    marks = (booster.attr("foretell_model"), booster.attr("foretell_horizon"))
    if marks != (stored.model, part["horizon"]):
        raise ForetellError(
            "MODEL_OTHER",
            f"{part['file']} holds model {marks[0]} over {marks[1]}",
            thing=f"model {stored.model}",
            next_step="Train the prediction again, or restore its folder from a backup.",
        )
    return HorizonModel(
        part["horizon"],
        tuple(part["features"]),
        booster,
        calibrator_from_dict(part["calibrator"]),
        Margins.from_dict(part["margins"]),
    )
