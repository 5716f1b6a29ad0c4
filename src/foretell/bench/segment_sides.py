"""The two sides of ``bench segments``, each a process of its own; each writes its figures to a file as JSON.

``python -m foretell.bench.segment_sides rival EVENTS PEOPLE PASSES FOLDER FILE`` makes the events, runs the hundred
queries and writes the events down; ``ours FOLDER ROUNDS FILE`` fills a store with them, keeps the hundred segments and
measures.
"""

from __future__ import annotations

import json
import statistics
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa

from foretell import app, definitions, segment
from foretell.app import Workspace, open_workspace
from foretell.bench.rival_events import fill, log_rows, write_events
from foretell.bench.rivals import rivals
from foretell.bench.segment_documents import documents, written
from foretell.clock import SteppedClock, micros

AS_OF = datetime(2026, 11, 5, tzinfo=UTC)
BATCH = 10_000
BATCH_SECONDS = 10
"""Events of a batch happen within so long: a thousand a second."""
LATE, LATE_DAYS = 0.02, 40
EVENT_DAYS = 400
_QUIET_WARM = 2
_PATHS = {1: "path", 2: "category", 3: "revenue", 4: "device"}


def rival(events: int, people: int, passes: int, folder: Path) -> dict[str, Any]:
    """The queries as somebody would write them, on the table as it arrives."""
    module = rivals()
    connection = module.duckdb.connect(config={"threads": 2})
    module.events(connection, events, people)
    costs = []
    for _ in range(passes):
        begin = process_time()
        sizes = [module.separate(connection, [one]) for one in module.SEGMENTS]
        costs.append(process_time() - begin)
    write_events(connection, folder / "events.parquet")
    return {"cpu_s": statistics.median(costs), "sizes": [int(size) for size in sizes]}


def ours(folder: Path, rounds: int) -> dict[str, Any]:
    """The segments kept fresh."""
    clock = SteppedClock(AS_OF)
    root = folder / "workspace"
    definitions.init(root)
    (root / "segments").mkdir(exist_ok=True)
    (root / "segments" / "all.yaml").write_text(written(documents(rivals().SEGMENTS)), encoding="utf-8")
    with open_workspace(root, "write", clock) as workspace:
        total = fill(workspace, folder / "events.parquet", _PATHS, now=AS_OF)
        return _measured(workspace, clock, total, rounds)


def _measured(workspace: Workspace, clock: SteppedClock, total: int, rounds: int) -> dict[str, Any]:
    begin = process_time()
    app.freshen(workspace, AS_OF)
    found: dict[str, Any] = {"build_cpu_s": process_time() - begin, "sizes": _sizes(workspace)}
    stream = _Stream(workspace, total)
    state = segment.live.kept_state(workspace.engine)
    begin = process_time()
    state.everybody(state.as_of)
    found["evaluate_cpu_s"] = process_time() - begin
    costs = [stream.batch(clock) for _ in range(rounds + _QUIET_WARM)][_QUIET_WARM:]
    found["increment_cpu_s"] = statistics.median(costs)
    found["day_cpu_s"] = found["increment_cpu_s"] * total / EVENT_DAYS / BATCH
    clock.instant += timedelta(hours=1)
    begin = process_time()
    quiet = app.freshen(workspace, clock.instant)
    found |= {"quiet_hour_cpu_s": process_time() - begin, "quiet_hour_people": quiet.people}
    found["quiet_hour_transitions"] = quiet.entered + quiet.exited
    found["state_mb"] = segment.live.kept_state(workspace.engine).megabytes
    segment.live.forget_state(workspace.engine)
    clock.instant += timedelta(seconds=1)
    begin = perf_counter()
    app.freshen(workspace, clock.instant)
    return found | {"restart_s": perf_counter() - begin}


def _sizes(workspace: Workspace) -> list[int]:
    rows = workspace.engine.analytics.query(
        "SELECT segment, count(*) AS n FROM segment_memberships WHERE exited_at IS NULL GROUP BY segment"
    )
    found = dict(zip(rows["segment"].to_pylist(), rows["n"].to_pylist(), strict=True))
    return [int(found.get(f"s{place:03d}", 0)) for place in range(len(rivals().SEGMENTS))]


class _Stream:
    """Goes on with events like those that there are."""

    def __init__(self, workspace: Workspace, total: int) -> None:
        self._workspace = workspace
        self._rng = np.random.Generator(np.random.PCG64(1))
        columns = ", ".join(f"e.p{number}{side}" for number in _PATHS for side in "sn")
        rows = workspace.engine.analytics.query(
            f"SELECT e.event, e.node_key, {columns} FROM event_log e WHERE e.seq > {max(total - 500_000, 0)}"
        )
        self._rows = rows.combine_chunks()

    def batch(self, clock: SteppedClock) -> float:
        """Let a batch be in the log, and take it in; returns the CPU seconds of the second."""
        begin = clock.instant
        clock.instant = now = begin + timedelta(seconds=BATCH_SECONDS)
        rows = self._rows.take(pa.array(self._rng.integers(0, self._rows.num_rows, BATCH)))
        back = self._rng.integers(0, BATCH_SECONDS * 1_000_000, BATCH)
        late = self._rng.random(BATCH) < LATE
        back[late] += self._rng.integers(0, LATE_DAYS * 86_400_000_000, int(late.sum()))
        log = log_rows(rows, micros(now) - back, self._numbers(), known=now)
        self._workspace.engine.publish("collect", {"event_log": log}, now=now)
        cost = process_time()
        told = app.freshen(self._workspace, now)
        cost = process_time() - cost
        assert told.events >= BATCH
        return cost

    def _numbers(self) -> int:
        """The first of the numbers that the events of a batch get."""
        with self._workspace.engine.ops.write() as tx:
            (last,) = tx.query("SELECT value FROM counters WHERE name = 'seq'")[0]
            tx.execute("UPDATE counters SET value = ? WHERE name = 'seq'", (last + BATCH,))
        return int(last) + 1


def main(arguments: list[str]) -> None:
    """Run one side."""
    side, *rest, out = arguments
    if side == "rival":
        events, people, passes, folder = rest
        told = rival(int(events), int(people), int(passes), Path(folder))
    else:
        told = ours(Path(rest[0]), int(rest[1]))
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
