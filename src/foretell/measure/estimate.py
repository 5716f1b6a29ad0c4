"""From sufficient statistics to a value with its interval.

A KPI's rows are summed to one (num, den) a person; what leaves the engine is the number of people
and the sums over them. Only the bootstrap needs the people's own pairs (:mod:`.resample`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from foretell.errors import UsageError
from foretell.measure.kpi_document import AnswerScale, KpiSpec
from foretell.measure.series import NO_DATA, Estimate
from foretell.stats import Scale, floats, mean_interval_of, proportion_interval, scale_means
from foretell.stats import Sums as ScaleSums


@dataclass(frozen=True)
class Sums:
    """Sums over the people of a group in a period; ``den`` is 0 for totals.

    Args:
        n: people with a row.
        num, den: sums of num and den.
        num_squared, den_squared: sums of the squares of the people's num and den.
        num_den: sum of the people's num times den.
        unequal: people whose den is not 1.
        outside: people whose num is not between 0 and den.
    """

    n: int = 0
    num: float = 0.0
    den: float = 0.0
    num_squared: float = 0.0
    num_den: float = 0.0
    den_squared: float = 0.0
    unequal: int = 0
    outside: int = 0


def estimate(
    spec: KpiSpec, key: str, sums: Sums, divisor: int = 1, drawn: tuple[float, float] | None = None
) -> Estimate:
    """Value and interval.

    Args:
        key: the KPI's key, for messages.
        divisor: num in one unit of the value, 100 for cents.
        drawn: bounds by the bootstrap, in the unit of num.

    Raises:
        UsageError: ``BAD_KPI_ROWS`` where the rows do not suit the interval.
    """
    numerator = sums.num / divisor
    if spec.combine == "total" and spec.of_nothing == "unknown" and not sums.n:
        return Estimate(None, n=0, reason=NO_DATA)
    if spec.combine == "total":
        return Estimate(numerator, numerator=numerator, n=sums.n)
    if sums.den == 0:
        return Estimate(None, numerator=numerator, denominator=sums.den, n=sums.n, reason=NO_DATA)
    _check_rows(spec, key, sums)
    bounds = drawn if spec.interval == "bootstrap" else _bounds(spec, sums)
    low, high = (None, None) if bounds is None else (_finite(bounds[0], divisor), _finite(bounds[1], divisor))
    return Estimate(numerator / sums.den, low, high, numerator, sums.den, sums.n)


def _bounds(spec: KpiSpec, sums: Sums) -> tuple[float, float] | None:
    if spec.scale is not None:
        return _scale_bounds(spec.scale, sums)
    if spec.interval == "wilson":
        found = proportion_interval(sums.num, sums.den)
    elif spec.interval == "mean":
        mean = sums.num / sums.n
        spread = max(sums.num_squared - sums.n * mean * mean, 0.0)
        found = mean_interval_of(sums.n, mean, spread / (sums.n - 1) if sums.n > 1 else math.nan)
    else:
        return None
    return found.low, found.high


def _scale_bounds(scale: AnswerScale, sums: Sums) -> tuple[float, float]:
    parts = (sums.n, sums.num, sums.den, sums.num_squared, sums.num_den, sums.den_squared)
    sums_of_one = ScaleSums(*(floats([part]) for part in parts))
    found = scale_means(sums_of_one, Scale(scale.lowest, scale.highest, scale.steps))
    return float(found.low[0]), float(found.high[0])


def _check_rows(spec: KpiSpec, key: str, sums: Sums) -> None:
    if spec.scale is not None and not _within(spec.scale, sums):
        fault, cure = "a mean outside of its scale", "Leave answers outside the scale out, or mend num."
    elif spec.interval == "mean" and sums.unequal:
        fault, cure = f"{sums.unequal} people whose den is not 1", "Give each den 1, or use bootstrap."
    elif spec.interval == "wilson" and sums.outside:
        fault, cure = f"{sums.outside} people whose num is not in 0 to den", "Mend num, or use bootstrap."
    else:
        return
    raise UsageError(
        "BAD_KPI_ROWS",
        f"interval {spec.interval!r} does not suit rows with {fault}",
        thing=f"kpi {key}",
        next_step=cure,
    )


def _within(scale: AnswerScale, sums: Sums) -> bool:
    return scale.lowest <= sums.num / sums.den <= scale.highest


def _finite(value: float, divisor: int) -> float | None:
    return value / divisor if math.isfinite(value) else None
