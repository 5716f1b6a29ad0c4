"""The outer fields of Segment-spec messages, read from JSON lines.

Nearly all lines are of the usual form, which a lean query reads; whatever it does not vouch for is
read again by the query that knows everything. Both give the same for the lines of the usual form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.collect.times import EARLIEST, instant
from foretell.engine import TIMESTAMP, scratch

Arrival = Literal["import", "api"]

LINE_BYTES: dict[Arrival, int] = {"import": 1024 * 1024, "api": 32 * 1024}
"""Largest message that is taken in, in bytes."""

_FIELDS = (
    "type", "event", "messageId", "userId", "anonymousId", "timestamp", "originalTimestamp", "sentAt",
    "name", "category", "groupId", "previousId", "traits", "properties", "context",
)  # fmt: skip
_DOCUMENTS = ("name", "category", "groupId", "previousId", "traits", "properties", "context")
_STRUCTURE = json.dumps({name: "JSON" if name in _DOCUMENTS else "VARCHAR" for name in _FIELDS})
_EVENT_NAMES = {
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "identify": "Identify",
    "group": "Group",
    "alias": "Alias",
}
_NAMED = (
    "CASE type WHEN 'track' THEN event "
    + " ".join(f"WHEN '{call}' THEN '{name}'" for call, name in _EVENT_NAMES.items())
    + " END"
)
_FUTURE = timedelta(minutes=5)
_END = "chr(13) || chr(10)"
_BLANKS = f"' ' || chr(9) || {_END}"

HEADS = pa.schema(
    [
        ("i", pa.int64()),
        ("code", pa.string()),
        ("body", pa.string()),
        ("type", pa.string()),
        ("event", pa.string()),
        ("future", pa.bool_()),
        ("ts", TIMESTAMP),
        ("message_id", pa.string()),
        *((name, pa.string()) for name in ("user_id", "anonymous_id", "previous_id", "group_id")),
        *((name, pa.string()) for name in ("name", "category", "traits", "properties", "context")),
    ]
)


def _usual_id(text: str) -> str:
    """SQL text: false for identifiers that :func:`plain_id` changes."""
    return (
        f"NOT coalesce({text} < '!' OR {text} >= '[' AND {text} < '^' OR {text} > 'z~' OR {text} = 'true' "
        f"OR {text} = 'false' OR ends_with({text}, '.0') OR ends_with({text}, ' '), false)"
    )


def plain_id(text: str) -> str:
    """SQL text: an identifier without outer blanks; whole numbers lose their ``.0``, and what is no
    text or number counts as missing."""
    whole = f"regexp_replace(trim({text}), '^(-?[0-9]+)[.]0$', '\\1')"
    return (
        f"CASE WHEN {text} IN ('true', 'false') OR regexp_matches({text}, '^[{{\\[]') THEN NULL "
        f"ELSE nullif({whole}, '') END"
    )


def _shape(name: str) -> str:
    return f"coalesce(starts_with({name}, '{{'), true)"


def _usual_instant(text: str) -> str:
    """SQL text: true for instants that a plain cast reads as :func:`~foretell.collect.times.instant` does."""
    return f"ends_with({text}, 'Z') AND strlen({text}) BETWEEN 20 AND 27"


_LEAN = f"""
WITH read AS (SELECT i, @arrived TRY(from_json(line, '{_STRUCTURE}')) AS h FROM lines),
stamped AS (SELECT *, coalesce(h.@first, h.@second) AS stamp, @sent AS sent FROM read),
fields AS (
    SELECT i, h.type, h.event, h.messageId AS message_id, h.userId AS user_id, h.anonymousId AS anonymous_id,
           @arrived stamp, @quick AS ts, sent,
           CAST(h.name AS VARCHAR) AS name, CAST(h.category AS VARCHAR) AS category,
           nullif(CAST(h.traits AS VARCHAR), '{{}}') AS traits, CAST(h.properties AS VARCHAR) AS properties,
           CAST(h.context AS VARCHAR) AS context
    FROM stamped)
SELECT i, type, {_NAMED} AS event, ts, message_id, user_id, anonymous_id, name, category, traits, properties, context,
       coalesce(ts BETWEEN $earliest AND @latest AND {_usual_instant("stamp")}
                AND message_id <> '' AND (type = 'track' AND event > '!' AND NOT ends_with(event, ' ') OR type = 'page'
                     OR type = 'screen' OR type = 'identify')
                AND {_usual_id("user_id")} AND {_usual_id("anonymous_id")}
                AND {_shape("traits")} AND {_shape("properties")} AND {_shape("context")} AND @also, false) AS usual
FROM fields
"""


def _token(name: str) -> str:
    return f"nullif(CAST(h.{name} AS VARCHAR), 'null')"


def _object(name: str) -> str:
    """An object's token; an empty list counts as an empty object, since PHP writes those so."""
    return f"nullif(nullif({_token(name)}, '[]'), '{{}}') AS {name}"


_SALT = """CASE WHEN $first_line IS NULL
    THEN 'at ' || CAST(epoch_us(@received) AS VARCHAR) || ' ' || CAST(@place AS VARCHAR)
    WHEN contains(line, '"messageId"') THEN 'line ' || CAST($first_line + i AS VARCHAR)
    ELSE CAST(nth AS VARCHAR) END"""
"""What tells equal lines without a message id apart. Equal lines of a file are counted on reading it,
by a look for the word alone; the odd line that has it elsewhere goes by its number in the file."""
_FULL = f"""
WITH read AS (
    SELECT i, @arrived nth, line, wrong, TRY(from_json(CASE WHEN wrong IS NULL THEN line END, '{_STRUCTURE}')) AS h
    FROM lines),
stamped AS (
    SELECT i, @arrived nth, line, wrong, h.type, trim(h.event) AS event, h.messageId AS message_id,
           {plain_id("h.userId")} AS user_id, {plain_id("h.anonymousId")} AS anonymous_id,
           coalesce(h.@first, h.@second) AS stamp, @sent AS sent,
           {_token("name")} AS name, {_token("category")} AS category, {_token("groupId")} AS group_id,
           {_token("previousId")} AS previous_id, {_object("traits")}, {_object("properties")}, {_object("context")}
    FROM read),
fields AS (SELECT *, {_NAMED} AS named, @ts AS ts FROM stamped)
SELECT i, CASE
    WHEN wrong IS NOT NULL THEN wrong
    WHEN NOT json_valid(line) THEN CASE WHEN trim(line, {_BLANKS}) = '' THEN 'BLANK' ELSE 'BAD_JSON' END
    WHEN NOT starts_with(ltrim(line, {_BLANKS}), '{{') THEN 'NOT_AN_OBJECT'
    WHEN named IS NULL AND coalesce(type <> 'track', true) THEN 'UNKNOWN_TYPE'
    WHEN coalesce(named, '') = '' THEN 'EVENT_MISSING'
    WHEN stamp IS NOT NULL AND ts IS NULL THEN 'BAD_TIMESTAMP'
    WHEN stamp IS NOT NULL AND ts < $earliest THEN 'EARLY_TIMESTAMP'
    WHEN NOT {_shape("properties")} THEN 'BAD_PROPERTIES'
    WHEN NOT {_shape("traits")} THEN 'BAD_TRAITS'
    WHEN NOT {_shape("context")} THEN 'BAD_CONTEXT' END AS code,
    CASE WHEN wrong = 'TOO_LARGE' THEN left(line, 2000) WHEN code IS NOT NULL THEN rtrim(line, {_END}) END AS body,
    type, named AS event, coalesce(ts > @latest, false) AS future,
    CASE WHEN stamp IS NULL OR ts > @latest THEN @received ELSE ts END AS ts,
    coalesce(nullif(message_id, ''),
             'm_' || md5($source || chr(31) || {_SALT} || chr(31) || rtrim(line, {_END}))) AS message_id,
    user_id, anonymous_id, previous_id, group_id, name, category, traits, properties, context
FROM fields ORDER BY i
"""


def _reading(sql: str, words: Mapping[str, str]) -> str:
    for name, text in words.items():
        sql = sql.replace(f"@{name}", text)
    return sql


_WORDS: dict[Arrival, dict[str, str]] = {
    "import": {
        "first": "timestamp",
        "second": "originalTimestamp",
        "ts": instant("stamp"),
        "quick": "TRY_CAST(stamp AS TIMESTAMP)",
        "also": "true",
        "arrived": "",
        "sent": "h.sentAt",
        "latest": "$latest",
        "received": "$received",
        "place": "i",
    },
    "api": {
        "first": "originalTimestamp",
        "second": "timestamp",
        "ts": f"{instant('stamp')} + coalesce(received - {instant('sent')}, INTERVAL 0 SECOND)",
        "quick": "TRY_CAST(stamp AS TIMESTAMP) + coalesce(received - TRY_CAST(sent AS TIMESTAMP), INTERVAL 0 SECOND)",
        "also": f"(sent IS NULL OR {_usual_instant('sent')} AND TRY_CAST(sent AS TIMESTAMP) IS NOT NULL)",
        "arrived": "received, place, told_sent,",
        "sent": "coalesce(h.sentAt, told_sent)",
        "latest": f"received + INTERVAL {_FUTURE.seconds} SECOND",
        "received": "received",
        "place": "place",
    },
}
_QUERIES = {arrival: (_reading(_LEAN, words), _reading(_FULL, words)) for arrival, words in _WORDS.items()}


@dataclass(frozen=True)
class Arrivals:
    """How each line came over the wire, where lines of several requests are read together.

    Args:
        received: arrival (timestamp[us], UTC).
        place: number of the line in its request, from 0.
        sent: ``sentAt`` of its request as it stands there; null without one.
    """

    received: pa.Array
    place: pa.Array
    sent: pa.Array

    @classmethod
    def at_once(cls, received_at: datetime, height: int) -> Arrivals:
        """Of ``height`` lines of one request that says nothing of its time."""
        received = pa.repeat(pa.scalar(naive_utc(received_at), TIMESTAMP), height)
        return cls(received, pa.array(np.arange(height)), pa.nulls(height, pa.string()))


def read_envelopes(
    lines: pa.Array,
    *,
    wrong: pa.Array | None,
    nth: npt.NDArray[np.int64] | None,
    source: str,
    received_at: datetime,
    first_line: int | None,
    arrival: Arrival,
    arrivals: Arrivals | None = None,
) -> pa.Table:
    """Read the outer fields of messages.

    Args:
        lines: one JSON text each.
        wrong: a code where a line is known to be bad already.
        nth: how many equal lines the file holds before each one.
        first_line: number of the first line in its file; None for what came over the wire.
        arrival: ``import`` keeps the timestamp as it is; ``api`` corrects it by how far the sender's
            clock was off on sending (Segment's rule).
        arrivals: of ``api`` lines that came in several requests; in place of ``received_at``.

    Returns:
        Columns of :data:`HEADS` in the order of ``lines``: ``i`` (the position), ``code`` (null where
        the line is good), ``body`` (the line, where it is not), texts, and the other fields as JSON
        tokens.
    """
    lean, full = _QUERIES[arrival]
    height, received = len(lines), naive_utc(received_at)
    times: dict[str, object] = {"earliest": EARLIEST}
    columns = pa.table({"i": np.arange(height), "line": lines})
    if arrival == "api":
        each = arrivals or Arrivals.at_once(received_at, height)
        for name, column in (("received", each.received), ("place", each.place), ("told_sent", each.sent)):
            columns = columns.append_column(name, column)
    else:
        times["latest"] = received + _FUTURE
    quick = scratch(lean, {"lines": columns}, times)
    usual = quick["usual"] if wrong is None else pc.and_(quick["usual"], pc.is_null(wrong))
    odd = pc.invert(usual)
    if not pc.any(odd).as_py():
        return _heads(quick)
    columns = columns.append_column("nth", pa.array(np.zeros(height, np.int64) if nth is None else nth))
    columns = columns.append_column("wrong", pa.nulls(height, pa.string()) if wrong is None else wrong)
    params = {**times, "source": source, "first_line": first_line}
    if arrival == "import":
        params["received"] = received
    slow = scratch(full, {"lines": columns.filter(odd)}, params)
    both = pa.concat_tables([_heads(quick.filter(usual)), slow.cast(HEADS)])
    return both.take(pa.array(np.argsort(both["i"].to_numpy(), kind="stable")))


def _heads(quick: pa.Table) -> pa.Table:
    height = quick.num_rows
    columns = []
    for field in HEADS:
        if field.name in quick.column_names:
            columns.append(quick[field.name].cast(field.type))
        elif pa.types.is_boolean(field.type):
            columns.append(pa.repeat(False, height))
        else:
            columns.append(pa.nulls(height, field.type))
    return pa.table(columns, schema=HEADS)
