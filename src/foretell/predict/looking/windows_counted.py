"""How many people were meant at past instants, and for how many it came true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import Duration
from foretell.condition import Condition, Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.ids import unit_intervals
from foretell.predict.permission import Permission
from foretell.predict.population import Population
from foretell.stats import wilson_bounds

Ints = npt.NDArray[np.int64]
MOST_PEOPLE = 150_000
"""Where there are more, so many are drawn by the hash of their keys."""


@dataclass(frozen=True)
class WindowCount:
    """One outcome window ``(at, until]``, complete when it was looked at.

    Args:
        rate, low, high: share of ``people`` with the outcome and its 90 % interval; None where nobody was meant.
        part: what a training would use it for.
    """

    at: datetime
    until: datetime
    people: int
    positives: int
    rate: float | None
    low: float | None
    high: float | None
    part: str


class DrawnReader(Reader):
    """Answers about some of the people alone."""

    def __init__(self, engine: Engine, catalog: Catalog, drawn: pa.Table) -> None:
        super().__init__(engine, catalog)
        self._drawn = drawn

    def members(self, tree: Condition, *, people: pa.Table | None = None, **asked: Any) -> pa.Table:
        """See :meth:`~foretell.condition.Reader.members`; without ``people``, of those drawn."""
        return super().members(tree, people=self._drawn if people is None else people, **asked)


def drawing(engine: Engine, catalog: Catalog, reader: Reader, most: int, seed: str) -> tuple[Reader, float]:
    """A reader that asks about ``most`` people at most, and the share of everybody that this is."""
    nodes = int(engine.analytics.query("SELECT count(*) AS n FROM nodes")["n"][0].as_py())
    if nodes <= most:
        return reader, 1.0
    keys = engine.analytics.query("SELECT node_key AS profile_key FROM nodes")
    share = most / nodes
    drawn = unit_intervals(f"{seed}:look", np.asarray(keys["profile_key"].to_numpy(), dtype=np.uint64)) < share
    return DrawnReader(engine, catalog, keys.filter(pa.array(drawn))), share


@dataclass
class Counter:
    """Members and outcomes of instants, each read once however many horizons ask for it.

    Args:
        permission: whom it may be learnt from; asked once for everybody that was ever meant.
    """

    population: Population
    permission: Permission
    _members: dict[datetime, Ints] = field(default_factory=dict)
    _had: dict[tuple[datetime, str], Ints] = field(default_factory=dict)

    def read(self, instants: Iterable[datetime]) -> None:
        """Read who is meant at ``instants`` and may be learnt from."""
        found = {at: _keys(self.population.population(at)) for at in sorted(set(instants))}
        everybody = np.unique(np.concatenate([*found.values(), np.zeros(0, np.int64)]))
        allowed = _keys(self.permission.kept(pa.table({"profile_key": everybody})))
        few = allowed.size == everybody.size
        self._members = {at: keys if few else keys[np.isin(keys, allowed)] for at, keys in found.items()}

    def members(self, at: datetime) -> Ints:
        """Whom the prediction is about at an instant that was read; sorted."""
        return self._members[at]

    def had(self, at: datetime, horizon: str) -> Ints:
        """Those of :meth:`members` for whom it came true within the horizon; sorted."""
        if (at, horizon) not in self._had:
            keys = self.members(at)
            outcome = _keys(self.population.outcome(at, Duration.parse(horizon))) if keys.size else keys
            self._had[at, horizon] = keys[np.isin(keys, outcome)]
        return self._had[at, horizon]


def counted(
    parts: Mapping[datetime, str],
    people: Mapping[datetime, int],
    positives: Mapping[datetime, int],
    ends: Mapping[datetime, datetime],
) -> tuple[WindowCount, ...]:
    """The windows with their rates, oldest first."""
    instants = sorted(parts)
    n, k = (np.array([of[at] for at in instants], dtype=np.float64) for of in (people, positives))
    low, high = wilson_bounds(k, n)
    return tuple(
        WindowCount(
            at, ends[at], int(n[place]), int(k[place]),
            float(k[place] / n[place]) if n[place] else None,
            float(low[place]) if n[place] else None,
            float(high[place]) if n[place] else None,
            parts[at],
        )
        for place, at in enumerate(instants)
    )  # fmt: skip


def _keys(people: pa.Table) -> Ints:
    return np.asarray(people.column("profile_key").to_numpy(), dtype=np.int64)
