"""Who a prediction is about and who had its outcome, read by conditions as of an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import Condition, Reader, parse
from foretell.engine import Analytics
from foretell.errors import ForetellError
from foretell.predict.document import PredictionSpec


@dataclass(frozen=True)
class Population:
    """Reads a prediction's conditions.

    Args:
        known_at: outcomes are read as known at this instant; populations as known at their own.
    """

    reader: Reader
    about: Condition
    foreseen: Condition | None
    known_at: datetime

    @classmethod
    def of(cls, reader: Reader, spec: PredictionSpec, known_at: datetime) -> Population:
        """The population and outcome of ``spec``, as known at ``known_at``."""
        foreseen = None if spec.outcome is None else parse(spec.outcome, future=True)
        return cls(reader, parse(spec.about), foreseen, known_at)

    def population(self, as_of: datetime) -> pa.Table:
        """Column profile_key: the members as of ``as_of``, known then, in order of their keys."""
        found = self.reader.members(self.about, as_of=as_of, known_at=as_of)
        return found.select(["profile_key"]).sort_by("profile_key")

    def outcome(self, as_of: datetime, horizon: Duration) -> pa.Table:
        """Column profile_key: for whom the outcome held over ``(as_of, as_of + horizon]``."""
        assert self.foreseen is not None
        return self.reader.members(self.foreseen, as_of=as_of, known_at=self.known_at, of="all", future=horizon)

    def somebody(self, as_of: datetime, thing: str) -> pa.Table:
        """The members; raises ``NOBODY`` where there are none."""
        found = self.population(as_of)
        if not found.num_rows:
            raise ForetellError(
                "NOBODY",
                f"the population has nobody as of {as_of:%Y-%m-%d %H:%M} UTC",
                thing=thing,
                next_step="Check the population's condition with foretell segment count, or choose another time.",
            )
        return found


def history_begins(analytics: Analytics, as_of: datetime, thing: str) -> datetime:
    """The first event known by ``as_of``; raises ``NO_HISTORY`` where nothing came before it."""
    found = analytics.query(
        "SELECT min(ts) AS first FROM event_log WHERE ts <= $as_of AND known_at <= $as_of",
        {"as_of": naive_utc(as_of)},
    )
    first = found.column("first")[0].as_py()
    if first is None or utc(first) >= as_of:
        raise ForetellError(
            "NO_HISTORY",
            f"nothing had happened before {as_of:%Y-%m-%d %H:%M} UTC",
            thing=thing,
            next_step="Import events, or train as of a later time.",
        )
    return utc(first)
