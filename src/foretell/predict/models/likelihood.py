"""Maximum likelihood on log parameters: several starts, Newton polish, convergence checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from foretell.stats import Floats

Objective = Callable[[Floats], tuple[float, Floats]]
"""From log parameters (k,) to the log-likelihood and its gradient (k,)."""

REACH = 12.0
"""Parameters are sought within e^±12 of their scale; at the edge the data does not hold them."""
DECREMENT = 1e-6
"""Converged: half the Newton decrement is below this, so the maximum is as near in log-likelihood."""


@dataclass(frozen=True)
class Optimum:
    """Where a search ended; ``reason`` is "" if converged, else ``AT_EDGE``, ``FLAT``, ``NOT_REACHED``."""

    theta: Floats
    log_likelihood: float
    covariance: Floats
    converged: bool
    reason: str
    starts: int
    agreeing: int
    evaluations: int


class _Counted:
    """An objective that counts its evaluations, with the sign turned for minimisers."""

    def __init__(self, objective: Objective, people: float) -> None:
        self.objective = objective
        self.people = people
        self.evaluations = 0

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        self.evaluations += 1
        value, gradient = self.objective(theta)
        return -value / self.people, -gradient / self.people

    def minimise(self, start: Floats, scale: Floats) -> tuple[Floats, float]:
        """The bounded minimum reached from ``start`` and its value."""
        bounds = [(centre - REACH, centre + REACH) for centre in scale]
        found = optimize.minimize(
            self, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9}
        )
        return np.asarray(found.x, dtype=np.float64), float(found.fun)

    def hessian(self, theta: Floats) -> Floats:
        """Central differences of the analytic gradient, (k, k), symmetric."""
        step = 1e-4
        shifts = step * np.eye(theta.size)
        rows = [(self(theta + shift)[1] - self(theta - shift)[1]) / (2 * step) for shift in shifts]
        matrix = np.stack(rows)
        symmetric: Floats = (matrix + matrix.T) / 2
        return symmetric


def maximise(
    objective: Objective,
    starts: Sequence[Floats],
    scale: Floats,
    people: float,
    rough: Objective | None = None,
) -> Optimum:
    """The highest log-likelihood over all ``starts``.

    Args:
        objective: log-likelihood and gradient at log parameters (k,).
        starts: log parameters (k,) to begin from.
        scale: log of each parameter's natural size (k,), centre of the search box.
        people: number of customers, to bring the objective to order 1.
        rough: a cheap objective with nearly the same maximum; starts are tried on it and only its
            best point is refined on ``objective``.
    """
    tried = _Counted(rough or objective, people)
    ends = [tried.minimise(start, scale) for start in starts]
    theta, lowest = min(ends, key=lambda end: end[1])
    agreeing = sum(1 for _, value in ends if value - lowest < 1e-6 * max(1.0, abs(lowest)))
    full = tried if rough is None else _Counted(objective, people)
    if rough is not None:
        theta, _ = full.minimise(theta, scale)
    theta, hessian, decrement = _polish(full, theta, scale)
    value, _ = full(theta)
    reason = _verdict(theta, scale, hessian, decrement * people)
    covariance: Floats = np.full_like(hessian, np.nan)
    if not reason:
        covariance = np.asarray(np.linalg.inv(hessian) / people, dtype=np.float64)
    evaluations = full.evaluations + (tried.evaluations if rough is not None else 0)
    return Optimum(theta, -value * people, covariance, not reason, reason, len(starts), agreeing, evaluations)


def _polish(counted: _Counted, theta: Floats, scale: Floats) -> tuple[Floats, Floats, float]:
    """At most three Newton steps inside the box; the point, its Hessian and half the Newton decrement."""
    hessian, decrement = counted.hessian(theta), np.inf
    for _ in range(3):
        value, gradient = counted(theta)
        if np.linalg.eigvalsh(hessian).min() <= 0:
            return theta, hessian, np.inf
        step = np.linalg.solve(hessian, gradient)
        decrement = float(gradient @ step) / 2
        outside = np.any(np.abs(theta - step - scale) > REACH)
        done = decrement * counted.people < DECREMENT / 100
        if outside or done or counted(theta - step)[0] > value:
            break
        theta = theta - step
        hessian = counted.hessian(theta)
    return theta, hessian, decrement


def _verdict(theta: Floats, scale: Floats, hessian: Floats, decrement: float) -> str:
    """The reason why this is no inner maximum, or ""."""
    if np.any(np.abs(theta - scale) > REACH - 0.01):
        return "AT_EDGE"
    values = np.linalg.eigvalsh(hessian)
    if values.min() <= 1e-10 * max(values.max(), 1e-300):
        return "FLAT"
    return "" if decrement < DECREMENT else "NOT_REACHED"
