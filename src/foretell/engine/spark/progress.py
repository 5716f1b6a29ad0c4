"""How far this process's work on Spark is: by name, the tasks that are done of those that are known."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

from foretell.engine.naming import asked_for
from foretell.engine.spreading import AtWork

_lock = threading.Lock()
_names: Counter[str] = Counter()
_told: dict[str, tuple[int, int]] = {}
"""Name → tasks done and known, as a Connect server told."""


@contextmanager
def noted(what: str) -> Iterator[None]:
    """Work called ``what`` is done in the block."""
    with _lock:
        _names[what] += 1
    try:
        yield
    finally:
        with _lock:
            _names[what] -= 1
            if not _names[what]:
                del _names[what]
                _told.pop(what, None)


def listen(session: SparkSession) -> None:
    """Let a Connect server tell how far the session's work is; it does so in the thread that waits for it."""

    def hear(stages: Any = None, **_: object) -> None:
        parts = list(stages or ())
        with _lock:
            done = sum(int(part.num_completed_tasks) for part in parts)
            _told[asked_for("query")] = (done, sum(int(part.num_tasks) for part in parts))

    handlers: Any = session
    handlers.registerProgressHandler(hear)


def at_work(session: SparkSession, *, remote: bool) -> tuple[AtWork, ...]:
    """What is being done now, by name; work that has not been cut into tasks yet has 0 of 0."""
    with _lock:
        names, told = sorted(_names), dict(_told)
    if remote:
        return tuple(AtWork(name, *told.get(name, (0, 0))) for name in names)
    return tuple(AtWork(name, *_tasks(session, name)) for name in names)


def _tasks(session: SparkSession, name: str) -> tuple[int, int]:
    """Tasks done and known of the running jobs of a group."""
    tracker = session.sparkContext.statusTracker()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(name)]
    stages = [
        tracker.getStageInfo(stage)
        for job in jobs
        if job is not None and job.status == "RUNNING"
        for stage in job.stageIds
    ]
    known = [stage for stage in stages if stage is not None]
    return sum(stage.numCompletedTasks for stage in known), sum(stage.numTasks for stage in known)
