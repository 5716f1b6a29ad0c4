"""Point-in-time features: what was known about a person at an instant, as numbers.

Enters: a plan, people, an instant, the event log and its orders. Leaves: a :class:`Matrix`. The same
call serves training and scoring; it reads nothing that happened, or became known, after the
instant. For the room ``predict`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Analytics, Asked
from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.features.crowd import Crowd
from foretell.predict.features.days import local_day, observed_until
from foretell.predict.features.plan import Feature, FeaturePlan, Matrix
from foretell.predict.features.query import features_sql, histories_sql, parameters
from foretell.predict.features.repeat import of_horizon, repeat_buying
from foretell.predict.features.shape import Raw, shaped

__all__ = [
    "Crowd",
    "Feature",
    "FeaturePlan",
    "Matrix",
    "common_events",
    "compute",
    "crowd_at",
    "local_day",
    "matrix_of",
    "observed_until",
    "of_horizon",
    "question",
]

MOST_EVENTS = 10


def compute(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> Matrix:
    """The features of ``people`` as of ``as_of``, known at ``as_of``.

    Args:
        people: column profile_key (int64), each person once, in any order.
    """
    asked = question(plan, people.select(["profile_key"]), as_of)
    rows = analytics.query(f"{asked.sql}\nORDER BY p.profile_key", asked.params, asked.tables)
    return matrix_of(rows, plan, as_of, Crowd.of(rows, as_of, ZoneInfo(plan.zone)))


def question(plan: FeaturePlan, people: pa.Table, as_of: datetime, carried: Sequence[str] = ()) -> Asked:
    """The query of integers and instants behind the features; :func:`matrix_of` makes them of any part of its rows.

    Args:
        people: column profile_key (int64), each person once.
        carried: further columns of ``people`` that the rows are to have.
    """
    return Asked(features_sql(plan, as_of, carried), parameters(plan, as_of), {"people": people})


def matrix_of(rows: pa.Table, plan: FeaturePlan, as_of: datetime, crowd: Crowd) -> Matrix:
    """Features of the people of these rows of the :func:`question`, in the rows' order."""
    raw = Raw(rows, as_of)
    columns = shaped(raw, plan, as_of, crowd.today)
    columns += repeat_buying(raw, plan, crowd)
    return Matrix(
        np.asarray(rows.column("profile_key").to_numpy(), dtype=np.int64),
        tuple(feature for feature, _ in columns),
        np.column_stack([values for _, values in columns]).astype(np.float32),
    )


def crowd_at(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> Crowd:
    """The same :class:`Crowd` as of the rows of ``people``, from counts by history instead of rows by person."""
    asked = {"people": people.select(["profile_key"])}
    rows = analytics.query(histories_sql(plan, as_of), {"as_of": naive_utc(as_of)}, asked)
    return Crowd.of(rows, as_of, ZoneInfo(plan.zone))


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
