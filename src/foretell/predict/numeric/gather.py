"""People at past instants with their features, with what they did before, and with how much came after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from foretell.clock import Duration
from foretell.condition import Measure, Reader, measure_sentence
from foretell.predict.binary.rows import Floats, Gatherer, Rows
from foretell.predict.features import Feature, FeaturePlan, Matrix
from foretell.predict.features.plan import Unit
from foretell.predict.looking.amounts import amounts_of

YEAR = "365d"
LAST, OF_YEAR = "amount_last", "amount_year"


@dataclass(frozen=True)
class Past:
    """How much of what is foreseen there was before an instant: a feature, and the simplest forecast.

    Args:
        horizon: how far ahead is foreseen, and so the length of the last window.
    """

    reader: Reader
    measure: Measure
    horizon: str

    def added(self, matrix: Matrix, as_of: datetime) -> Matrix:
        """``matrix`` of people as of ``as_of`` with the amounts of the last window and of the last year, known then."""
        columns = [self._before(matrix, as_of, length) for length in (self.horizon, YEAR)]
        return Matrix(
            matrix.people,
            (*matrix.features, *own_features(self.measure, self.horizon)),
            np.column_stack([matrix.values, *columns]).astype(np.float32),
        )

    def _before(self, matrix: Matrix, as_of: datetime, length: str) -> Floats:
        """Amounts (n,) in ``(as_of - length, as_of]``."""
        days = max(1, round(Duration.parse(length).days))
        return amounts_of(self.reader, self.measure, matrix.people, as_of - timedelta(days=days), f"{days}d", as_of)


def own_features(measure: Measure, horizon: str) -> tuple[Feature, Feature]:
    """What :meth:`Past.added` adds."""
    what = measure_sentence(measure).replace("{", "(").replace("}", ")")
    unit: Unit = "count" if measure.function in (None, "distinct") else "number"
    return (
        Feature(LAST, f"{what} in the last {horizon}: {{}}", unit),
        Feature(OF_YEAR, f"{what} in the last year: {{}}", unit),
    )


class AmountGatherer:
    """Features and amounts of origins, each computed once.

    Args:
        features: gives the matrix of an origin.
        known_at: amounts after an origin are read as known then.
    """

    def __init__(self, features: Gatherer, past: Past, known_at: datetime) -> None:
        self._features = features
        self._past = past
        self._known_at = known_at
        self._matrices: dict[datetime, Matrix] = {}
        self._amounts: dict[datetime, Floats] = {}

    @property
    def plan(self) -> FeaturePlan:
        """What the features depend on."""
        return self._features.plan

    def matrix(self, origin: datetime) -> Matrix:
        """Features of the (drawn) population as of ``origin``."""
        if origin not in self._matrices:
            self._matrices[origin] = self._past.added(self._features.matrix(origin), origin)
        return self._matrices[origin]

    def amounts(self, origin: datetime) -> Floats:
        """How much each person of :meth:`matrix` had in ``(origin, origin + horizon]``, shape (n,)."""
        if origin not in self._amounts:
            past, people = self._past, self.matrix(origin).people
            found = amounts_of(past.reader, past.measure, people, origin, past.horizon, self._known_at)
            self._amounts[origin] = found
        return self._amounts[origin]

    def rows(self, origins: Sequence[datetime], names: tuple[str, ...]) -> Rows:
        """All rows of ``origins`` with the features called ``names``; ``y`` are amounts."""
        matrices = [self.matrix(origin) for origin in origins]
        return Rows(
            np.concatenate([matrix.select(names) for matrix in matrices]),
            np.concatenate([self.amounts(origin) for origin in origins]),
            np.concatenate([matrix.people for matrix in matrices]),
            np.repeat(np.arange(len(origins)), [matrix.people.size for matrix in matrices]),
        )
