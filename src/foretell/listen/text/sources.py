"""What people wrote, read from the event log: answers, tickets, reviews, replies."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from foretell.engine import Engine, PropertyColumns
from foretell.listen.text.cleaning import MOST_CHARACTERS

ORIGINS = ("survey", "ticket", "review", "reply")
_READ = 4 * MOST_CHARACTERS
TEXTS = pa.schema(
    [
        ("seq", pa.int64()), ("node_key", pa.int64()), ("ts", pa.timestamp("us")), ("known_at", pa.timestamp("us")),
        ("message_id", pa.string()), ("origin", pa.string()), ("text", pa.string()), ("survey", pa.string()),
        ("response_id", pa.string()), ("score", pa.float64()), ("told", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where words of people stand.

    Args:
        events: names of the events.
        before: properties whose first one that is there stands before the text, as its heading.
        texts: properties of the text, the first one that is there counts.
        scores: properties of a score beside it.
    """

    origin: str
    events: tuple[str, ...]
    texts: tuple[str, ...]
    before: tuple[str, ...] = ()
    scores: tuple[str, ...] = ("score",)


SOURCES = (
    Source("survey", ("Survey Answered",), ("text",)),
    Source("ticket", ("Ticket Opened",), ("text", "description", "body"), ("subject",), ()),
    Source("review", ("Product Reviewed",), ("review_body", "text"), ("review_title",), ("rating", "score")),
    Source(
        "reply", ("Email Replied", "SMS Replied", "Push Replied", "Message Replied"), ("text", "body"), ("subject",), ()
    ),
)
"""One for each origin; names of properties as in the specification of Segment where it has one."""


def new_texts(engine: Engine, *, since: int, most: int) -> pa.Table:
    """The next texts after event ``since``, at most ``most``, columns :data:`TEXTS`, by ``seq``.

    An answer whose event names no response is one of its own.
    """
    known = engine.log.properties()
    parts = " UNION ALL ".join(_select(source, known) for source in SOURCES)
    sql = f"SELECT * FROM ({parts}) t WHERE length(trim(t.text)) > 0 ORDER BY t.seq LIMIT {int(most)}"
    return engine.analytics.query(sql, {"since": since}).select(TEXTS.names).cast(TEXTS)


def _select(source: Source, known: PropertyColumns) -> str:
    text = _first(source.texts, known)
    if source.before:
        heading = _first(source.before, known)
        ends = " OR ".join(f"{heading} LIKE '%{sign}'" for sign in ".!?")
        text = f"coalesce({heading} || CASE WHEN {ends} THEN ' ' ELSE '. ' END || {text}, {text}, {heading})"
    survey = source.origin == "survey"
    response = f"coalesce({_text('response_id', known)}, e.message_id)" if survey else "CAST(NULL AS VARCHAR)"
    names = ", ".join(f"'{event}'" for event in source.events)
    return (
        "SELECT e.seq, e.node_key, e.ts, e.known_at, e.message_id, "
        f"'{source.origin}' AS origin, substr({text}, 1, {_READ}) AS text, "
        f"{_text('survey', known) if survey else 'CAST(NULL AS VARCHAR)'} AS survey, {response} AS response_id, "
        f"{_score(source.scores, known)} AS score, {_text('language', known)} AS told "
        f"FROM event_log e WHERE e.seq > $since AND e.event IN ({names})"
    )


def _first(paths: tuple[str, ...], known: PropertyColumns) -> str:
    return f"coalesce({', '.join(_text(path, known) for path in paths)}, CAST(NULL AS VARCHAR))"


def _text(path: str, known: PropertyColumns) -> str:
    column = known.own().get(path)
    return "CAST(NULL AS VARCHAR)" if column is None else f"nullif(trim(e.{column.text}), '')"


def _score(paths: tuple[str, ...], known: PropertyColumns) -> str:
    columns = [column.number for path in paths if (column := known.own().get(path)) is not None]
    if not columns:
        return "CAST(NULL AS DOUBLE)"
    listed = ", ".join(f"e.{one}" for one in columns)
    return f"CAST(coalesce({listed}, CAST(NULL AS BIGINT)) AS DOUBLE) / CAST(1000000 AS DOUBLE)"
