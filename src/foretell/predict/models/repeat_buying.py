"""What the repeat-buying models share: customers buy at their own rate until they silently leave."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.predict.models.fitted import Evidence, Fitted
from foretell.predict.models.histories import Histories
from foretell.predict.models.likelihood import Objective, maximise
from foretell.stats import Floats

COARSE_FROM = 4_000
"""Above this many distinct histories, starts are tried on coarse times first."""


class RepeatBuying(Fitted):
    """A fitted BG/NBD or Pareto/NBD; ``unit`` is a duration such as ``7d``.

    Horizons are numbers in that unit (``model.units(90)`` turns days into it). All answers are one
    number for each row of the histories asked about, whether or not they were fitted on.
    """

    @property
    def unit_days(self) -> float:
        """Days in one model unit."""
        return Duration.parse(self.unit).days

    def units(self, days: float) -> float:
        """``days`` as a horizon in model units."""
        return days / self.unit_days

    @classmethod
    def fit(cls, histories: Histories, unit: str = "7d") -> Self:
        """Maximum likelihood on the grouped histories.

        Raises :class:`ForetellError` ``NO_CUSTOMERS``, ``NO_OBSERVATION_TIME`` or
        ``NO_REPEAT_BUYERS``. A fit that the data cannot hold is returned with
        ``evidence.converged`` False and the reason.
        """
        Duration.parse(unit)
        _refuse_degenerate(histories, cls.kind)
        grouped = histories.grouped()
        exposure = float(np.sum(grouped.people * grouped.age))
        customers = float(grouped.people.sum())
        rate = float(np.sum(grouped.people * grouped.repeats)) / exposure
        starts, scale = cls._starts(rate, exposure / customers)
        rough = cls._objective(grouped.coarse(40)) if len(grouped) > COARSE_FROM else None
        found = maximise(cls._objective(grouped), starts, scale, customers, rough)
        values = tuple(np.exp(found.theta).tolist())
        return cls(values, unit, Evidence.of(found, grouped.customers))

    def log_likelihood(self, histories: Histories) -> float:
        """Log-likelihood of ``histories`` under these parameters, e.g. of a hold-out."""
        return self._objective(histories)(np.log(self.values))[0]

    @abstractmethod
    def alive(self, histories: Histories) -> Floats:
        """P(still a customer at the end of observation) (rows,)."""

    @abstractmethod
    def expected_purchases(self, histories: Histories, horizon: float) -> Floats:
        """Expected repeat purchases (rows,) in the ``horizon`` after the end of observation."""

    def no_purchase(self, histories: Histories, horizon: float) -> Floats:
        """P(no purchase in the ``horizon``) (rows,).

        Exact for both models: the likelihood of the same history seen for ``horizon`` longer, over
        its likelihood now.
        """
        later = Histories(histories.repeats, histories.last, histories.age + horizon, histories.people)
        ratio = self._log_density(later) - self._log_density(histories)
        result: Floats = np.exp(np.minimum(ratio, 0.0))
        return result

    def expected_from_first(self, horizon: float) -> float:
        """Expected repeat purchases of a new customer in the ``horizon`` after the first purchase."""
        return float(self.expected_purchases(Histories.of([0], [0], [0]), horizon)[0])

    def discounted_purchases(self, histories: Histories, horizon: float, rate: float) -> Floats:
        """Expected purchases (rows,) in the ``horizon``, each discounted by (1 + rate)^-time.

        Args:
            rate: discount for one model unit, > -1. Exact by parts: e^(-δh) E(h) + δ ∫ e^(-δt) E(t) dt,
                the integral by Gauss-Legendre on nine nodes.
        """
        if not rate > -1:
            raise ForetellError(
                "BAD_DISCOUNT", f"a discount rate of {rate:g} is not above -1", next_step="Use e.g. 0.002."
            )
        force = float(np.log1p(rate))
        total: Floats = np.exp(-force * horizon) * self.expected_purchases(histories, horizon)
        if force == 0:
            return total
        nodes, weights = np.polynomial.legendre.leggauss(9)
        for time, weight in zip((nodes + 1) * horizon / 2, weights * horizon / 2, strict=True):
            part = self.expected_purchases(histories, float(time))
            total = total + force * weight * np.exp(-force * time) * part
        return total

    @abstractmethod
    def _log_density(self, histories: Histories) -> Floats:
        """Log-likelihood of each row (rows,), people not counted."""

    @classmethod
    @abstractmethod
    def _objective(cls, histories: Histories) -> Objective:
        """Summed log-likelihood with gradient in the log parameters."""

    @classmethod
    @abstractmethod
    def _starts(cls, rate: float, age: float) -> tuple[Sequence[Floats], Floats]:
        """Log parameters to start from, and their scale, for a mean purchase ``rate`` and mean ``age``."""


def by_repeats(repeats: Floats) -> Callable[[Callable[[Floats], Floats]], Floats]:
    """A way to evaluate a costly function of the repeats once for each distinct number of them."""
    distinct, index = np.unique(repeats, return_inverse=True)

    def evaluate(function: Callable[[Floats], Floats]) -> Floats:
        values: Floats = function(distinct)[index]
        return values

    return evaluate


def _refuse_degenerate(histories: Histories, kind: str) -> None:
    """Raise where there is nothing to learn from."""
    problem = None
    if histories.customers == 0:
        problem = ("NO_CUSTOMERS", "there are no customers to learn from", "Import purchases first.")
    elif not np.any((histories.age > 0) & (histories.people > 0)):
        problem = (
            "NO_OBSERVATION_TIME",
            "all customers were first seen at the very end",
            "Wait, or train as of a later time.",
        )
    elif not np.any((histories.repeats > 0) & (histories.people > 0)):
        problem = (
            "NO_REPEAT_BUYERS",
            "no customer has bought twice",
            "Use a longer history, or a churn model.",
        )
    if problem is not None:
        raise ForetellError(problem[0], problem[1], thing=f"model {kind}", next_step=problem[2])
