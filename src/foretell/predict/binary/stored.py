"""A binary prediction's model as files: each horizon's in its estimator's format, the rest on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.predict.binary.curve import Direction
from foretell.predict.binary.fit import Fit
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.rows import Floats
from foretell.predict.estimators import BOOSTED, estimator_of, estimators
from foretell.predict.estimators.base import Estimator, Model
from foretell.predict.estimators.boosted import Trees
from foretell.predict.features import FeaturePlan
from foretell.predict.files import StoredModel, refuse_other
from foretell.stats import Calibrator, calibrator_from_dict


@dataclass(frozen=True)
class HorizonModel:
    """What scores people over one horizon.

    Args:
        names: features the model reads, in order.
        estimator: by which it was learnt.
        suffix: of its file.
    """

    horizon: str
    names: tuple[str, ...]
    model: Model
    calibrator: Calibrator
    margins: Margins
    estimator: str = BOOSTED.name
    suffix: str = BOOSTED.suffix

    @classmethod
    def of(cls, horizon: str, fitted: Fit, margins: Margins, estimator: Estimator = BOOSTED) -> HorizonModel:
        """From a fit and what the test window showed."""
        return cls(
            horizon, fitted.names, fitted.model, fitted.gate.calibrator, margins, estimator.name, estimator.suffix
        )

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.horizon}{self.suffix}"

    def probability(self, x: npt.NDArray[np.float32]) -> Floats:
        """Calibrated probabilities (n,)."""
        return self.calibrator.apply(self.model.logits(x))

    def explained(self, x: npt.NDArray[np.float32], *, exact: bool) -> tuple[Floats, npt.NDArray[np.float32]]:
        """:meth:`probability` (n,) and :meth:`contributions` (n, k)."""
        if isinstance(self.model, Trees):
            logits, found = self.model.explained(x, exact=exact)
            return self.calibrator.apply(logits), found
        return self.probability(x), self.contributions(x, exact=exact)

    def contributions(self, x: npt.NDArray[np.float32], *, exact: bool) -> npt.NDArray[np.float32]:
        """What each feature added to the logit, shape (n, k)."""
        return self.model.contributions(x, exact=exact)


@dataclass(frozen=True)
class BinaryModel:
    """Models of all horizons, shortest first, on one plan of features."""

    plan: FeaturePlan
    direction: Direction
    horizons: tuple[HorizonModel, ...]

    @property
    def travels(self) -> bool:
        """Whether other processes can score with it: somebody's own code is known to this one alone."""
        return all(part.estimator in estimators() for part in self.horizons)

    def files(self, model: str) -> dict[str, bytes]:
        """File name → content. Each file carries the model's id."""
        return {
            part.file: part.model.to_bytes({"foretell_model": model, "foretell_horizon": part.horizon})
            for part in self.horizons
        }

    def card(self) -> dict[str, Any]:
        """Everything that is not in the files."""
        parts = [
            {
                "horizon": part.horizon,
                "file": part.file,
                "estimator": part.estimator,
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
    estimator = estimator_of(part.get("estimator", BOOSTED.name), stored.workspace, f"model {stored.model}")
    model, marks = estimator.load(stored.files[part["file"]])
    said = (marks.get("foretell_model"), marks.get("foretell_horizon"))
    holds = f"model {said[0]} over {said[1]}"
    refuse_other(stored, part["file"], holds, other=said != (stored.model, part["horizon"]))
    return HorizonModel(
        part["horizon"],
        tuple(part["features"]),
        model,
        calibrator_from_dict(part["calibrator"]),
        Margins.from_dict(part["margins"]),
        estimator.name,
        estimator.suffix,
    )
