"""``logistic``: the regression that is the baseline of every prediction, chosen to score."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from foretell.predict.binary.logistic import STRENGTH, Logistic
from foretell.predict.binary.rows import Rows
from foretell.predict.estimators.base import Marks, Setting, Single, Tried
from foretell.stats import Floats


@dataclass(frozen=True)
class Line:
    """A fitted regression as a model."""

    fitted: Logistic

    def logits(self, x: Single) -> Floats:
        """The linear predictor (n,)."""
        return self.fitted.logits(x)

    def contributions(self, x: Single, *, exact: bool) -> Single:
        """Weight times distance from the mean: the Shapley values of a linear model, exact either way."""
        return self.fitted.contributions(x).astype(np.float32)

    def to_bytes(self, marks: Marks) -> bytes:
        """Parameters as JSON."""
        return json.dumps({**marks, **self.fitted.as_dict()}, indent=1, sort_keys=True).encode()


@dataclass(frozen=True)
class LogisticEstimator:
    """Ridge penalties, and what is flattened, tried against each other; the baseline's own first."""

    name: str = "logistic"
    suffix: str = ".json"
    source: str = ""
    grows_together: bool = False
    settings: tuple[Setting, ...] = (
        Setting("usual", {"strength": STRENGTH, "flatten_all": 0}),
        Setting("flattened", {"strength": STRENGTH, "flatten_all": 1}),
        Setting("strict", {"strength": STRENGTH / 30, "flatten_all": 0}),
    )

    def tried(self, setting: Setting, learn: Rows, watch: Rows, seed: int) -> Tried:
        """Fitted on ``learn``; there is nothing to stop early."""
        return Tried((0,), _fitted(learn, setting).probability(watch.x)[np.newaxis])

    def learnt(self, setting: Setting, rows: Rows, rounds: int, seed: int) -> Line:
        """Fitted on all of ``rows``; neither rounds nor seed matter."""
        return Line(_fitted(rows, setting))

    def load(self, data: bytes) -> tuple[Line, Marks]:
        """Parameters and marks."""
        stored = json.loads(data)
        marks = {name: value for name, value in stored.items() if isinstance(value, str)}
        return Line(Logistic.from_dict(stored)), marks


def _fitted(rows: Rows, setting: Setting) -> Logistic:
    return Logistic.fit(rows, setting.values["strength"], flatten_all=setting.values["flatten_all"] > 0)


ESTIMATOR = LogisticEstimator()
