"""The record of training: every run with its split, every model with its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, micros
from foretell.engine import OperationalStore
from foretell.errors import ForetellError


@dataclass(frozen=True)
class Registered:
    """A trained model: id, the instant of training, its report as plain values."""

    model: str
    prediction: str
    trained_as_of: datetime
    report: Mapping[str, Any]


def begin_run(
    ops: OperationalStore, prediction: str, as_of: datetime, now: datetime, seed: int, split: Mapping[str, Any]
) -> int:
    """Record a run and its split before anything is fitted; returns the run's number."""
    with ops.write() as tx:
        run = int(tx.query("SELECT coalesce(max(run), 0) + 1 FROM training_runs")[0][0])
        tx.execute(
            "INSERT INTO training_runs (run, prediction, as_of, started_at, seed, split, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 'begun')",
            (run, prediction, micros(as_of), micros(now), seed, json.dumps(split)),
        )
    return run


def finish_run(
    ops: OperationalStore, run: int, prediction: str, model: str, as_of: datetime, report: Mapping[str, Any]
) -> None:
    """Record what became of a run; from now on its model scores."""
    text = json.dumps(report, allow_nan=False)
    with ops.write() as tx:
        tx.execute("UPDATE training_runs SET state = 'done', model = ?, report = ? WHERE run = ?", (model, text, run))
        tx.execute("DELETE FROM models WHERE model = ?", (model,))
        tx.execute(
            "INSERT INTO models (model, prediction, trained_as_of, run, report) VALUES (?, ?, ?, ?, ?)",
            (model, prediction, micros(as_of), run, text),
        )


def fail_run(ops: OperationalStore, run: int, error: ForetellError) -> None:
    """Record why a run ended without a model."""
    with ops.write() as tx:
        tx.execute(
            "UPDATE training_runs SET state = 'failed', report = ? WHERE run = ?", (json.dumps(error.as_dict()), run)
        )


def latest_model(ops: OperationalStore, prediction: str, as_of: datetime) -> Registered:
    """The model trained last among those trained as of ``as_of`` or before.

    Raises ``NOT_TRAINED`` where there is none.
    """
    rows = ops.query(
        "SELECT model, trained_as_of, report FROM models WHERE prediction = ? AND trained_as_of <= ? "
        "ORDER BY trained_as_of DESC, run DESC LIMIT 1",
        (prediction, micros(as_of)),
    )
    if not rows:
        raise ForetellError(
            "NOT_TRAINED",
            f"no model of prediction {prediction} was trained as of {as_of:%Y-%m-%d %H:%M} UTC or before",
            thing=f"prediction {prediction}",
            next_step=f"Run foretell predict train {prediction}, with --as-of for a time in the past.",
        )
    model, trained, report = rows[0]
    return Registered(str(model), prediction, from_micros(int(trained)), json.loads(report))


def is_trained(ops: OperationalStore, prediction: str, as_of: datetime) -> bool:
    """Whether there is a model that was trained as of ``as_of`` or before."""
    found = ops.query(
        "SELECT 1 FROM models WHERE prediction = ? AND trained_as_of <= ? LIMIT 1", (prediction, micros(as_of))
    )
    return bool(found)


def runs(ops: OperationalStore, prediction: str) -> list[dict[str, Any]]:
    """All runs of a prediction, newest first, as plain values."""
    rows = ops.query(
        "SELECT run, as_of, started_at, seed, split, state, model, report FROM training_runs "
        "WHERE prediction = ? ORDER BY run DESC",
        (prediction,),
    )
    return [
        {
            "run": run,
            "as_of": from_micros(as_of).isoformat(),
            "started_at": from_micros(started).isoformat(),
            "seed": seed,
            "split": json.loads(split),
            "state": state,
            "model": model,
            "report": None if report is None else json.loads(report),
        }
        for run, as_of, started, seed, split, state, model, report in rows
    ]
