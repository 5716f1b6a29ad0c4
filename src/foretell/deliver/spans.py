"""Which span decided a message, kept beside the outbox so that the span that hands it over leads back to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import pyarrow as pa

from foretell import telemetry
from foretell.engine import OperationalStore, Tx

TABLE = "CREATE TABLE message_spans (message_id TEXT PRIMARY KEY, traceparent TEXT NOT NULL) /*clustered*/;"
"""Rows are there only while spans are written, and until the message has left; nothing in them is of a person."""


def keep(tx: Tx, ids: pa.ChunkedArray) -> None:
    """Remember the span that runs here for messages that it queued; one that was queued before keeps its own."""
    here = telemetry.traceparent()
    if here is not None:
        tx.executemany(
            "INSERT INTO message_spans VALUES (?, ?) ON CONFLICT (message_id) DO NOTHING",
            [(one, here) for one in ids.to_pylist()],
        )


def handing_over(
    store: OperationalStore, channel: str, medium: str, ids: Sequence[str]
) -> AbstractContextManager[None]:
    """The span of handing messages to a channel, linked by message to the spans that decided them."""
    if not telemetry.is_tracing():
        return telemetry.span("send")
    asked = list(ids[: telemetry.MOST_LINKS])
    rows = store.look_up(
        f"SELECT message_id, traceparent FROM message_spans WHERE message_id IN ({', '.join('?' * len(asked))}) "
        "ORDER BY message_id",
        asked,
    )
    links = [telemetry.Link(traceparent, {"message_id": message_id}) for message_id, traceparent in rows]
    return telemetry.span("send", "producer", links=links, channel=channel, medium=medium, messages=len(ids))


def forget(tx: Tx, ids: Sequence[str]) -> None:
    """Messages have left, or never will."""
    if telemetry.is_tracing():
        tx.executemany("DELETE FROM message_spans WHERE message_id = ?", [(one,) for one in ids])
