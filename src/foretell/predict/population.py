"""Who a prediction is about and who had its outcome, read by conditions as of an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.collect import TableSeries
from foretell.condition import Condition, Reader, parse
from foretell.engine import Analytics, integers
from foretell.errors import ForetellError
from foretell.predict.document import PredictionSpec
from foretell.predict.features import FeaturePlan, plan_for
from foretell.predict.permission import Permission

_KEPT_IN_MIND = 3
"""Populations that were read last: a training asks for that of its own instant again and again."""


@dataclass(frozen=True)
class Population:
    """Reads a prediction's conditions.

    Args:
        known_at: outcomes are read as known at this instant; populations as known at their own.
        permission: leaves out whom it may not be done to; None: the reader's conditions alone decide.
        features: names of features or families that the document keeps to; None: all.
        without: names of features or families that it leaves out.
        series: the workspace's own, which features may read.
    """

    reader: Reader
    about: Condition
    foreseen: Condition | None
    known_at: datetime
    permission: Permission | None = None
    features: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None
    series: tuple[TableSeries, ...] = ()
    _read: dict[datetime, pa.Table] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        reader: Reader,
        spec: PredictionSpec,
        known_at: datetime,
        permission: Permission | None = None,
        series: tuple[TableSeries, ...] = (),
    ) -> Population:
        """The population and outcome of ``spec``, as known at ``known_at``."""
        foreseen = None if spec.outcome is None else parse(spec.outcome, future=True)
        features = None if spec.features is None else tuple(spec.features)
        without = None if spec.without is None else tuple(spec.without)
        return cls(reader, parse(spec.about), foreseen, known_at, permission, features, without, series)

    def plan(
        self,
        analytics: Analytics,
        as_of: datetime,
        horizons_days: tuple[float, ...],
        currency: str,
        zone: str,
        thing: str,
        also: Sequence[str] = (),
    ) -> FeaturePlan:
        """The features that the document asks for, as far as anything was known of the members at ``as_of``.

        Args:
            also: names of features that the caller adds.

        Raises:
            ForetellError: ``UNKNOWN_FEATURE``, ``NOBODY``.
        """
        return plan_for(
            analytics,
            self.somebody(as_of, thing),
            as_of,
            horizons_days,
            currency=currency,
            zone=zone,
            columns=self.reader.properties(),
            wanted=self.features,
            without=self.without,
            also=also,
            series=self.series,
            thing=thing,
        )

    def population(self, as_of: datetime) -> pa.Table:
        """Column profile_key: the members as of ``as_of``, known then, who are allowed, in order of their keys."""
        if as_of not in self._read:
            found = self.reader.members(self.about, as_of=as_of, known_at=as_of)
            members = pa.table({"profile_key": np.sort(integers(found["profile_key"]))})
            if len(self._read) >= _KEPT_IN_MIND:
                self._read.pop(next(iter(self._read)))
            self._read[as_of] = members if self.permission is None else self.permission.kept(members)
        return self._read[as_of]

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
    """The first event known by ``as_of``; raises ``NO_HISTORY`` where nothing was known before it."""
    found = analytics.query(
        "SELECT min(CASE WHEN known_at <= $as_of THEN ts END) AS first, count(*) AS happened, "
        "min(known_at) AS known FROM event_log WHERE ts <= $as_of",
        {"as_of": naive_utc(as_of)},
    ).to_pylist()[0]
    first = found["first"]
    if first is not None and utc(first) < as_of:
        return utc(first)
    if found["happened"] and first is None:
        raise ForetellError(
            "NO_HISTORY",
            f"{found['happened']:,} events had happened by {as_of:%Y-%m-%d %H:%M} UTC, but none was known: "
            f"the first arrived at {found['known']:%Y-%m-%d %H:%M}",
            thing=thing,
            next_step="Import files of the past into a new workspace through a source with history: true, "
            "or train as of a later time.",
        )
    raise ForetellError(
        "NO_HISTORY",
        f"nothing had happened before {as_of:%Y-%m-%d %H:%M} UTC",
        thing=thing,
        next_step="Import events, or train as of a later time.",
    )
