"""Point-in-time features: what was known about a person at an instant, as numbers.

Enters: a plan, people, one instant or many, the event log, its orders and traits. Leaves: a :class:`Matrix`. The same
query and arithmetic serve training and scoring; they read nothing that happened, or became known, after the instant.
For the room ``predict`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.engine import Analytics, Asked, Spreading
from foretell.predict.features.calendar import PREFIX as SEASON
from foretell.predict.features.crowd import Crowd
from foretell.predict.features.days import local_day, observed_until
from foretell.predict.features.families.base import Tally
from foretell.predict.features.plan import Feature, FeaturePlan, Matrix, TraitPlan
from foretell.predict.features.planning import common_events, features_of, plan_for
from foretell.predict.features.query import features_sql, histories_sql, parameters
from foretell.predict.features.raw import Raw
from foretell.predict.features.reading import EACH_ITS_OWN
from foretell.predict.features.remembering import once, remembered
from foretell.predict.features.repeat import of_horizon, repeat_buying
from foretell.predict.features.shape import shaped

__all__ = [
    "SEASON",
    "Crowd",
    "Feature",
    "FeaturePlan",
    "Matrix",
    "Tally",
    "TraitPlan",
    "common_events",
    "compute",
    "compute_at",
    "crowd_at",
    "features_of",
    "local_day",
    "matrix_of",
    "observed_until",
    "of_horizon",
    "plan_for",
    "question",
    "remembered",
]

_ASKED_AT_ONCE = 250_000
"""People about whom a store of one machine is asked at the same time."""


def compute(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> Matrix:
    """The features of ``people`` as of ``as_of``, known at ``as_of``.

    Args:
        people: column profile_key (int64), each person once, in any order.
    """

    def make() -> Matrix:
        rows = _rows(analytics, plan, people, as_of)
        return matrix_of(rows, plan, as_of, Crowd.of(rows, as_of, ZoneInfo(plan.zone)))

    return once(plan, people, as_of, make)


def _rows(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> pa.Table:
    """Rows of the :func:`question`, by person.

    A store of one machine is asked about some of the people at a time, those whose keys lie beside each other, so that
    what it groups fits into its memory.
    """
    keys = pa.table({"profile_key": np.sort(np.asarray(people["profile_key"].to_numpy(), dtype=np.int64))})
    parts = 1 if isinstance(analytics, Spreading) else max(1, -(-keys.num_rows // _ASKED_AT_ONCE))
    found = []
    for part in np.array_split(np.arange(keys.num_rows), parts):
        asked = question(plan, keys.take(pa.array(part)), as_of)
        found.append(analytics.query(f"{asked.sql}\nORDER BY p.profile_key", asked.params, asked.tables))
    return pa.concat_tables(found)


def compute_at(
    analytics: Analytics, plan: FeaturePlan, people: Sequence[tuple[datetime, pa.Table]]
) -> dict[datetime, Matrix]:
    """The features of people as of many instants, in one pass over the log; each as :func:`compute` gives them.

    Args:
        people: instant and the people as of it (column profile_key, int64, each person once).
    """
    latest = max(as_of for as_of, _ in people)
    keys = pa.concat_arrays([table["profile_key"].combine_chunks().cast(pa.int64()) for _, table in people])
    instants = np.repeat(list(range(len(people))), [table.num_rows for _, table in people])
    stamps = pa.array([naive_utc(as_of) for as_of, _ in people], pa.timestamp("us"))
    asked = pa.table(
        {
            "profile_key": keys,
            "place": pa.array(np.arange(len(keys), dtype=np.int64)),
            "as_of": stamps.take(pa.array(instants)),
            "instant": pa.array(instants.astype(np.int64)),
        }
    )
    sql = features_sql(plan, latest, ("instant",), EACH_ITS_OWN)
    rows = analytics.query(
        f"{sql}\nORDER BY p.instant, p.profile_key", parameters(plan, latest, EACH_ITS_OWN), {"people": asked}
    )
    found = {}
    for place, (as_of, _) in enumerate(people):
        here = rows.filter(pc.equal(rows["instant"], place))
        found[as_of] = matrix_of(here, plan, as_of, Crowd.of(here, as_of, ZoneInfo(plan.zone)))
    return found


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
    values = np.empty((raw.size, len(columns)), dtype=np.float32)
    for place, (_, numbers) in enumerate(columns):
        values[:, place] = numbers
    return Matrix(
        np.asarray(rows.column("profile_key").to_numpy(), dtype=np.int64),
        tuple(feature for feature, _ in columns),
        values,
    )


def crowd_at(analytics: Analytics, plan: FeaturePlan, people: pa.Table, as_of: datetime) -> Crowd:
    """The same :class:`Crowd` as of the rows of ``people``, from counts by history instead of rows by person."""
    if not {"rhythm", "repeat"} & {*plan.base}:
        return Crowd(observed_until(as_of, ZoneInfo(plan.zone), -np.inf), None)
    asked = {"people": people.select(["profile_key"])}
    rows = analytics.query(histories_sql(plan, as_of), {"as_of": naive_utc(as_of)}, asked)
    return Crowd.of(rows, as_of, ZoneInfo(plan.zone))
