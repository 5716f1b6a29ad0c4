"""What applying tells those who run it: how long it took, how late it was, and which spans it goes back to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING

from foretell import telemetry
from foretell.engine.framing import Frame
from foretell.engine.ports import OperationalStore, Tx

if TYPE_CHECKING:
    from foretell.engine.applier import ApplyReport

KEPT_BATCHES = 10_000
"""Spans of older batches are forgotten: whoever goes back to them has long done so."""
TABLE = """
CREATE TABLE batch_spans (batch BIGINT PRIMARY KEY, traceparent TEXT NOT NULL) /*clustered*/;
"""


@contextmanager
def watched(frames: Sequence[Frame], now: datetime) -> Iterator[datetime]:
    """While the block runs, ``frames`` are applied as of ``now``; it is measured, and a span where there are any."""
    began = perf_counter()
    traces = [str(one) for frame in frames for one in frame.meta.get("traces", ())] if telemetry.is_tracing() else []
    with telemetry.span("apply", "consumer", links=[telemetry.Link(one) for one in traces], frames=len(frames)):
        yield now
    seconds = perf_counter() - began
    telemetry.BATCHES.add()
    telemetry.BATCH_SECONDS.observe(seconds)
    for frame in frames:
        told = frame.meta.get("received_at")
        if told is not None:
            waited = (now - datetime.fromisoformat(told)).total_seconds()
            telemetry.ARRIVAL_LAG.observe(max(0.0, waited) + seconds)


def note_batch(tx: Tx, number: int, report: ApplyReport) -> None:
    """Count what batch ``number`` brought, and keep its span for whoever acts on it later, in whatever process."""
    told = {"event": report.events, "duplicate": report.duplicates, "problem": report.problems}
    for kind, count in told.items():
        telemetry.ROWS.add(kind, amount=count)
    telemetry.note(batch=number, events=report.events)
    here = telemetry.traceparent()
    if here is None:
        return
    tx.execute(
        "INSERT INTO batch_spans VALUES (?, ?) ON CONFLICT (batch) DO UPDATE SET traceparent = excluded.traceparent",
        (number, here),
    )
    tx.execute("DELETE FROM batch_spans WHERE batch <= ?", (number - KEPT_BATCHES,))


def spans_since(store: OperationalStore, batch: int) -> list[str]:
    """The spans in which arrivals after recorded batch ``batch`` were applied, the latest first; empty while no spans
    are written."""
    if not telemetry.is_tracing():
        return []
    rows = store.look_up(
        "SELECT traceparent FROM batch_spans WHERE batch > ? ORDER BY batch DESC LIMIT ?", (batch, telemetry.MOST_LINKS)
    )
    return [one for (one,) in rows]
