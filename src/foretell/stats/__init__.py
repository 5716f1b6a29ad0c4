"""Statistics that several rooms share: intervals, differences, scores of probabilities, calibration, base-rate shift,
means of answers on a scale.

Enters: arrays and counts. Leaves: numbers, intervals, calibrators. Part of the hall: everybody may call it,
it imports nothing of ours. Only numpy and scipy.

``y`` is always outcomes (n,) of 0 and 1, ``p`` probabilities (n,) in [0, 1], ``weights`` (n,) non-negative
or None for ones. Degenerate data (empty, one class, constant, not finite) never raises and never warns:
the result is NaN, or carries a ``reason``. Arrays of different lengths are a caller's mistake and raise
``ValueError``.
"""

from __future__ import annotations

from foretell.stats.calibration import (
    Calibration,
    Calibrator,
    Isotonic,
    Platt,
    calibration_gate,
    calibrator_from_dict,
    fit_isotonic,
    fit_platt,
)
from foretell.stats.differences import difference_of_means, difference_of_shares
from foretell.stats.intervals import (
    bootstrap,
    mean_interval,
    mean_interval_of,
    poisson_weights,
    proportion_interval,
    wilson_bounds,
)
from foretell.stats.overlap import LEAST_EFFECTIVE, Compared, overlap_difference
from foretell.stats.product_limit import Survival, kaplan_meier
from foretell.stats.scales import Means, Scale, Sums, scale_interval, scale_means
from foretell.stats.scores import (
    Reliability,
    average_precision,
    brier,
    calibration_error,
    log_loss,
    reliability,
    roc_auc,
)
from foretell.stats.shift import Shift, base_rate_shift
from foretell.stats.survival import NOT_REACHED, median_time
from foretell.stats.values import (
    CONSTANT,
    EMPTY,
    LEVEL,
    NAN,
    NO_GAIN,
    NOT_FINITE,
    ONE_CLASS,
    REVERSED,
    TOO_FEW,
    Floats,
    Interval,
    expit,
    floats,
    logit,
    normal_quantile,
)

__all__ = [
    "CONSTANT",
    "EMPTY",
    "LEAST_EFFECTIVE",
    "LEVEL",
    "NAN",
    "NOT_FINITE",
    "NOT_REACHED",
    "NO_GAIN",
    "ONE_CLASS",
    "REVERSED",
    "TOO_FEW",
    "Calibration",
    "Calibrator",
    "Compared",
    "Floats",
    "Interval",
    "Isotonic",
    "Means",
    "Platt",
    "Reliability",
    "Scale",
    "Shift",
    "Sums",
    "Survival",
    "average_precision",
    "base_rate_shift",
    "bootstrap",
    "brier",
    "calibration_error",
    "calibration_gate",
    "calibrator_from_dict",
    "difference_of_means",
    "difference_of_shares",
    "expit",
    "fit_isotonic",
    "fit_platt",
    "floats",
    "kaplan_meier",
    "log_loss",
    "logit",
    "mean_interval",
    "mean_interval_of",
    "median_time",
    "normal_quantile",
    "overlap_difference",
    "poisson_weights",
    "proportion_interval",
    "reliability",
    "roc_auc",
    "scale_interval",
    "scale_means",
    "wilson_bounds",
]
