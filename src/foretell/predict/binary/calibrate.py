"""The calibration gate: a calibrator is used only where it has helped on windows it did not see.

Out-of-fold logits of all complete windows (folds of whole persons) are the evidence. First
candidate: Platt's line fitted on the latest complete window, used only where such a line, fitted on
one window, has lowered the log-loss of the window one horizon later. Where it has not (its level
belongs to a season), the candidate is one calibrator for all windows, used only where it lowers the
log-loss of people held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.predict.binary.rows import Floats, Ints
from foretell.stats import (
    Calibration,
    Calibrator,
    Platt,
    calibration_gate,
    expit,
    fit_isotonic,
    fit_platt,
    log_loss,
)

ISOTONIC_FROM = 10_000


@dataclass(frozen=True)
class Gate:
    """What the gate decided.

    Args:
        source: ``latest window``, ``all windows`` or ``none``.
        checks: windows on which an earlier window's line was judged.
        helped: on how many of them it lowered the log-loss.
        gain: mean change of log-loss over the checks; negative is better.
    """

    calibrator: Calibrator
    kind: str
    source: str
    checks: int
    helped: int
    gain: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for reports."""
        return {
            "kind": self.kind,
            "source": self.source,
            "checks": self.checks,
            "helped": self.helped,
            "gain": self.gain,
        }


def gate(y: Floats, logits: Floats, origin: Ints, fold: Ints, before: Sequence[int | None]) -> Gate:
    """Decide on a calibrator from out-of-fold logits (n,).

    Args:
        origin: the window of each row, the latest has the highest number.
        fold: the fold of each row's person.
        before: for each window the latest one that was complete when it began, or None.
    """
    changes = [
        _carried(y, logits, origin == earlier, origin == later)
        for later, earlier in enumerate(before)
        if earlier is not None
    ]
    changes = [change for change in changes if np.isfinite(change)]
    helped = sum(change < 0 for change in changes)
    gain = float(np.mean(changes)) if changes else None
    latest = origin == origin.max()
    if gain is None or gain < 0:
        found = calibration_gate(y[latest], logits[latest], fold[latest], isotonic_from_positives=ISOTONIC_FROM)
        if found.kind != "none":
            return _decided(found, "latest window", changes, helped, gain)
    found = calibration_gate(y, logits, fold, isotonic_from_positives=ISOTONIC_FROM)
    source = "none" if found.kind == "none" else "all windows"
    return _decided(found, source, changes, helped, gain)


def _decided(found: Calibration, source: str, changes: list[float], helped: int, gain: float | None) -> Gate:
    return Gate(found.calibrator, found.kind, source, len(changes), helped, gain)


def _carried(y: Floats, logits: Floats, earlier: np.ndarray[Any, Any], later: np.ndarray[Any, Any]) -> float:
    """Change of the later window's log-loss by a calibrator of the earlier one; NaN where undefined."""
    many = y[earlier].sum() >= ISOTONIC_FROM
    fitted: Calibrator = fit_isotonic(y[earlier], logits[earlier]) if many else fit_platt(y[earlier], logits[earlier])
    if fitted.reason:
        return float("nan")
    raw = log_loss(y[later], expit(logits[later]))
    return log_loss(y[later], fitted.apply(logits[later])) - raw


NO_GATE = Gate(Platt(), "none", "none", 0, 0, None)
