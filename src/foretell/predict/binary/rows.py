"""Training rows: people at past instants, with what was known then and what came after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import Duration
from foretell.engine import Analytics
from foretell.ids import unit_intervals
from foretell.predict.features import FeaturePlan, Matrix, compute, compute_at

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
SAMPLE_ROWS = 150_000
"""People are drawn (whole persons, by hash) so that all origins together stay below this in one process."""


class People(Protocol):
    """Reads who is in a population and who had an outcome."""

    def population(self, as_of: datetime) -> pa.Table:
        """Column profile_key: whom the prediction is about as of the instant, known then."""
        ...

    def outcome(self, as_of: datetime, horizon: Duration) -> pa.Table:
        """Column profile_key: who had the outcome within the horizon after the instant."""
        ...


@dataclass(frozen=True)
class Rows:
    """People × origins.

    Args:
        x: features, shape (n, k).
        y: 1.0 where the outcome came true, shape (n,).
        people: profile keys, shape (n,).
        origin: index of the row's origin, shape (n,); a later origin has a higher index.
    """

    x: npt.NDArray[np.float32]
    y: Floats
    people: Ints
    origin: Ints

    def __len__(self) -> int:
        return int(self.y.size)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The rows that are chosen."""
        return Rows(self.x[chosen], self.y[chosen], self.people[chosen], self.origin[chosen])

    def distinct(self, outcome: float) -> int:
        """Number of different people with a row of this outcome."""
        return int(np.unique(self.people[self.y == outcome]).size)


class Gatherer:
    """Features and outcomes of origins, each computed once however many horizons ask for it."""

    def __init__(self, analytics: Analytics, plan: FeaturePlan, people: People, share: float, seed: str) -> None:
        self._analytics = analytics
        self._plan = plan
        self._people = people
        self._share = share
        self._seed = seed
        self._matrices: dict[datetime, Matrix] = {}
        self._outcomes: dict[tuple[datetime, str], Floats] = {}

    @property
    def plan(self) -> FeaturePlan:
        """What the features depend on."""
        return self._plan

    def prepare(self, origins: Sequence[datetime]) -> None:
        """Compute the features of several origins in one pass over the log."""
        new = [origin for origin in dict.fromkeys(origins) if origin not in self._matrices]
        if len(new) > 1:
            people = [(origin, self._drawn(origin)) for origin in new]
            self._matrices |= compute_at(self._analytics, self._plan, people)

    def matrix(self, origin: datetime) -> Matrix:
        """Features of the (drawn) population as of ``origin``."""
        if origin not in self._matrices:
            self._matrices[origin] = compute(self._analytics, self._plan, self._drawn(origin), origin)
        return self._matrices[origin]

    def _drawn(self, origin: datetime) -> pa.Table:
        return drawn(self._people.population(origin), self._share, self._seed)

    def outcomes(self, origin: datetime, horizon: str) -> Floats:
        """1.0 for each person of :meth:`matrix` who had the outcome, shape (n,)."""
        if (origin, horizon) not in self._outcomes:
            had = _keys(self._people.outcome(origin, Duration.parse(horizon)))
            found = np.isin(self.matrix(origin).people, had)
            self._outcomes[origin, horizon] = found.astype(np.float64)
        return self._outcomes[origin, horizon]

    def rows(self, origins: Sequence[datetime], horizon: str, names: tuple[str, ...]) -> Rows:
        """All rows of ``origins`` with the features called ``names``."""
        matrices = [self.matrix(origin) for origin in origins]
        sizes = [matrix.people.size for matrix in matrices]
        parts = [matrix.select(names) for matrix in matrices]
        return Rows(
            parts[0] if len(parts) == 1 else np.concatenate(parts),
            np.concatenate([self.outcomes(origin, horizon) for origin in origins]),
            np.concatenate([matrix.people for matrix in matrices]),
            np.repeat(np.arange(len(origins)), sizes),
        )


def finite(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``x`` (n, k) in which what is infinite is unknown; the same array where nothing is."""
    infinite = np.isinf(x)
    return np.where(infinite, np.float32(np.nan), x) if infinite.any() else x


def drawn(people: pa.Table, share: float, seed: str) -> pa.Table:
    """The share of ``people`` that the hash of their keys draws; the same persons at every instant."""
    if share >= 1:
        return people
    keys = _keys(people)
    return people.filter(pa.array(unit_intervals(f"{seed}:drawn", keys.astype(np.uint64)) < share))


def folds(people: Ints, count: int, seed: str) -> Ints:
    """The fold, 0 … count-1, of each person: one person's rows are never in two folds."""
    return (unit_intervals(f"{seed}:fold", people.astype(np.uint64)) * count).astype(np.int64)


def _keys(people: pa.Table) -> npt.NDArray[Any]:
    return np.asarray(people.column("profile_key").to_numpy(), dtype=np.int64)
