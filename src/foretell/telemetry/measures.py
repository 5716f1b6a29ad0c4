"""The instruments of this house. ``docs/operations.md`` explains each; ``web`` adds what is looked up when asked."""

from __future__ import annotations

import re

from foretell.errors import ForetellError
from foretell.telemetry.asking import asked
from foretell.telemetry.instruments import Counter, Distribution, Instrument

_QUICK = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
_LONG = (0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 3_600.0)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}\Z")

HTTP_SECONDS = Distribution(
    "foretell_http_request_seconds", "Time to answer a request.", ("door", "status"), bounds=_QUICK
)
INGEST_REQUESTS = Counter(
    "foretell_ingest_requests", "Requests that brought events, by whether they were kept.", ("door", "outcome")
)
INGEST_EVENTS = Counter("foretell_ingest_events", "Events that were durable when they were acknowledged.", ("door",))
INGEST_BYTES = Counter("foretell_ingest_bytes", "Bytes of those events, unpacked.", ("door",))
ERRORS = Counter("foretell_errors", "Errors by their code, and where they were told.", ("where", "code"))
BATCHES = Counter("foretell_applied_batches", "Batches of arrivals that were taken into the stores.")
ROWS = Counter("foretell_applied_rows", "What they held: events, duplicates, rows for quarantine.", ("kind",))
BATCH_SECONDS = Distribution("foretell_apply_seconds", "Time to take in one batch of arrivals.", bounds=_QUICK)
ARRIVAL_LAG = Distribution(
    "foretell_arrival_lag_seconds", "Time from the arrival of a frame until it was in the stores.", bounds=_LONG
)
QUERY_SECONDS = Distribution(
    "foretell_query_seconds", "Time of a query, by the store, its kind and the room that asked.",
    ("store", "kind", "room"), bounds=_QUICK,
)  # fmt: skip
HANDED_OVER = Counter("foretell_messages_handed_over", "Messages given to channels, by outcome.", ("medium", "outcome"))

INSTRUMENTS: tuple[Instrument, ...] = (
    HTTP_SECONDS,
    INGEST_REQUESTS,
    INGEST_EVENTS,
    INGEST_BYTES,
    ERRORS,
    BATCHES,
    ROWS,
    BATCH_SECONDS,
    ARRIVAL_LAG,
    QUERY_SECONDS,
    HANDED_OVER,
)


def count_error(error: ForetellError, where: str | None = None) -> None:
    """Count an error that somebody is told.

    Args:
        where: a door or ``worker``; without it the door of the request that is answered.
    """
    now = asked()
    place = where or (now.door if now is not None else "elsewhere")
    ERRORS.add(place, error.code if _CODE.match(error.code) else "OTHER")
