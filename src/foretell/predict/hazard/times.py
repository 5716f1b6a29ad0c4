"""When outcomes came true after past instants, and how far those who had none were seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, micros
from foretell.condition import Condition, Did, Not
from foretell.errors import ForetellError
from foretell.predict.binary.rows import Floats, Ints
from foretell.predict.hazard.stretches import Stretches
from foretell.predict.population import Population

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Times:
    """Reads when the event behind an outcome came.

    Args:
        event: what comes true once.
        untrue: the outcome is that it does not come ("did not buy").
    """

    population: Population
    event: Condition
    untrue: bool
    stretches: Stretches
    thing: str

    @classmethod
    def of(cls, population: Population, stretches: Stretches, thing: str) -> Times:
        """The times of the population's outcome."""
        outcome = population.foreseen
        assert outcome is not None
        event, untrue = _event(outcome)
        return cls(population, event, untrue, stretches, thing)

    def after(self, people: Ints, origin: datetime, seen_days: float) -> Floats:
        """Days (n,) from ``origin`` to the event of each of ``people``; inf where none was seen.

        Args:
            seen_days: how far events after the origin were seen, at most to the last stretch's end.
        """
        longest = self.stretches.ends[-1]
        days = np.full(people.size, np.inf)
        asked = pa.table({"profile_key": people})
        future = Duration.parse(f"{round(longest)}d")
        known = self.population.known_at
        found = self.population.reader.first_instants(
            self.event, as_of=origin, people=asked, known_at=known, future=future
        )
        if found is None:
            return self._by_stretches(people, origin, seen_days)
        keys = np.asarray(found["profile_key"].to_numpy(), dtype=np.int64)
        at = found["first_at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
        place = np.searchsorted(people, keys)
        inside = (place < people.size) & (people[np.minimum(place, people.size - 1)] == keys)
        days[place[inside]] = (at[inside] - micros(origin)) / _DAY_US
        return np.where(days <= seen_days, days, np.inf)

    def _by_stretches(self, people: Ints, origin: datetime, seen_days: float) -> Floats:
        """The end of the first stretch by which the outcome holds, for conditions of more than one event."""
        days = np.full(people.size, np.inf)
        had = np.zeros(people.size, np.bool_)
        for end in self.stretches.ends:
            if end > seen_days:
                break
            members = self.population.outcome(origin, Duration.parse(f"{round(end)}d"))
            now = np.isin(people, members["profile_key"].to_numpy()) != self.untrue
            if (had & ~now).any():
                raise ForetellError(
                    "OUTCOME_TURNS_BACK",
                    "the outcome comes true and untrue again as time goes on, so it has no time at which it comes",
                    thing=self.thing,
                    next_step="Leave form: hazard out, or take an outcome that one event makes true.",
                )
            days[now & ~had] = end
            had = now
        return days


def seen_days(origin: datetime, until: datetime) -> float:
    """Days from ``origin`` to the instant up to which events were seen."""
    return (until - origin) / timedelta(days=1)


def _event(outcome: Condition) -> tuple[Condition, bool]:
    """The event that makes an outcome true, or (True) the one that makes it untrue."""
    if isinstance(outcome, Not):
        event, untrue = _event(outcome.part)
        return event, not untrue
    if isinstance(outcome, Did) and outcome.negated:
        return replace(outcome, negated=False), True
    return outcome, False
