"""The two sides of ``bench segments``, each a process of its own; each writes its figures to a file as JSON.

``python -m foretell.bench.segment_sides rival EVENTS PEOPLE PASSES FOLDER FILE`` makes the events, runs the hundred
queries and writes the events down; ``ours FOLDER ROUNDS FILE`` fills a store with them, keeps the hundred segments and
measures.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from foretell import app, definitions, segment
from foretell.app import Workspace, open_workspace
from foretell.bench.rivals import rivals
from foretell.bench.segment_documents import documents, written
from foretell.clock import SteppedClock, micros
from foretell.engine import TIMESTAMP

AS_OF = datetime(2026, 11, 5, tzinfo=UTC)
BATCH = 10_000
BATCH_SECONDS = 10
"""Events of a batch happen within so long: a thousand a second."""
LATE, LATE_DAYS = 0.02, 40
EVENT_DAYS = 400
_AT_ONCE = 1_000_000
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
    connection.execute(f"COPY (SELECT * FROM ev ORDER BY event_id) TO '{folder / 'events.parquet'}' (FORMAT parquet)")
    return {"cpu_s": statistics.median(costs), "sizes": [int(size) for size in sizes]}


def ours(folder: Path, rounds: int) -> dict[str, Any]:
    """The segments kept fresh."""
    clock = SteppedClock(AS_OF)
    root = folder / "workspace"
    definitions.init(root)
    (root / "segments").mkdir(exist_ok=True)
    (root / "segments" / "all.yaml").write_text(written(documents(rivals().SEGMENTS)), encoding="utf-8")
    with open_workspace(root, "write", clock) as workspace:
        total = _fill(workspace, folder / "events.parquet")
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
        log = _log(rows, micros(now) - back, self._numbers(), known=now)
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


def _fill(workspace: Workspace, events: Path) -> int:
    """Put the events into the stores as bulk work does; returns how many."""
    engine, total = workspace.engine, 0
    with engine.ops.write() as tx:
        for number, path in _PATHS.items():
            tx.execute("INSERT INTO property_columns VALUES (?, NULL, ?)", (number, path))
    seen = np.zeros(0, np.int64)
    with engine.bulk():
        for rows in _parts(events):
            log = _log(rows, rows["ts"].to_numpy().astype(np.int64), total + 1, known=None)
            total += rows.num_rows
            nodes, first = np.unique(log["node_key"].to_numpy(), return_index=True)
            fresh = first[~np.isin(nodes, seen)]
            seen = np.union1d(seen, nodes)
            engine.publish("collect", {"event_log": log, **_people(log.take(pa.array(fresh, pa.int64())))}, now=AS_OF)
    with engine.ops.write() as tx:
        tx.execute("UPDATE counters SET value = ? WHERE name = 'seq'", (total,))
    return total


def _parts(events: Path) -> Iterator[pa.Table]:
    for part in pq.ParquetFile(events).iter_batches(_AT_ONCE):
        rows = pa.Table.from_batches([part])
        revenue = rows["revenue"].to_numpy()
        nothing = pa.nulls(rows.num_rows, pa.int64())
        missing = np.isnan(revenue)
        micro = pa.array(np.where(missing, 0, np.round(np.nan_to_num(revenue) * 1e6)).astype(np.int64), mask=missing)
        made = {"event": rows["event"], "node_key": pa.array(rows["profile_key"].to_numpy() + 1), "ts": rows["ts"]}
        texts = {"p1s": rows["path"], "p2s": rows["category"], "p3s": pa.nulls(rows.num_rows, pa.string())}
        numbers = {"p1n": nothing, "p2n": nothing, "p3n": micro, "p4n": nothing}
        yield pa.table(made | texts | {"p4s": rows["device"]} | numbers)


def _log(rows: pa.Table, at: Any, first: int, *, known: datetime | None) -> pa.Table:
    count = rows.num_rows
    seq = np.arange(first, first + count, dtype=np.int64)
    ts = pa.array(at).cast(TIMESTAMP)
    arrived = ts if known is None else pa.repeat(pa.scalar(known.replace(tzinfo=None), TIMESTAMP), count)
    head = {
        "seq": pa.array(seq),
        "batch": pa.repeat(pa.scalar(1, pa.int64()), count),
        "ts": ts,
        "known_at": arrived,
        "received_at": arrived,
        "event": rows["event"],
        "type": pa.repeat("track", count),
        "source": pa.repeat("bench", count),
        "node_key": rows["node_key"],
        "message_id": pa.array(seq).cast(pa.string()),
        "properties": pa.repeat("{}", count),
        "context": pa.repeat("{}", count),
    }
    return pa.table(head | {name: rows[name] for name in rows.column_names if name not in head})


def _people(first: pa.Table) -> dict[str, pa.Table]:
    known = {"known": pa.repeat(True, first.num_rows)}
    sighted = pa.table({name: first[name] for name in ("node_key", "ts", "known_at")} | known)
    ids = pa.array([f"p_{key}" for key in first["node_key"].to_pylist()], pa.string())
    return {"sightings": sighted, "nodes": pa.table({"node_key": first["node_key"], "profile_id": ids})}


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
