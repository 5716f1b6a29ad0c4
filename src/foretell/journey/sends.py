"""The messages that runs asked for: when, under which id, and what the gate said."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import TIMESTAMP, Tx, scratch, table_of
from foretell.ids import stable_ids
from foretell.journey import run_ids


def message_ids(tx: Tx, runs: pa.Table, step: str) -> pa.Table:
    """``runs`` with ``message_id`` and ``visit``: the same whenever the same run asks at the same visit.

    Args:
        runs: column ``run``.
    """
    before = _sent(tx, runs, step).select(["run", "visit"])
    visits = scratch(
        "SELECT r.run, coalesce(b.visit, 0) + 1 AS visit FROM r LEFT JOIN b USING (run)",
        {"r": runs.select(["run"]), "b": before},
    )
    numbers = visits["visit"].take(pc.index_in(runs["run"], visits["run"].combine_chunks()))
    return runs.append_column("message_id", _ids(runs["run"], step, numbers)).append_column("visit", numbers)


def message_id(run: str, step: str, visit: int) -> str:
    """The message for which a run asks at a step for the ``visit``-th time."""
    (found,) = _ids(pa.chunked_array([[run]]), step, pa.chunked_array([[visit]])).to_pylist()
    return str(found)


def _ids(named: pa.ChunkedArray, step: str, visits: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    runs = named.to_numpy().tolist()
    if pc.all(pc.equal(visits, 1), min_count=0).as_py():
        return run_ids.beside(named, stable_ids("m", runs, step))
    # The first visit is told by no number.
    asked = [step if visit == 1 else f"{step}\x1f{visit}" for visit in visits.to_pylist()]
    return run_ids.beside(named, stable_ids("m", runs, asked))


def remember(tx: Tx, step: str, decided: pa.Table) -> None:
    """Keep what the gate decided.

    Args:
        decided: ``run visit at message_id decision reason``; deferred candidates left out.
    """
    rows = scratch(
        "SELECT run, $step AS step, visit, epoch_us(d.at) AS at, message_id, decision, reason FROM d",
        {"d": decided},
        {"step": step},
    )
    tx.enter(
        "INSERT INTO journey_sends VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, step) DO UPDATE SET "
        "visit = excluded.visit, at = excluded.at, message_id = excluded.message_id, "
        "decision = excluded.decision, reason = excluded.reason",
        rows,
    )


def instants_of(tx: Tx, runs: pa.Table, step: str) -> pa.ChunkedArray:
    """When ``step`` sent its message for each run, or decided not to; where a run never came by there,
    the instant at which it arrived where it is now (column ``arrived_at``)."""
    sent = _sent(tx, runs, step)
    found = pa.array(sent["at"].to_numpy(), TIMESTAMP).take(pc.index_in(runs["run"], sent["run"].combine_chunks()))
    return pc.coalesce(pa.chunked_array([found]), runs["arrived_at"])


def _sent(tx: Tx, runs: pa.Table, step: str) -> pa.Table:
    tx.put("asking_runs", runs.select(["run"]))
    rows = tx.query(
        "SELECT s.run, s.visit, s.at FROM asking_runs a JOIN journey_sends s ON s.run = a.run WHERE s.step = ?",
        (step,),
    )
    return table_of({"run": pa.string(), "visit": pa.int64(), "at": pa.int64()}, rows)
