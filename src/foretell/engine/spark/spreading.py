"""Work on the rows of a query where they lie: ``mapInArrow``, and gangs in Spark's barrier mode.

What crosses is Arrow: rows to the Python beside each executor, results back to the driver. The workers need the
same release of Foretell as the driver; every part of the work looks whether they have it.

A gang starts whole or not at all. Spark waits ten minutes in silence for slots that a gang lacks, and anew after a
worker was lost, so the slots are counted before, and a roll call, bounded in time, shows that all can be had at once.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark import BarrierTaskContext
from pyspark.sql import DataFrame, SparkSession, functions
from pyspark.sql.pandas.types import from_arrow_schema

from foretell import __version__
from foretell.engine.naming import asked_for, naming
from foretell.engine.spark.progress import at_work, listen
from foretell.engine.spark.telling import explained, is_remote, named, too_few
from foretell.engine.spreading import Asked, AtWork, Batches, GangWork, Seat, Work
from foretell.errors import ForetellError

ROLL_CALL_SECONDS = 60.0
"""Executors of a session that has just begun may still be on their way; Spark looks for them every 15 seconds."""
_ROLL = pa.schema([("rank", pa.int64())])
Release = tuple[str, str]


def release() -> Release:
    """What driver and workers must have in common: versions of Foretell and of Python."""
    return __version__, ".".join(platform.python_version_tuple()[:2])


@dataclass(frozen=True)
class Mapped:
    """Work as a function of Spark's, which looks first whether it is of the driver's release."""

    work: Work
    release: Release

    def __call__(self, batches: Batches) -> Batches:
        same_release(self.release)
        return self.work(batches)


@dataclass(frozen=True)
class Ganged:
    """Work of one of a gang; it begins when all have."""

    work: GangWork
    release: Release
    size: int

    def __call__(self, batches: Batches) -> Batches:
        same_release(self.release)
        context = BarrierTaskContext.get()
        context.barrier()
        host = context.getTaskInfos()[0].address.rpartition(":")[0]
        return self.work(Seat(context.partitionId(), self.size, host, context.allGather), batches)


@dataclass(frozen=True)
class RollCall:
    """Everybody tells the rank that was given out."""

    def __call__(self, seat: Seat, batches: Batches) -> Batches:
        for _ in batches:
            pass
        ranks = seat.share(str(seat.rank))
        yield pa.record_batch([pa.array([int(ranks[seat.rank])], pa.int64())], schema=_ROLL)


def same_release(wanted: Release) -> None:
    """Raises where this worker is of another release than the driver."""
    found = release()
    if found != wanted:
        raise RuntimeError(f"WORKERS_DIFFER: Foretell {found[0]} on Python {found[1]}")


class SparkWork:
    """Fills :class:`~foretell.engine.spreading.Spreading` for a session.

    Args:
        frame: a query as a frame that is not computed yet.
    """

    def __init__(self, session: SparkSession, frame: Callable[[Asked], DataFrame]) -> None:
        self._session = session
        self._frame = frame
        if is_remote(session):
            listen(session)

    def mapped(self, what: str, asked: Asked, work: Work, schema: pa.Schema) -> pa.Table:
        """What ``work`` makes of the rows of a query, in no order."""
        with naming(what), named(self._session, asked_for(what)), explained(asked_for(what)):
            made = self._frame(asked).mapInArrow(Mapped(work, release()), _told(schema))
            return made.toArrow().cast(schema)

    def workers(self) -> int:
        """Tasks that can run at the same time."""
        if is_remote(self._session):
            # A range has a partition for each of the server's slots; a client is told no more than that.
            parts = (
                self._session.range(1 << 16)
                .select(functions.spark_partition_id().alias("part"))
                .agg(functions.max("part"))
            )
            return int(parts.collect()[0][0]) + 1
        context: Any = self._session.sparkContext._jsc.sc()
        return int(context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile()))

    def at_work(self) -> tuple[AtWork, ...]:
        """What is being done now, by name."""
        return at_work(self._session, remote=is_remote(self._session))

    def gang(
        self, what: str, asked: Sequence[Asked], by: str, work: GangWork, schema: pa.Schema, *, workers: int
    ) -> pa.Table:
        """What a gang makes of the rows of some queries."""
        with naming(f"{what}: roll call"):
            self._call_the_roll(asked_for(what), workers)
        frames = [self._frame(one).withColumn("part", functions.lit(place)) for place, one in enumerate(asked)]
        with naming(what), named(self._session, asked_for(what)), explained(asked_for(what)):
            whole = reduce(DataFrame.unionByName, frames)
            # By a hash: where rows lie by the column itself already, Spark would leave them in as many parts as are.
            placed = whole.repartition(workers, functions.xxhash64(by)).sortWithinPartitions("part", by)
            made = placed.mapInArrow(Ganged(work, release(), workers), _told(schema), barrier=True)
            return made.toArrow().cast(schema)

    def _call_the_roll(self, what: str, workers: int) -> None:
        """Raises ``WORKERS_TOO_FEW`` where so many cannot be had at once."""
        there = self.workers()
        if there < workers:
            raise too_few(what, f"{workers} workers are to work at the same time, and there is room for {there}")
        answers: list[ForetellError | None] = []

        def call() -> None:
            rows = self._session.range(0, workers, 1, workers)
            try:
                with named(self._session, what), explained(what):
                    roll = Ganged(RollCall(), release(), workers)
                    rows.mapInArrow(roll, _told(_ROLL), barrier=True).toArrow()
                answers.append(None)
            except ForetellError as error:
                answers.append(error)

        caller = threading.Thread(target=call, name="roll-call", daemon=True)
        caller.start()
        caller.join(ROLL_CALL_SECONDS)
        if not answers:
            raise too_few(what, f"{workers} workers did not come together within {ROLL_CALL_SECONDS:.0f} seconds")
        if answers[0] is not None:
            raise answers[0]


def _told(schema: pa.Schema) -> Any:
    return from_arrow_schema(schema, prefer_timestamp_ntz=True)
