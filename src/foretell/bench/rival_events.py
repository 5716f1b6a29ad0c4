"""The events of ``benchmarks/rivals.py`` in our own event log, as bulk work writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from foretell.app import Workspace
from foretell.engine import TIMESTAMP

_AT_ONCE = 1_000_000


def write_events(connection: Any, file: Path) -> None:
    """The rivals' table of events in a file.

    Args:
        connection: theirs, of DuckDB.
    """
    connection.execute(f"COPY (SELECT * FROM ev ORDER BY event_id) TO '{file}' (FORMAT parquet)")


def fill(workspace: Workspace, file: Path, paths: Mapping[int, str], *, now: datetime) -> int:
    """Put the events of a file into the stores; returns how many.

    Args:
        paths: number of a property's column → its name, which is that of a column of the file.
    """
    engine, total = workspace.engine, 0
    with engine.ops.write() as tx:
        for number, path in paths.items():
            tx.execute("INSERT INTO property_columns VALUES (?, NULL, ?)", (number, path))
    seen = np.zeros(0, np.int64)
    with engine.bulk():
        for rows in _parts(file, paths):
            log = log_rows(rows, rows["ts"].to_numpy().astype(np.int64), total + 1, known=None)
            total += rows.num_rows
            nodes, first = np.unique(log["node_key"].to_numpy(), return_index=True)
            fresh = first[~np.isin(nodes, seen)]
            seen = np.union1d(seen, nodes)
            engine.publish("collect", {"event_log": log, **_people(log.take(pa.array(fresh, pa.int64())))}, now=now)
    with engine.ops.write() as tx:
        tx.execute("UPDATE counters SET value = ? WHERE name = 'seq'", (total,))
    return total


def log_rows(rows: pa.Table, at: Any, first: int, *, known: datetime | None) -> pa.Table:
    """Rows of the log from event, node_key and columns of properties.

    Args:
        at: when they happened, in microseconds, (n,).
        first: number of the first.
        known: since when; None for when they happened.
    """
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


def _parts(file: Path, paths: Mapping[int, str]) -> Iterator[pa.Table]:
    for part in pq.ParquetFile(file).iter_batches(_AT_ONCE):
        rows = pa.Table.from_batches([part])
        made = {"event": rows["event"], "node_key": pa.array(rows["profile_key"].to_numpy() + 1), "ts": rows["ts"]}
        for number, path in paths.items():
            column = rows[path]
            is_text = pa.types.is_string(column.type)
            made[f"p{number}s"] = column if is_text else pa.nulls(rows.num_rows, pa.string())
            made[f"p{number}n"] = pa.nulls(rows.num_rows, pa.int64()) if is_text else _micro(column)
        yield pa.table(made)


def _micro(numbers: pa.ChunkedArray) -> pa.Array:
    """Millionths, as the log keeps numbers."""
    if pa.types.is_integer(numbers.type):
        return pa.array(numbers.to_numpy().astype(np.int64) * 1_000_000)
    found = numbers.to_numpy()
    missing = np.isnan(found)
    return pa.array(np.where(missing, 0, np.round(np.nan_to_num(found) * 1e6)).astype(np.int64), mask=missing)


def _people(first: pa.Table) -> dict[str, pa.Table]:
    known = {"known": pa.repeat(True, first.num_rows)}
    sighted = pa.table({name: first[name] for name in ("node_key", "ts", "known_at")} | known)
    ids = pa.array([f"p_{key}" for key in first["node_key"].to_pylist()], pa.string())
    return {"sightings": sighted, "nodes": pa.table({"node_key": first["node_key"], "profile_id": ids})}
