"""Point-in-time features: what was known about a person at an instant, as numbers.

Enters: a plan, people, an instant, the event log and its orders. Leaves: a :class:`Matrix`. The same
call serves training and scoring; it reads nothing that happened, or became known, after the
instant. For the room ``predict`` alone.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Analytics
from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.features.days import local_day, observed_until
from foretell.predict.features.plan import Feature, FeaturePlan, Matrix
from foretell.predict.features.query import features_sql, parameters
from foretell.predict.features.repeat import of_horizon, repeat_buying
from foretell.predict.features.shape import Raw, last_day, shaped

__all__ = [
    "Feature",
    "FeaturePlan",
    "Matrix",
    "common_events",
    "compute",
    "local_day",
    "observed_until",
    "of_horizon",
]

MOST_EVENTS = 10


def compute(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> Matrix:
    """The features of ``people`` as of ``as_of``, known at ``as_of``.

    Args:
        people: column profile_key (int64), each person once, in any order.
    """
    rows = analytics.query(
        features_sql(plan, as_of), parameters(plan, as_of), {"people": people.select(["profile_key"])}
    )
    raw = Raw(rows, as_of)
    columns = shaped(raw, plan, as_of)
    columns += repeat_buying(raw, plan, last_day(raw, as_of, ZoneInfo(plan.zone)))
    return Matrix(
        np.asarray(rows.column("profile_key").to_numpy(), dtype=np.int64),
        tuple(feature for feature, _ in columns),
        np.column_stack([values for _, values in columns]).astype(np.float32),
    )


def common_events(analytics: Analytics, people: pa.Table, as_of: datetime) -> tuple[str, ...]:
    """Names of the events that most of ``people`` had by ``as_of``, at most ten; ties by name."""
    rows = analytics.query(
        "SELECT e.event FROM log_events e JOIN people p ON p.profile_key = e.profile_key "
        f"WHERE e.ts <= $as_of AND e.known_at <= $as_of AND e.event IS NOT NULL AND {DONE_BY_PEOPLE} GROUP BY e.event "
        f"ORDER BY count(DISTINCT e.profile_key) DESC, e.event LIMIT {MOST_EVENTS}",
        {"as_of": naive_utc(as_of)},
        {"people": people.select(["profile_key"])},
    )
    return tuple(rows.column("event").to_pylist())
