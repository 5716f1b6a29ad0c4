"""Decisions about which model is in use: going back, and forward again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foretell.clock import from_micros, micros
from foretell.engine import OperationalStore, Tx
from foretell.errors import ForetellError
from foretell.predict.registry import latest_model

Does = Literal["rollback", "activate"]


@dataclass(frozen=True)
class ModelDecision:
    """Which model scores, from when on, and who said so.

    Args:
        holds_from: instants before it know nothing of the decision.
        decided_at: when it was made.
    """

    prediction: str
    model: str
    does: Does
    holds_from: datetime
    decided_at: datetime
    made_by: str


def rollback(
    ops: OperationalStore, prediction: str, model: str | None = None, *, as_of: datetime, now: datetime, made_by: str
) -> ModelDecision:
    """Go back to ``model``, or to the one before the model in use; the next training goes forward again.

    Args:
        as_of: from when on it holds.

    Raises:
        ForetellError: ``NOT_TRAINED``, ``NO_MODEL_BEFORE``, ``UNKNOWN_MODEL``.
    """
    chosen = _before(ops, prediction, as_of) if model is None else model
    return _decide(ops, prediction, chosen, "rollback", as_of, now, made_by)


def activate(
    ops: OperationalStore, prediction: str, model: str, *, as_of: datetime, now: datetime, made_by: str
) -> ModelDecision:
    """Put ``model`` in use from ``as_of`` on, also one that was held back; raises ``UNKNOWN_MODEL``."""
    return _decide(ops, prediction, model, "activate", as_of, now, made_by)


def decisions(ops: OperationalStore, prediction: str) -> list[ModelDecision]:
    """What was decided about the models of a prediction, newest first."""
    rows = ops.query(
        "SELECT prediction, model, does, holds_from, decided_at, made_by FROM model_decisions WHERE prediction = ? "
        "ORDER BY number DESC",
        (prediction,),
    )
    return [
        ModelDecision(key, model, does, from_micros(holds), from_micros(decided), made_by)
        for key, model, does, holds, decided, made_by in rows
    ]


def _before(ops: OperationalStore, prediction: str, as_of: datetime) -> str:
    used = latest_model(ops, prediction, as_of)
    rows = ops.query(
        "SELECT o.model FROM models o JOIN models u ON u.model = ? WHERE o.prediction = ? AND o.held_back IS NULL "
        "AND (o.trained_as_of < u.trained_as_of OR (o.trained_as_of = u.trained_as_of AND o.run < u.run)) "
        "ORDER BY o.trained_as_of DESC, o.run DESC LIMIT 1",
        (used.model, prediction),
    )
    if not rows:
        raise ForetellError(
            "NO_MODEL_BEFORE",
            f"there is no model of prediction {prediction} from before {used.model}",
            thing=f"prediction {prediction}",
            next_step=f"Run foretell predict runs {prediction} to see what there is.",
        )
    return str(rows[0][0])


def _decide(
    ops: OperationalStore, prediction: str, model: str, does: Does, as_of: datetime, now: datetime, made_by: str
) -> ModelDecision:
    with ops.write() as tx:
        _require_known(tx, prediction, model, as_of)
        number = tx.query(
            "SELECT coalesce(max(number), 0) + 1 FROM model_decisions WHERE prediction = ?", (prediction,)
        )[0][0]
        after = tx.query("SELECT coalesce(max(run), 0) FROM training_runs")[0][0]
        tx.execute(
            "INSERT INTO model_decisions (prediction, number, model, does, holds_from, decided_at, made_by, after_run) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (prediction, number, model, does, micros(as_of), micros(now), made_by, after),
        )
    return ModelDecision(prediction, model, does, as_of, now, made_by)


def _require_known(tx: Tx, prediction: str, model: str, as_of: datetime) -> None:
    known: Sequence[tuple[str]] = tx.query(
        "SELECT model FROM models WHERE prediction = ? AND trained_as_of <= ? ORDER BY trained_as_of DESC, run DESC",
        (prediction, micros(as_of)),
    )
    if (model,) not in [tuple(row) for row in known]:
        names = ", ".join(row[0] for row in known[:5]) or "none"
        raise ForetellError(
            "UNKNOWN_MODEL",
            f"prediction {prediction} has no model {model} that was trained by {as_of:%Y-%m-%d %H:%M} UTC",
            thing=f"prediction {prediction}",
            next_step=f"Known: {names}.",
        )
