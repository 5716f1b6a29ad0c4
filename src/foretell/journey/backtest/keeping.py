"""The last back-test of each journey, kept so that its page shows it: a row a journey, of the document it spoke of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, micros
from foretell.engine import Engine
from foretell.journey.backtest.report import Backtest


@dataclass(frozen=True)
class KeptBacktest:
    """A back-test that was kept.

    Args:
        report: as :meth:`Backtest.as_dict` gives it.
        current: whether the journey's document still says what it said then.
    """

    made_at: datetime
    report: dict[str, Any]
    current: bool


def keep(engine: Engine, report: Backtest, *, now: datetime) -> None:
    """Keep a report in place of the last one of the same document; older documents' reports go."""
    text = json.dumps(report.as_dict(), sort_keys=True, allow_nan=False)
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM journey_backtests WHERE journey = ?", (report.journey,))
        tx.execute(
            "INSERT INTO journey_backtests (journey, meaning, made_at, report) VALUES (?, ?, ?, ?)",
            (report.journey, report.meaning, micros(now), text),
        )


def kept(engine: Engine, journey: str, meaning: str) -> KeptBacktest | None:
    """The last back-test of a journey whose document means ``meaning`` now; None where there is none."""
    rows = engine.ops.query(
        "SELECT meaning, made_at, report FROM journey_backtests WHERE journey = ? ORDER BY made_at DESC LIMIT 1",
        (journey,),
    )
    if not rows:
        return None
    spoke_of, made_at, report = rows[0]
    return KeptBacktest(from_micros(int(made_at)), json.loads(report), spoke_of == meaning)
