"""What is wrong with a line: its code and the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP

Severity = Literal["error", "warning"]

PROBLEM_ROWS = pa.schema(
    [
        ("line", pa.int64()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("body", pa.string()),
        ("severity", pa.string()),
        ("source", pa.string()),
        ("file", pa.string()),
        ("received_at", TIMESTAMP),
        ("message_id", pa.string()),
        ("nth", pa.int64()),
        ("form", pa.string()),
        ("sent_at", pa.string()),
    ]
)
"""``error``: the line was not taken in. ``warning``: it was, and something about it is odd. The last four
columns are what is needed to read the line again later: the id that its event has or would have, how many
equal rows its file holds before it, the format of its frame, and when its request was sent."""

MESSAGES: Mapping[str, str] = {
    "TOO_LARGE": "the event is too large",
    "BAD_UTF8": "the line is no valid UTF-8",
    "BAD_JSON": "the line is no valid JSON",
    "NOT_AN_OBJECT": "the line is no JSON object",
    "UNKNOWN_TYPE": "type is none of track, identify, page, screen, group, alias",
    "EVENT_MISSING": "a track call needs the event's name in event",
    "BAD_TIMESTAMP": "the timestamp is no ISO 8601 date and time",
    "EARLY_TIMESTAMP": "the timestamp lies before the year 1900",
    "BAD_PROPERTIES": "properties is no object",
    "BAD_TRAITS": "traits is no object",
    "BAD_CONTEXT": "context is no object",
    "NO_IDENTIFIER": "there is no identifier: neither userId nor anonymousId, e-mail, phone or external id",
    "CONSENT_MISSING": "the person has not agreed, so that nothing is kept of the event but its name and time",
    "TOO_MANY": "the body has more than 2,500 items",
    "NO_MATCH": "no mapping of the source document takes anything of the body",
    "NO_NAME": "the mapping's expression for the event's name gives no text",
    "FUTURE_TIMESTAMP": "the timestamp lies more than 5 minutes after arrival; the event is placed at arrival",
}


def problem_rows(
    found: pa.Table,
    *,
    source: str,
    file: str,
    received_at: datetime,
    severity: Severity = "error",
) -> pa.Table:
    """Rows of :data:`PROBLEM_ROWS`.

    Args:
        found: ``line``, ``code``, ``body`` and, where the sentence is not that of :data:`MESSAGES`,
            ``message``; ``received_at`` where it is not the same for all; the last four, where known.
    """
    height = found.num_rows
    if "message" not in found.column_names:
        known = pa.array([MESSAGES.get(code, code) for code in found["code"].to_pylist()], pa.string())
        found = found.append_column("message", known)
    columns = [found[name] for name in ("line", "code", "message", "body")]
    constants = [severity, source, file, naive_utc(received_at), None, None, None, None]
    for value, field in zip(constants, list(PROBLEM_ROWS)[4:], strict=True):
        own = field.name in found.column_names
        columns.append(found[field.name] if own else pa.repeat(pa.scalar(value, field.type), height))
    return pa.table(columns, names=PROBLEM_ROWS.names).cast(PROBLEM_ROWS)
