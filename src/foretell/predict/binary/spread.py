"""Growing trees where the rows lie: each worker of a gang has a part of the people, all grow the same trees.

XGBoost's own collective does the work, as in ``xgboost.spark``: histograms of the parts are summed, so that every tree
is grown on everybody. What differs is what carries it: Arrow instead of pandas, any session (Spark Connect too), the
features computed beside the rows, and a bounded wait for the workers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xgboost
from threadpoolctl import threadpool_limits
from xgboost import collective
from xgboost.tracker import RabitTracker

from foretell.clock import Duration
from foretell.engine import Asked, Batches, Seat, Spreading
from foretell.predict.binary.boosted import NOTHING, Single, Start, Values, grow_together
from foretell.predict.binary.rows import Floats, People, drawn
from foretell.predict.features import Crowd, FeaturePlan, crowd_at, matrix_of, question

MOST_ROWS = 20_000_000
"""People are drawn (whole persons, by hash) so that all origins together stay below this on a cluster."""
MOST_WORKERS = 16
MEETING_SECONDS = 120
TREES = pa.schema([("people", pa.int64()), ("trees", pa.binary())])


@dataclass(frozen=True)
class Grown:
    """Trees that a gang grew.

    Args:
        rows: people × origins they were grown on.
        workers: processes that grew them.
    """

    booster: xgboost.Booster
    rows: int
    workers: int


@dataclass(frozen=True)
class Window:
    """An origin as a worker needs it: the instant, and what the features take from everybody."""

    origin: datetime
    crowd: Crowd


@dataclass(frozen=True)
class Field:
    """Where trees can be grown on more people than one process holds.

    Args:
        share: of the people, that all origins together stay below :data:`MOST_ROWS`.
        seed: draws them.
    """

    store: Spreading
    plan: FeaturePlan
    people: People
    share: float
    seed: str

    def grown(
        self,
        origins: Sequence[datetime],
        horizon: str,
        names: tuple[str, ...],
        rounds: int,
        number: int,
        values: Values,
        start: Start,
    ) -> Grown:
        """``rounds`` trees on the features ``names`` of everybody at ``origins``; equal rows and workers, equal trees.

        Args:
            values: parameters of the setting that was chosen.
            start: where the trees begin, the same for all workers.

        Raises:
            ForetellError: ``WORKERS_TOO_FEW``, ``WORKERS_DIFFER``, ``SPARK_FAILED``.
        """
        workers = min(self.store.workers(), MOST_WORKERS)
        asked, windows = [], []
        for origin in origins:
            people = drawn(self.people.population(origin), self.share, self.seed)
            windows.append(Window(origin, crowd_at(self.store, self.plan, people, origin)))
            asked.append(self._labelled(people, origin, horizon))
        work = Growing(self.plan, tuple(windows), names, rounds, number, values, start)
        made = self.store.gang(f"trees over {horizon}", asked, "profile_key", work, TREES, workers=workers)
        trees = pc.drop_null(made["trees"])[0].as_py()
        return Grown(xgboost.Booster(model_file=bytearray(trees)), pc.sum(made["people"]).as_py(), workers)

    def _labelled(self, people: pa.Table, origin: datetime, horizon: str) -> Asked:
        """The features' question with the column outcome: 1 for who had it within the horizon."""
        had = self.people.outcome(origin, Duration.parse(horizon))["profile_key"]
        outcome = pc.is_in(people["profile_key"], had.combine_chunks()).cast(pa.int8())
        table = people.select(["profile_key"]).append_column("outcome", outcome)
        return question(self.plan, table, origin, carried=("outcome",))


@dataclass(frozen=True)
class Growing:
    """What each worker of the gang does: features and outcomes of its people, then all trees with the others."""

    plan: FeaturePlan
    windows: tuple[Window, ...]
    names: tuple[str, ...]
    rounds: int
    number: int
    values: Values
    start: Start

    def __call__(self, seat: Seat, batches: Batches) -> Batches:
        with threadpool_limits(limits=1, user_api="blas"):
            x, y = self._rows(batches)
        yield with_others(seat, x, y, self.rounds, self.number, self.values, self.start)

    def _rows(self, batches: Batches) -> tuple[Single, Floats]:
        """Features (n, k) and outcomes (n,) of this worker's people, an origin after the other."""
        x, y = [np.zeros((0, len(self.names)), np.float32)], [np.zeros(0)]
        for batch in batches:
            rows = pa.Table.from_batches([batch])
            for place in pc.unique(rows["part"]).to_pylist():
                window = self.windows[place]
                here = rows.filter(pc.equal(rows["part"], place))
                x.append(matrix_of(here, self.plan, window.origin, window.crowd).select(self.names))
                y.append(here["outcome"].to_numpy().astype(np.float64))
        return np.concatenate(x), np.concatenate(y)


def with_others(
    seat: Seat, x: Single, y: Floats, rounds: int, number: int, values: Values | None = None, start: Start = NOTHING
) -> pa.RecordBatch:
    """Grow trees on these features (n, k) and outcomes (n,) and on those of all other seats.

    Returns: one row of :data:`TREES`; the trees, which all have grown, are in the one of rank 0.
    """
    meeting = json.loads(seat.share(json.dumps(_meeting(seat)))[0])
    with collective.CommunicatorContext(**meeting, dmlc_task_id=str(seat.rank)):
        booster = grow_together(x, y, rounds, number, values, start.margin(x))
    trees = bytes(booster.save_raw("ubj")) if seat.rank == 0 else None
    return pa.record_batch([pa.array([len(y)]), pa.array([trees], pa.binary())], schema=TREES)


def _meeting(seat: Seat) -> dict[str, str | int]:
    """Where the gang meets: the worker of rank 0 begins a tracker, the others are told."""
    if seat.rank:
        return {}
    tracker = RabitTracker(n_workers=seat.size, host_ip=seat.host, sortby="task", timeout=MEETING_SECONDS)
    tracker.start()
    Thread(target=tracker.wait_for, name="tracker", daemon=True).start()
    return dict(tracker.worker_args())
