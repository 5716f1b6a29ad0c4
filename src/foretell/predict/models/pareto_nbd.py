"""Pareto/NBD: Poisson buying at gamma rates until a leaving time that is exponential at gamma rates.

Schmittlein, Morrison & Colombo, Counting Your Customers, Management Science 33 (1987); Fader &
Hardie, A Note on Deriving the Pareto/NBD Model (2005). The likelihood of one history is

    Γ(r+x)/Γ(r) α^r β^s [ (α+T)^-(r+x) (β+T)^-s + s ∫ (α+τ)^-(r+x) (β+τ)^-(s+1) dτ ],  τ from t_x to T.

The paper writes the integral as a difference of two 2F1, which cancels where t_x is near T and
overflows for many repeats. Here it is summed with positive terms in logarithms (Gauss-Legendre in
ln τ), which also gives the gradient; the tests hold it against the 2F1 form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import digamma, exprel, gammaln

from foretell.predict.models.histories import Histories
from foretell.predict.models.likelihood import Objective
from foretell.predict.models.repeat_buying import RepeatBuying, by_repeats
from foretell.stats import Floats

_NODES, _WEIGHTS = (part.astype(np.float64) for part in np.polynomial.legendre.leggauss(28))
_NEGLIGIBLE = 38.0
"""The integrand is followed until it has fallen by e^-38."""
_CHUNK = 8_192


@dataclass(frozen=True)
class ParetoNbd(RepeatBuying):
    """Fitted Pareto/NBD: ``r``, ``alpha`` of the rates, ``s``, ``beta`` of leaving (alpha, beta in time)."""

    kind: ClassVar[str] = "pareto_nbd"
    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

    def alive(self, histories: Histories) -> Floats:
        """P(alive) (rows,): the first term of the likelihood over the whole."""
        here, whole = _log_terms(histories, *self.values)
        result: Floats = np.exp(here - whole)
        return result

    def expected_purchases(self, histories: Histories, horizon: float) -> Floats:
        """Equation 41 of the note (rows,), smooth through s = 1."""
        r, alpha, s, beta = self.values
        x, T = histories.repeats, histories.age
        log_growth = np.log1p(horizon / (beta + T))
        mean_rate = (r + x) / (alpha + T)
        stay = (beta + T) * log_growth * exprel(-(s - 1) * log_growth)
        result: Floats = mean_rate * stay * self.alive(histories)
        return result

    def _log_density(self, histories: Histories) -> Floats:
        r, alpha, s, beta = self.values
        fixed = r * np.log(alpha) + s * np.log(beta) - gammaln(r)
        shape = by_repeats(histories.repeats)(lambda k: gammaln(r + k))
        result: Floats = shape + fixed + _log_terms(histories, *self.values)[1]
        return result

    @classmethod
    def _objective(cls, histories: Histories) -> Objective:
        n = histories.people
        each, total = by_repeats(histories.repeats), float(n.sum())

        def objective(theta: Floats) -> tuple[float, Floats]:
            r, alpha, s, beta = np.exp(theta).tolist()
            whole, slopes = _with_slopes(histories, r, alpha, s, beta)
            shape = each(lambda k: gammaln(r + k)) - gammaln(r)
            value = n @ (shape + whole) + total * (r * np.log(alpha) + s * np.log(beta))
            slopes[0] += n @ each(lambda k: digamma(r + k)) - total * (digamma(r) - np.log(alpha))
            slopes += total * np.array([0.0, r / alpha, np.log(beta), s / beta])
            return float(value), slopes * np.array([r, alpha, s, beta])

        return objective

    @classmethod
    def _starts(cls, rate: float, age: float) -> tuple[Sequence[Floats], Floats]:
        shapes = [(0.5, 0.5, age), (1.0, 1.0, age), (2.0, 0.2, age / 3)]
        starts = [np.log([r, r / rate / 2, s, beta]) for r, s, beta in shapes]
        return starts, np.log([1.0, age, 1.0, age])


@dataclass(frozen=True)
class _Paths:
    """α+τ and β+τ at leaving times τ (rows, nodes), and the logarithm of weight × integrand there."""

    alpha: Floats
    beta: Floats
    log_alpha: Floats
    log_beta: Floats
    log_mass: Floats


def _paths(x: Floats, t: Floats, T: Floats, r: float, alpha: float, s: float, beta: float) -> _Paths:
    """Nodes between t_x and T, even in ln(m + τ) with m the smaller of alpha and beta.

    In that variable the integrand falls at a growing rate of at least ``slope``, so it is cut where
    nothing is left.
    """
    m = min(alpha, beta)
    slope = (r + x) * (m + t) / (alpha + t) + s * (m + t) / (beta + t)
    span = np.minimum(np.log1p((T - t) / (m + t)), _NEGLIGIBLE / slope)
    part = span[:, None] * ((_NODES + 1) / 2)
    grown = part + np.log(m + t)[:, None]
    near = np.exp(grown)
    far = near + abs(alpha - beta)
    at_alpha, at_beta = (near, far) if alpha <= beta else (far, near)
    log_alpha, log_beta = (grown, np.log(far)) if alpha <= beta else (np.log(far), grown)
    log_mass = -(r + x)[:, None] * log_alpha - (s + 1) * log_beta + part
    scale = np.log(np.maximum(span, 1e-300) / 2 * (m + t) * s)
    log_mass += scale[:, None] + np.log(_WEIGHTS)
    return _Paths(at_alpha, at_beta, log_alpha, log_beta, log_mass)


def _log_terms(histories: Histories, r: float, alpha: float, s: float, beta: float) -> tuple[Floats, Floats]:
    """Logarithms of the bracket's first term and of the whole bracket (rows,)."""
    here = -(r + histories.repeats) * np.log(alpha + histories.age) - s * np.log(beta + histories.age)
    whole = np.empty_like(here)
    for begin in range(0, len(histories), _CHUNK):
        cut = slice(begin, begin + _CHUNK)
        x, t, T = histories.repeats[cut], histories.last[cut], histories.age[cut]
        mass = _paths(x, t, T, r, alpha, s, beta).log_mass
        top = np.maximum(mass.max(axis=1), here[cut])
        whole[cut] = top + np.log(np.exp(mass - top[:, None]).sum(axis=1) + np.exp(here[cut] - top))
    return here, whole


def _with_slopes(histories: Histories, r: float, alpha: float, s: float, beta: float) -> tuple[Floats, Floats]:
    """Log of the bracket (rows,) and its derivatives by r, alpha, s, beta summed over people (4,)."""
    whole, slopes = np.empty(len(histories)), np.zeros(4)
    for begin in range(0, len(histories), _CHUNK):
        cut = slice(begin, begin + _CHUNK)
        x, t, T, n = (part[cut] for part in (histories.repeats, histories.last, histories.age, histories.people))
        path = _paths(x, t, T, r, alpha, s, beta)
        log_a, log_b = np.log(alpha + T), np.log(beta + T)
        here = -(r + x) * log_a - s * log_b
        top = np.maximum(path.log_mass.max(axis=1), here)
        gone, stay = np.exp(path.log_mass - top[:, None]), np.exp(here - top)
        bracket = gone.sum(axis=1) + stay
        whole[cut] = top + np.log(bracket)
        gone, stay = gone * (n / bracket)[:, None], stay * (n / bracket)
        inverse_a = (gone / path.alpha).sum(axis=1) + stay / (alpha + T)
        slopes[0] -= np.sum(gone * path.log_alpha) + stay @ log_a
        slopes[1] -= (r + x) @ inverse_a
        slopes[2] -= np.sum(gone * (path.log_beta - 1 / s)) + stay @ log_b
        slopes[3] -= (s + 1) * np.sum(gone / path.beta) + s * np.sum(stay / (beta + T))
    return whole, slopes
