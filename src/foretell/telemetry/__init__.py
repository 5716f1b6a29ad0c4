"""Telemetry: what a running process tells those who run it. Part of the hall: everybody may use it.

Enters: counts and durations from every room, log records, spans. Leaves: samples of :data:`INSTRUMENTS` (``web`` writes
them in Prometheus's text format), log lines for people or programs, traces over OTLP. Called by rooms at the places
where work is done, by ``web`` and ``cli`` at the edges. Nothing here holds anything of a person: labels are names of
rooms, doors, states and error codes; log lines pass :class:`Hiding`.
"""

from __future__ import annotations

from foretell.telemetry.asking import Asked, asked, asking, request_id, well_formed, working
from foretell.telemetry.hiding import Hiding
from foretell.telemetry.instruments import Counter, Distribution, Instrument, Sample
from foretell.telemetry.lines import LogFormat, begin_logging
from foretell.telemetry.measures import (
    ARRIVAL_LAG,
    BATCH_SECONDS,
    BATCHES,
    ERRORS,
    HANDED_OVER,
    HTTP_SECONDS,
    INGEST_BYTES,
    INGEST_EVENTS,
    INGEST_REQUESTS,
    INSTRUMENTS,
    QUERY_SECONDS,
    ROWS,
    count_error,
)
from foretell.telemetry.timing import timed, timed_block, timed_stream
from foretell.telemetry.tracing import MOST_LINKS, Link, begin_tracing, caused_by, is_tracing, note, span, traceparent

__all__ = [
    "ARRIVAL_LAG",
    "BATCHES",
    "BATCH_SECONDS",
    "ERRORS",
    "HANDED_OVER",
    "HTTP_SECONDS",
    "INGEST_BYTES",
    "INGEST_EVENTS",
    "INGEST_REQUESTS",
    "INSTRUMENTS",
    "MOST_LINKS",
    "QUERY_SECONDS",
    "ROWS",
    "Asked",
    "Counter",
    "Distribution",
    "Hiding",
    "Instrument",
    "Link",
    "LogFormat",
    "Sample",
    "asked",
    "asking",
    "begin_logging",
    "begin_tracing",
    "caused_by",
    "count_error",
    "is_tracing",
    "note",
    "request_id",
    "span",
    "timed",
    "timed_block",
    "timed_stream",
    "traceparent",
    "well_formed",
    "working",
]
