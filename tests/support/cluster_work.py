"""Work on a whole cluster, in a process of its own: ``python -m tests.support.cluster_work`` prints what came of it.

A Connect server in front of a standalone master with two workers of one core each, all from the pip package.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xgboost

from foretell.engine import Asked, Batches, Seat
from foretell.engine.spark.session import close_session, open_session
from foretell.engine.spark.spreading import SparkWork
from foretell.errors import ForetellError
from foretell.ids import unit_intervals
from foretell.predict.binary.boosted import grow, logits
from foretell.predict.binary.rows import Rows
from foretell.predict.binary.spread import TREES, with_others
from foretell.testing.spark_cluster import connect_server, spark_cluster

TOLD = pa.schema([("rank", pa.int64()), ("part", pa.int64()), ("keys", pa.list_(pa.int64())), ("others", pa.string())])
DOUBLED = pa.schema([("key", pa.int64()), ("twice", pa.int64())])
CONF = {
    "spark.connect.progress.reportInterval": "100ms",
    "spark.executor.memory": "600m",
    "spark.scheduler.barrier.maxConcurrentTasksCheck.interval": "1s",
    "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures": "2",
}


def doubled(batches: Batches) -> Batches:
    """Keys with their doubles."""
    for batch in batches:
        keys = batch.column("key")
        yield pa.record_batch([keys, pa.array([2 * key for key in keys.to_pylist()], pa.int64())], schema=DOUBLED)


def listed(seat: Seat, batches: Batches) -> Batches:
    """The keys of each query in the order they came in, and what all the others said."""
    told = "|".join(seat.share(f"{seat.rank}/{seat.size}"))
    found: dict[int, list[int]] = {}
    for batch in batches:
        for part, key in zip(batch.column("part").to_pylist(), batch.column("key").to_pylist(), strict=True):
            found.setdefault(part, []).append(key)
    rows = [{"rank": seat.rank, "part": part, "keys": keys, "others": told} for part, keys in found.items()]
    yield from pa.Table.from_pylist(rows, TOLD).to_batches()


@dataclass(frozen=True)
class Trees:
    """Trees on rows made up from the keys, and how alike those grown here are."""

    rounds: int = 30
    number: int = 7

    def __call__(self, seat: Seat, batches: Batches) -> Batches:
        keys = [batch.column("key").to_numpy() for batch in batches]
        x, y = made_up(np.concatenate(keys))
        yield with_others(seat, x, y, self.rounds, self.number)

    def alike(self, told: pa.Table, keys: np.ndarray) -> float:
        """Correlation of the logits of the gang's trees with those of trees grown here on the same rows."""
        x, y = made_up(keys)
        rows = Rows(x, y, keys, np.zeros(keys.size, np.int64))
        gang = xgboost.Booster(model_file=bytearray(told["trees"].drop_null()[0].as_py()))
        return float(np.corrcoef(logits(gang, x), logits(grow(rows, self.rounds, self.number), x))[0, 1])


def made_up(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features and outcomes of keys: the same wherever they are made."""
    x = np.column_stack([unit_intervals(f"x{place}", keys.astype(np.uint64)) for place in range(4)])
    luck = unit_intervals("y", keys.astype(np.uint64))
    return x.astype(np.float32), (x[:, 0] + x[:, 1] * x[:, 2] + luck > 1.2).astype(np.float64)


def asked(first: int, end: int) -> Asked:
    """A query for the keys ``first`` … ``end`` - 1."""
    return Asked("", {"first": first, "end": end})


def work_of(session: object) -> SparkWork:
    """Work on a session whose queries are ranges of keys."""

    def frame(one: Asked) -> object:
        span: Mapping[str, object] = one.params
        return session.range(span["first"], span["end"], 1, 3).withColumnRenamed("id", "key")  # type: ignore[attr-defined]

    return SparkWork(session, frame)  # type: ignore[arg-type]


@contextmanager
def watched(work: SparkWork) -> Iterator[dict[str, int]]:
    """What is at work while the block runs: name → most tasks known."""
    seen: dict[str, int] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            for one in work.at_work():
                seen[one.what] = max(seen.get(one.what, 0), one.known)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def refusal(work: SparkWork, workers: int) -> str:
    """The code with which a gang of so many is refused."""
    try:
        work.gang("listing", [asked(0, 50)], "key", listed, TOLD, workers=workers)
    except ForetellError as error:
        return error.code
    return ""


def main() -> None:
    """Do the work and print what came of it."""
    begun = time.monotonic()
    told: dict[str, object] = {}
    with spark_cluster(workers=2, cores=1, memory_mb=700) as cluster, connect_server(cluster.master, CONF) as address:
        told["alive"] = cluster.alive()
        session = open_session(address, memory_mb=1_024, conf={"spark.sql.shuffle.partitions": "2"})
        work = work_of(session)
        told["doubled"] = work.mapped("doubling", asked(0, 100), doubled, DOUBLED).sort_by("key").to_pylist()
        told["workers"] = work.workers()
        with watched(work) as seen:
            gang = work.gang("listing", [asked(0, 50), asked(30, 80)], "key", listed, TOLD, workers=2)
        told["gang"], told["seen"] = gang.to_pylist(), seen
        told["afterwards"] = len(work.at_work())
        trees = Trees()
        grown = work.gang("trees", [asked(0, 3_000)], "key", trees, TREES, workers=2)
        told["people"], told["alike"] = grown["people"].to_pylist(), trees.alike(grown, np.arange(3_000))
        told["three"] = refusal(work, 3)
        cluster.kill_worker(0)
        until = time.monotonic() + 60
        while cluster.alive() != 1 and time.monotonic() < until:
            time.sleep(0.1)
        told["left"], told["two_of_one"] = cluster.alive(), refusal(work, 2)
        close_session(session)
    told["seconds"] = round(time.monotonic() - begun, 1)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
