"""Judging probabilities on a window they did not learn from, and saying plainly what that means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from foretell.ids import seed_of
from foretell.predict.binary.rows import Floats, Ints, Rows
from foretell.predict.binary.tuning import Choice
from foretell.predict.windows import Split
from foretell.stats import (
    LEVEL,
    Reliability,
    Shift,
    average_precision,
    base_rate_shift,
    brier,
    calibration_error,
    log_loss,
    proportion_interval,
    reliability,
    roc_auc,
)

MATERIAL = 0.02
"""Errors of a probability below two points are not worth a warning, however many people show them."""
TRIGGER = 0.7
MANY = 100
"""People of the rarer outcome; below, everything that is said is rough."""
_STRENGTHS = ((0.8, "strong"), (0.65, "useful"), (0.55, "weak"))


@dataclass(frozen=True)
class Tested:
    """The people of the test window, what was said of them and what came true.

    Args:
        people: profile keys, each once, shape (n,).
        origin: the instant as of which they were scored.
        y: 1.0 where the outcome came true, shape (n,).
        p: probabilities of a model that learnt from neither, shape (n,).
    """

    people: Ints
    origin: datetime
    y: Floats
    p: Floats


@dataclass(frozen=True)
class Judgement:
    """What the test window says about a model; see :meth:`as_dict` for the report.

    Args:
        rarer: people of the rarer outcome whom the model learnt from.
    """

    metrics: Mapping[str, float]
    bins: Reliability
    expected_error: float
    shift: Shift
    mean_p: float
    at_trigger: Mapping[str, float | None]
    n: int
    positives: int
    rarer: int = MANY

    @property
    def calibrated(self) -> bool:
        """Whether the probabilities could be taken at their word in the season of the test.

        A base rate that moved is no fault where the probabilities moved with it.
        """
        return not (self.metrics["ece"] > self.expected_error and self.metrics["ece"] > MATERIAL)

    @property
    def shifted(self) -> bool:
        """Whether the base rate of the test differs from that of the training windows."""
        moved = self.shift.low > 0 or self.shift.high < 0
        return moved and abs(self.shift.difference) > MATERIAL

    def as_dict(self) -> dict[str, Any]:
        """The calibration part of a report."""
        return {
            "calibrated": self.calibrated,
            "ece": self.metrics["ece"],
            "ece_expected_at_most": self.expected_error,
            "mean_probability": self.mean_p,
            "base_rate_train": self.shift.before,
            "base_rate_test": self.shift.after,
            "base_rate_shift": self.shift.difference,
            "base_rate_shift_low": self.shift.low,
            "base_rate_shift_high": self.shift.high,
            "at_70_percent": dict(self.at_trigger),
            "bins": self.bins.rows(),
            "test_n": self.n,
            "test_positives": self.positives,
        }


@dataclass(frozen=True)
class Trial:
    """How a model and the logistic baseline did on people whom neither had seen.

    Args:
        choice: the setting that the judged model took; None where several models took their own.
    """

    tested: Tested
    judgement: Judgement
    baseline: dict[str, float]
    choice: Choice | None


def measured(y: Floats, p: Floats) -> dict[str, float]:
    """The metrics of the contract, calibration error over ten quantile bins."""
    return {
        "roc_auc": roc_auc(y, p),
        "pr_auc": average_precision(y, p),
        "log_loss": log_loss(y, p),
        "brier": brier(y, p),
        "ece": calibration_error(y, p),
    }


def judged(test: Rows, p: Floats, learnt: Rows) -> Judgement:
    """Judge probabilities ``p`` (n,) of the test rows against what the model learnt from.

    The base rate of training is the mean over its windows; its interval counts each person once,
    since a person's windows are not independent.
    """
    bins = reliability(test.y, p)
    people = float(np.unique(learnt.people).size)
    positives = float(test.y.sum())
    shift = base_rate_shift(float(learnt.y.mean()) * people, people, positives, float(len(test)))
    return Judgement(
        measured(test.y, p),
        bins,
        expected_error(bins),
        shift,
        float(p.mean()),
        at_trigger(test.y, p),
        len(test),
        int(positives),
        min(learnt.distinct(1.0), learnt.distinct(0.0)),
    )


def expected_error(bins: Reliability, draws: int = 2_000) -> float:
    """The upper end of the 90 % interval of the calibration error that perfect probabilities show in samples of
    this size.

    Outcomes are drawn from the mean probability of each bin; equal bins give equal answers.
    """
    if bins.n.size == 0:
        return float("nan")
    random = np.random.default_rng(seed_of("expected calibration error"))
    hits = random.binomial(bins.n, np.clip(bins.mean_p, 0, 1), size=(draws, bins.n.size))
    errors = (np.abs(hits / bins.n - bins.mean_p) * bins.n).sum(axis=1) / bins.n.sum()
    return float(np.quantile(errors, 0.5 + LEVEL / 2))


def at_trigger(y: Floats, p: Floats) -> dict[str, float | None]:
    """Those at 70 % and more: how many, mean probability, and how many of them were positive."""
    chosen = p >= TRIGGER
    found = proportion_interval(float(y[chosen].sum()), float(chosen.sum()))
    if not found.n:
        return {"n": 0, "mean_probability": None, "precision": None, "precision_low": None, "precision_high": None}
    return {
        "n": found.n,
        "mean_probability": float(p[chosen].mean()),
        "precision": found.value,
        "precision_low": found.low,
        "precision_high": found.high,
    }


def verdict(judgement: Judgement, baseline: Mapping[str, float], split: Split, *, choosable: bool = True) -> str:
    """The judgement in plain words.

    Args:
        choosable: the document may name the baseline as its estimator.
    """
    parts = [_ranking(judgement, baseline, choosable=choosable)]
    if split.folds:
        parts.append(
            f"One window is all there is: people were put into {split.folds} parts{_repeated(split)}, each judged by a "
            "model of the others, so nothing is known about other times."
        )
    elif split.by == "people":
        parts.append(
            "The history is too short to test on a later time: the test is on other people in overlapping "
            "windows, so nothing is known about other seasons."
        )
    parts.append(_calibration(judgement))
    if judgement.rarer < MANY:
        parts.append(f"Only {judgement.rarer} people of the rarer outcome were learnt from: all numbers are rough.")
    return " ".join(parts)


def _repeated(split: Split) -> str:
    return f", {split.repeats} times" if split.repeats > 1 else ""


def _ranking(judgement: Judgement, baseline: Mapping[str, float], *, choosable: bool) -> str:
    auc, other = judgement.metrics["roc_auc"], baseline["roc_auc"]
    strength = next((word for least, word in _STRENGTHS if auc >= least), "no better than chance")
    difference = judgement.metrics["log_loss"] - baseline["log_loss"]
    beside = "as good as" if abs(difference) < 0.002 else "better than" if difference < 0 else "worse than"
    simpler = " The document may say estimator: logistic." if choosable and difference >= 0 else ""
    return (
        f"Ranking is {strength} (AUC {auc:.3f}, logistic {other:.3f}); "
        f"in log-loss it is {beside} the logistic baseline.{simpler}"
    )


def _calibration(judgement: Judgement) -> str:
    error, limit = judgement.metrics["ece"], judgement.expected_error
    if not judgement.calibrated:
        cause = f", since {_moved(judgement)}" if judgement.shifted else ""
        return (
            f"Not calibrated for this season: the probabilities are off by {error:.3f} on average where chance "
            f"explains {limit:.3f}{cause}. Use the ranking; do not take a threshold such as 70 % at its word."
        )
    said = f"Calibrated: the probabilities are off by {error:.3f} on average (chance explains up to {limit:.3f})."
    if judgement.shifted:
        said += f" Take care all the same: {_moved(judgement)}; this time the probabilities went with it."
    return said


def _moved(judgement: Judgement) -> str:
    shift = judgement.shift
    return (
        f"the base rate went from {shift.before:.1%} in training to {shift.after:.1%} in the test window "
        f"(shift {shift.difference:+.1%}, {100 * LEVEL:.0f} % interval {shift.low:+.1%} to {shift.high:+.1%})"
    )
