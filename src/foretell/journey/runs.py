"""The operational rows of runs: read by the due instant, written back by their id.

Nothing here looks at all runs that wait: what is read comes by an index, what is written by the
primary key (a test holds the plans against it).
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.engine import TIMESTAMP, Batch, Engine, OperationalStore, Tx, python_rows, scratch, table_of
from foretell.ids import stable_ids

STORED = {
    "run": pa.string(),
    "journey": pa.string(),
    "revision": pa.int64(),
    "profile_key": pa.int64(),
    "node_key": pa.int64(),
    "profile_id": pa.string(),
    "arm": pa.string(),
    "entered_at": pa.int64(),
    "state": pa.string(),
    "step": pa.string(),
    "arrived_at": pa.int64(),
    "waiting": pa.int64(),
    "due_at": pa.int64(),
    "variables": pa.string(),
    "entry_message_id": pa.string(),
    "ended_at": pa.int64(),
    "goal_at": pa.int64(),
    "goal_until": pa.int64(),
    "contaminated": pa.int64(),
    "entry_key": pa.string(),
}
"""The columns of a run that the runner reads and writes; instants in microseconds, UTC."""

_COLUMNS = ", ".join(STORED)
DUE = f"SELECT {_COLUMNS} FROM journey_runs WHERE journey = ? AND due_at <= ? ORDER BY due_at, profile_key, run LIMIT ?"
# In the order of the index, since a planner that expects many to be due would else look for the first one anywhere.
ANY_DUE = "SELECT due_at FROM journey_runs WHERE journey = ? AND due_at <= ? ORDER BY due_at LIMIT 1"
INSIDE = f"SELECT {_COLUMNS} FROM journey_runs WHERE journey = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT ?"
_GOING = "journey = ? AND revision = ? AND due_at IS NOT NULL"
_HELD_OUT = "journey = ? AND revision = ? AND goal_until IS NOT NULL AND due_at IS NULL AND state = 'held_out'"
GOING = f"SELECT {_COLUMNS} FROM journey_runs WHERE {_GOING} ORDER BY step LIMIT ?"
HELD_OUT = f"SELECT {_COLUMNS} FROM journey_runs WHERE {_HELD_OUT} LIMIT ?"
RESTED = (
    "SELECT w.run, r.profile_key FROM journey_rested w LEFT JOIN journey_runs r ON r.run = w.run WHERE w.journey = ?"
)
_OF_REVISION = "r.journey = ? AND r.revision = ? AND r.due_at IS NOT NULL AND r.waiting = 1"
_TAKEN = ", ".join(f"r.{name}" for name in STORED)
WAITING = f"SELECT {_TAKEN} FROM journey_runs r WHERE {_OF_REVISION}"
WAITING_AT = f"{WAITING} AND r.step = ?"
_OF_TOUCHED = "FROM touched_people t CROSS JOIN journey_runs r WHERE r.profile_key = t.profile_key AND"
# Written so that no index but the one by profile fits: any other would read all runs for each person.
WAITING_OF = (
    f"SELECT {_TAKEN} {_OF_TOUCHED} r.journey = ? AND r.revision = ? AND coalesce(r.due_at, -1) <> -1 AND r.waiting = 1"
)
NEXT_REVISION = "SELECT min(revision) FROM journey_runs WHERE journey = ? AND revision > ? AND due_at IS NOT NULL"
_OPEN = "r.journey = ? AND r.goal_until IS NOT NULL AND r.due_at IS NULL AND r.state <> 'merged'"
OPEN_GOALS = f"SELECT {_TAKEN} FROM journey_runs r WHERE {_OPEN}"
GOALS_OVER = f"{OPEN_GOALS} AND r.goal_until <= ?"
GOALS_OF = (
    f"SELECT {_TAKEN} {_OF_TOUCHED} r.journey = ? AND coalesce(r.goal_until, -1) <> -1 "
    "AND coalesce(r.due_at, -1) = -1 AND r.state <> 'merged'"
)
_PLAYED = ("state", "step", "arrived_at", "waiting", "due_at", "variables", "ended_at")
"""What a step changes: without the others, the indexes that they stand in are left alone."""
_CHANGED = (*_PLAYED, "revision", "goal_at", "goal_until")
"""Whose a run is, only the stage changes."""
UPSERT, UPSERT_PLAYED = (
    f"INSERT INTO journey_runs ({_COLUMNS}, unsettled) VALUES ({', '.join('?' * len(STORED))}, 0) "
    f"ON CONFLICT (run) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}"
    for changed in (_CHANGED, _PLAYED)
)

Readable = OperationalStore | Tx


def any_due(store: Readable, journey: str, now: datetime) -> bool:
    """Whether the instant of a run has come."""
    return bool(store.query(ANY_DUE, (journey, micros(now))))


def note_rested(tx: Tx, rows: pa.Table) -> None:
    """Leave to the process that leads to see whether what runs have come to wait for is there already."""
    told = "INSERT INTO journey_rested (run, journey) VALUES (?, ?) ON CONFLICT (run) DO NOTHING"
    tx.executemany(told, python_rows(rows.select(["run", "journey"])))


def rested(store: Readable, journey: str) -> pa.Table:
    """What :func:`note_rested` left: ``run profile_key``; the key is null where the run is gone."""
    return table_of({"run": pa.string(), "profile_key": pa.int64()}, store.query(RESTED, (journey,)))


def forget_rested(engine: Engine, rows: pa.Table) -> None:
    """It was seen to."""
    if rows.num_rows:
        with engine.ops.write() as tx:
            tx.executemany("DELETE FROM journey_rested WHERE run = ?", python_rows(rows.select(["run"])))


def inside(store: Readable, journey: str, most: int) -> pa.Table:
    """Runs that go on, the first due first: columns :data:`STORED`."""
    return table_of(STORED, store.query(INSIDE, (journey, most)))


def of_revision(store: Readable, journey: str, revision: int, most: int) -> pa.Table:
    """Runs of a revision that go on, or where none is left the held out whose goal still counts."""
    rows = store.query(GOING, (journey, revision, most))
    return table_of(STORED, rows or store.query(HELD_OUT, (journey, revision, most)))


def waiting(store: Readable, journey: str, revision: int) -> pa.Table:
    """Runs of a revision that wait."""
    return table_of(STORED, store.query(WAITING, (journey, revision)))


def waiting_at(store: Readable, journey: str, revision: int, step: str) -> pa.Table:
    """Those of them that are at ``step``."""
    return table_of(STORED, store.query(WAITING_AT, (journey, revision, step)))


def waiting_of(tx: Tx, journey: str, revision: int, people: pa.Array) -> pa.Table:
    """Those of them that are runs of ``people`` (profile keys, each once)."""
    tx.put("touched_people", pa.table({"profile_key": people}), key="profile_key")
    return table_of(STORED, tx.query(WAITING_OF, (journey, revision)))


def distinct(rows: pa.Table) -> pa.Table:
    """Each run once, by id."""
    places = pa.table({"run": rows["run"], "place": pa.array(np.arange(rows.num_rows))})
    first = places.group_by("run").aggregate([("place", "min")]).sort_by("run")
    return rows.take(first["place_min"])


def open_goals(tx: Tx, journey: str, until: int, people: pa.Array | None) -> pa.Table:
    """Runs that are over or were held out and whose goal still counts.

    Args:
        until: those whose time ended by then are among them, whoever they are of.
        people: otherwise only those of these people (profile keys, each once); None: everybody's.
    """
    if people is None:
        return table_of(STORED, tx.query(OPEN_GOALS, (journey,)))
    tx.put("touched_people", pa.table({"profile_key": people}), key="profile_key")
    parts = [tx.query(GOALS_OVER, (journey, until)), tx.query(GOALS_OF, (journey,))]
    return distinct(pa.concat_tables([table_of(STORED, part) for part in parts]))


def write(tx: Tx, batch: Batch, rows: pa.Table, how: str = UPSERT) -> None:
    """Write runs, and publish them with the batch.

    Args:
        rows: columns :data:`STORED`.
        how: :data:`UPSERT_PLAYED` where they made steps and nothing else.
    """
    if rows.num_rows == 0:
        return
    tx.enter(how, rows.select(list(STORED)))
    publish(batch, rows)


def publish(batch: Batch, rows: pa.Table) -> None:
    """The rows of the view ``journey_runs``."""
    batch.emit(
        "journey_run_rows",
        scratch(
            "SELECT run, journey, revision, node_key, arm, make_timestamp(entered_at) AS entered_at, state, step, "
            "make_timestamp(ended_at) AS ended_at, make_timestamp(goal_at) AS goal_at, "
            "contaminated = 1 AS contaminated FROM r",
            {"r": rows},
        ),
    )


def tell_steps(batch: Batch, rows: pa.Table) -> None:
    """The rows of the view ``journey_steps``.

    Args:
        rows: ``run journey revision node_key step at outcome next``, ``at`` as timestamp.
    """
    named = ["run", "journey", "revision", "node_key", "step", "outcome", "next"]
    batch.emit("journey_step_rows", rows.select(named).append_column("happened_at", rows["at"].cast(TIMESTAMP)))


def tell(batch: Batch, event: str, rows: pa.Table, outcome: str | None = None) -> None:
    """Write ``Journey …`` events into the log: one a run at its ``at``.

    Args:
        rows: columns of :data:`STORED` and ``at`` (timestamp).
    """
    if rows.num_rows == 0:
        return
    columns = {
        "message_id": stable_ids("j", event, rows["run"].to_pylist()),
        "event": pa.repeat(event, rows.num_rows),
        "ts": rows["at"].cast(TIMESTAMP),
        "node_key": rows["profile_key"],
        **{name: rows[name] for name in ("journey", "run", "step", "revision", "arm")},
    }
    if outcome is not None:
        columns["outcome"] = pa.repeat(outcome, rows.num_rows)
    batch.tell(pa.table(columns))


def instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Microseconds as timestamps."""
    return column.cast(TIMESTAMP)


def microseconds(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Timestamps as microseconds."""
    return column.cast(TIMESTAMP).cast(pa.int64())


def replaced(rows: pa.Table, **columns: object) -> pa.Table:
    """``rows`` with columns replaced or added; one value stands for all rows."""
    for name, value in columns.items():
        kind = STORED.get(name, TIMESTAMP)
        array = value
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            array = pa.repeat(pa.scalar(value, kind), rows.num_rows)
        place = rows.schema.get_field_index(name)
        rows = rows.append_column(name, array) if place < 0 else rows.set_column(place, name, array)
    return rows
