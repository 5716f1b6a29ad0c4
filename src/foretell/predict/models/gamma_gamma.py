"""Gamma-Gamma: how much a customer spends at a purchase, apart from how often.

Fader & Hardie, The Gamma-Gamma Model of Monetary Value (2013); Fader, Hardie & Lee, RFM and CLV,
Journal of Marketing Research 42 (2005). A person's spend is gamma(p, ν), ν is gamma(q, v).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from foretell.errors import ForetellError
from foretell.predict.models.fitted import Evidence, Fitted
from foretell.predict.models.likelihood import Objective, maximise
from foretell.predict.models.repeat_buying import by_repeats
from foretell.stats import Floats, floats


@dataclass(frozen=True)
class GammaGamma(Fitted):
    """Fitted Gamma-Gamma: ``p``, ``q`` and ``v`` (in ``unit``, the currency)."""

    kind: ClassVar[str] = "gamma_gamma"
    names: ClassVar[tuple[str, ...]] = ("p", "q", "v")

    @classmethod
    def fit(cls, repeats: npt.ArrayLike, mean_spend: npt.ArrayLike, unit: str) -> Self:
        """Maximum likelihood on customers with repeats and a positive average spend; others are left out.

        Args:
            repeats: repeat purchases (n,).
            mean_spend: average spend of those repeat purchases (n,), major units; NaN where none.
            unit: currency, kept with the model.
        Raises :class:`ForetellError` ``NO_REPEAT_SPEND`` (fewer than two such customers),
            ``SPEND_CONSTANT`` (all spend the same), ``SPEND_HAS_NO_MEAN`` (q ≤ 1).
        """
        x, z = _spenders(repeats, mean_spend)
        level = float(np.sum(x * z) / np.sum(x))
        starts = [np.log([p, q, level * (q - 1) / p]) for p, q in ((6.0, 4.0), (2.0, 3.0), (1.0, 10.0))]
        scale = np.log([1.0, 1.0, level])
        found = maximise(_objective(x, z), starts, scale, float(x.size))
        model = cls(tuple(np.exp(found.theta).tolist()), unit, Evidence.of(found, x.size))
        if model.parameters["q"] <= 1:
            raise ForetellError(
                "SPEND_HAS_NO_MEAN",
                f"spend differs so much between people that its mean is infinite (q = {model.values[1]:.3g})",
                thing=f"model {cls.kind}",
                next_step="Look for mistaken amounts or mixed currencies, or predict purchases only.",
            )
        return model

    @property
    def population_mean(self) -> float:
        """Expected spend of somebody about whom nothing is known: p v / (q - 1)."""
        p, q, v = self.values
        return p * v / (q - 1)

    def expected_spend(self, repeats: npt.ArrayLike, mean_spend: npt.ArrayLike) -> Floats:
        """Expected average spend at a purchase (n,): own average drawn towards the population's.

        Where there are no repeats or no average spend (NaN, not positive), the population's mean.
        """
        p, q, v = self.values
        x, z = floats(repeats), floats(mean_spend)
        with np.errstate(invalid="ignore"):
            known = (x > 0) & (z > 0) & np.isfinite(z)
        x, z = np.where(known, x, 0.0), np.where(known, z, 0.0)
        return p * (v + x * z) / (p * x + q - 1)


def frequency_spend_correlation(repeats: npt.ArrayLike, mean_spend: npt.ArrayLike) -> float:
    """Pearson correlation of repeats and average spend among repeat buyers.

    The model takes both as independent; far from 0 (say beyond ±.3) do not trust it. NaN where
    either is constant.
    """
    x, z = _spenders(repeats, mean_spend, spread=False)
    dx, dz = x - x.mean(), z - z.mean()
    norm = float(np.sqrt((dx @ dx) * (dz @ dz)))
    return float(dx @ dz) / norm if norm > 0 else float("nan")


def _spenders(repeats: npt.ArrayLike, mean_spend: npt.ArrayLike, spread: bool = True) -> tuple[Floats, Floats]:
    """Repeats and average spend of those who have both."""
    x, z = floats(repeats), floats(mean_spend)
    with np.errstate(invalid="ignore"):
        fine = (x > 0) & (z > 0) & np.isfinite(x) & np.isfinite(z)
    x, z = x[fine], z[fine]
    problem = None
    if x.size < 2:
        problem = ("NO_REPEAT_SPEND", f"only {x.size} customers have repeat purchases with a spend")
    elif spread and z.max() - z.min() <= 1e-9 * z.max():
        problem = ("SPEND_CONSTANT", f"everybody spends {z[0]:g} at a purchase")
    if problem is not None:
        raise ForetellError(
            problem[0],
            problem[1],
            thing="model gamma_gamma",
            next_step="Multiply expected purchases by the average spend instead.",
        )
    return x, z


def _objective(x: Floats, z: Floats) -> Objective:
    """Log-likelihood by p, q, v with gradient; one logarithm a person, gamma functions by distinct x."""
    distinct, counts = np.unique(x, return_counts=True)
    each, n, spent = by_repeats(x), float(x.size), x * z
    log_spent, log_z = float(np.sum(x * np.log(spent))), float(np.sum(np.log(z)))

    def objective(theta: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(theta).tolist()
        log_total = np.log(v + spent)
        shape = each(lambda k: p * k + q)
        value = counts @ (gammaln(p * distinct + q) - gammaln(p * distinct))
        value += n * (q * np.log(v) - gammaln(q)) + p * log_spent - log_z - shape @ log_total
        both = digamma(p * distinct + q)
        by_p = counts @ (distinct * (both - digamma(p * distinct))) + log_spent - x @ log_total
        by_q = counts @ both + n * (np.log(v) - digamma(q)) - np.sum(log_total)
        by_v = n * q / v - np.sum(shape / (v + spent))
        return float(value), np.array([by_p * p, by_q * q, by_v * v])

    return objective
