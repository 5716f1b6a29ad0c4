"""The record of training: every run with its split, every model with its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from foretell.clock import from_micros, micros
from foretell.engine import OperationalStore
from foretell.errors import ForetellError

BY_HAND = "by hand"
_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Registered:
    """A trained model: id, the instant of training, its report as plain values."""

    model: str
    prediction: str
    trained_as_of: datetime
    report: Mapping[str, Any]


def begin_run(
    ops: OperationalStore,
    prediction: str,
    as_of: datetime,
    now: datetime,
    seed: int,
    split: Mapping[str, Any],
    reason: str = BY_HAND,
) -> int:
    """Record a run, why it is made and its split before anything is fitted; returns the run's number."""
    with ops.write() as tx:
        run = int(tx.query("SELECT coalesce(max(run), 0) + 1 FROM training_runs")[0][0])
        tx.execute(
            "INSERT INTO training_runs (run, prediction, as_of, started_at, seed, split, state, reason) "
            "VALUES (?, ?, ?, ?, ?, ?, 'begun', ?)",
            (run, prediction, micros(as_of), micros(now), seed, json.dumps(split), reason),
        )
    return run


def finish_run(
    ops: OperationalStore,
    run: int,
    registered: Registered,
    *,
    beside: Mapping[str, Any] | None = None,
    held_back: str | None = None,
) -> None:
    """Record what became of a run; from now on its model scores, unless it is held back.

    Args:
        beside: how the model did beside the one in use.
        held_back: why it does not replace that one.
    """
    model, key = registered.model, registered.prediction
    text = json.dumps(registered.report, allow_nan=False)
    told = None if beside is None else json.dumps(beside, allow_nan=False)
    with ops.write() as tx:
        tx.execute(
            "UPDATE training_runs SET state = 'done', model = ?, report = ?, beside = ? WHERE run = ?",
            (model, text, told, run),
        )
        tx.execute("DELETE FROM models WHERE model = ?", (model,))
        tx.execute(
            "INSERT INTO models (model, prediction, trained_as_of, run, report, held_back) VALUES (?, ?, ?, ?, ?, ?)",
            (model, key, micros(registered.trained_as_of), run, text, held_back),
        )


def fail_run(ops: OperationalStore, run: int, error: ForetellError) -> None:
    """Record why a run ended without a model."""
    with ops.write() as tx:
        tx.execute(
            "UPDATE training_runs SET state = 'failed', report = ? WHERE run = ?", (json.dumps(error.as_dict()), run)
        )


def latest_model(ops: OperationalStore, prediction: str, as_of: datetime) -> Registered:
    """The model in use at ``as_of``: the one trained last by then, unless somebody decided otherwise before.

    A decision (:func:`~foretell.predict.life.deciding.activate`) holds from its instant on, until a model is trained
    as of a later one; an instant before it knows nothing of it. A model that was held back is in use only where it
    was decided so. Raises ``NOT_TRAINED`` where there is none.
    """
    model = model_in_use(ops, prediction, as_of)
    if model is None:
        raise ForetellError(
            "NOT_TRAINED",
            f"no model of prediction {prediction} was trained as of {as_of:%Y-%m-%d %H:%M} UTC or before",
            thing=f"prediction {prediction}",
            next_step=f"Run foretell predict train {prediction}, with --as-of for a time in the past.",
        )
    (row,) = ops.query("SELECT trained_as_of, report FROM models WHERE model = ?", (model,))
    return Registered(model, prediction, from_micros(int(row[0])), json.loads(row[1]))


def model_in_use(ops: OperationalStore, prediction: str, as_of: datetime) -> str | None:
    """Id of the model in use at ``as_of``, see :func:`latest_model`; None where there is none."""
    at = micros(as_of)
    trained = ops.query(
        "SELECT model, trained_as_of, run FROM models WHERE prediction = ? AND trained_as_of <= ? "
        "AND held_back IS NULL ORDER BY trained_as_of DESC, run DESC LIMIT 1",
        (prediction, at),
    )
    decided = ops.query(
        "SELECT d.model, d.holds_from, d.after_run FROM model_decisions d JOIN models m ON m.model = d.model "
        "WHERE d.prediction = ? AND d.holds_from <= ? ORDER BY d.holds_from DESC, d.number DESC LIMIT 1",
        (prediction, at),
    )
    if not decided:
        return str(trained[0][0]) if trained else None
    model, holds_from, after_run = decided[0]
    newer = trained and (trained[0][1] > holds_from or (trained[0][1] == holds_from and trained[0][2] > after_run))
    return str(trained[0][0] if newer else model)


def is_trained(ops: OperationalStore, prediction: str, as_of: datetime) -> bool:
    """Whether there is a model that was trained as of ``as_of`` or before."""
    return model_in_use(ops, prediction, as_of) is not None


def runs(ops: OperationalStore, prediction: str, *, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """All runs of a prediction, newest first, as plain values.

    Args:
        as_of: instant for which ``in_use`` says whether the run's model is the one that scores; None: the end of time.
    """
    used = model_in_use(ops, prediction, as_of or _END)
    rows = ops.query(
        "SELECT t.run, t.as_of, t.started_at, t.seed, t.split, t.state, t.model, t.report, t.reason, t.beside, "
        "m.held_back, m.run FROM training_runs t LEFT JOIN models m ON m.model = t.model "
        "WHERE t.prediction = ? ORDER BY t.run DESC",
        (prediction,),
    )
    return [
        {
            "run": run,
            "as_of": from_micros(at).isoformat(),
            "started_at": from_micros(started).isoformat(),
            "seed": seed,
            "split": json.loads(split),
            "state": state,
            "model": model,
            "report": None if report is None else json.loads(report),
            "reason": reason,
            "beside": None if beside is None else json.loads(beside),
            "held_back": held_back,
            "in_use": model is not None and model == used and run == of_run,
        }
        for run, at, started, seed, split, state, model, report, reason, beside, held_back, of_run in rows
    ]


def last_run(ops: OperationalStore, prediction: str, as_of: datetime) -> datetime | None:
    """The instant as of which a training was tried last, up to ``as_of``; None where none ever was."""
    rows = ops.query(
        "SELECT max(as_of) FROM training_runs WHERE prediction = ? AND as_of <= ?", (prediction, micros(as_of))
    )
    return None if rows[0][0] is None else from_micros(int(rows[0][0]))
