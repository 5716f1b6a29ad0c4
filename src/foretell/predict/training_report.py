"""What a training run has to say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BINARY, HAZARD, NUMERIC, PROPENSITY, VALUE = "binary", "hazard", "numeric", "propensity", "value"


@dataclass(frozen=True)
class TrainingReport:
    """A training run's outcome.

    Args:
        n: people × instants that the model learnt from (people, for a value).
        positives: how many of them had the outcome (bought again, for a value).
        metrics: out of time; by horizon where there are several.
        params: parameters of a probabilistic model, empty otherwise.
        baseline: the same metrics of the baseline.
        calibration: reliability, base rates, gate; by horizon where there are several.
        verdict: the same in plain words.
        horizons: everything about each horizon.
        against_bg_nbd: of an outcome that is "no order" (or "an order"): mean Brier score over the horizons, the closed
            form's, and their difference with its interval.
        about: what is foreseen of whom, and by which versions: the head of the model's card.
        explained: by horizon what moves the scores (``drivers``, ``partial``), and how good it is for ``groups``.
        left_out: people whom it may not be learnt from, by reason (``objected``, ``restricted`` …).
    """

    prediction: str
    model: str
    kind: str
    n: int
    positives: int
    trained_as_of: datetime
    seed: int
    metrics: Mapping[str, Any]
    verdict: str
    baseline: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, float] = field(default_factory=dict)
    log_likelihood: float | None = None
    horizons: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    against_bg_nbd: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    explained: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; a number that is not defined is null."""
        values = {
            "prediction": self.prediction,
            "model": self.model,
            "kind": self.kind,
            "n": self.n,
            "positives": self.positives,
            "trained_as_of": self.trained_as_of.isoformat(),
            "seed": self.seed,
            "metrics": self.metrics,
            "baseline": self.baseline,
            "calibration": self.calibration,
            "params": self.params,
            "log_likelihood": self.log_likelihood,
            "horizons": self.horizons,
            "verdict": self.verdict,
            "left_out": self.left_out,
            "against_bg_nbd": self.against_bg_nbd,
            "about": self.about,
            "explained": self.explained,
        }
        return {name: plain(value) for name, value in values.items()}


def plain(value: Any) -> Any:
    """``value`` for JSON: numbers that are not finite become null."""
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def by_horizon(parts: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """What each horizon's part of a report says under ``name``: itself where there is one, a mapping where there are
    several."""
    if len(parts) == 1:
        only: Mapping[str, Any] = next(iter(parts.values()))[name]
        return only
    return {horizon: part[name] for horizon, part in parts.items()}


def by_horizon_said(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """The verdicts of all horizons as one text."""
    said = {horizon: str(part["verdict"]) for horizon, part in parts.items()}
    return " ".join(said.values() if len(said) == 1 else (f"{horizon}: {words}" for horizon, words in said.items()))
