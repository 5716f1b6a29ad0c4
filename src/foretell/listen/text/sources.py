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
        ("anonymous", pa.bool_()), ("part", pa.int64()),
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


def new_texts(engine: Engine, *, since: int, most: int, until: int = 2**62) -> pa.Table:
    """The next texts after event ``since`` and up to event ``until``, at most ``most``, columns :data:`TEXTS`, by
    ``seq``.

    An answer whose event names no response is one of its own.
    """
    texts = _texts(engine, "e.seq > $since AND e.seq <= $until")
    sql = f"SELECT * FROM ({texts}) t WHERE length(trim(t.text)) > 0 ORDER BY t.seq LIMIT {int(most)}"
    return engine.analytics.query(sql, {"since": since, "until": until}).select(TEXTS.names).cast(TEXTS)


def texts_of(engine: Engine, events: pa.Table) -> pa.Table:
    """``seq``, ``text`` and ``part`` of some events (``seq``), as :func:`new_texts` gives them."""
    texts = _texts(engine, "e.seq IN (SELECT w.seq FROM wanted w)")
    return engine.analytics.query(
        f"SELECT t.seq, t.text, t.part FROM ({texts}) t", tables={"wanted": events.select(["seq"])}
    )


def _texts(engine: Engine, where: str) -> str:
    known = engine.log.properties()
    return " UNION ALL ".join(_select(source, known, where) for source in SOURCES)


def _select(source: Source, known: PropertyColumns, where: str) -> str:
    text = _first(source.texts, known)
    if source.before:
        heading = _first(source.before, known)
        ends = " OR ".join(f"{heading} LIKE '%{sign}'" for sign in ".!?")
        text = f"coalesce({heading} || CASE WHEN {ends} THEN ' ' ELSE '. ' END || {text}, {text}, {heading})"
    survey = source.origin == "survey"
    response = f"coalesce({_name('response_id', known)}, e.message_id)" if survey else "CAST(NULL AS VARCHAR)"
    names = ", ".join(f"'{event}'" for event in source.events)
    return (
        "SELECT e.seq, e.node_key, e.ts, e.known_at, e.message_id, "
        f"'{source.origin}' AS origin, substr({text}, 1, {_READ}) AS text, "
        f"{_name('survey', known) if survey else 'CAST(NULL AS VARCHAR)'} AS survey, {response} AS response_id, "
        f"{_score(source.scores, known)} AS score, {_text('language', known)} AS told, "
        f"{_anonymous(known) if survey else 'FALSE'} AS anonymous, {_part(known) if survey else '1'} AS part "
        f"FROM event_log e WHERE {where} AND e.event IN ({names})"
    )


def _first(paths: tuple[str, ...], known: PropertyColumns) -> str:
    return f"coalesce({', '.join(_text(path, known) for path in paths)}, CAST(NULL AS VARCHAR))"


def _text(path: str, known: PropertyColumns) -> str:
    column = known.own().get(path)
    return "CAST(NULL AS VARCHAR)" if column is None else f"nullif(trim(e.{column.text}), '')"


def _name(path: str, known: PropertyColumns) -> str:
    """A name as the view ``survey_responses`` has it; one that was sent as a whole number in its digits."""
    column = known.own().get(path)
    if column is None:
        return "CAST(NULL AS VARCHAR)"
    digits = f"CASE WHEN e.{column.number} % 1000000 = 0 THEN CAST(e.{column.number} // 1000000 AS VARCHAR) END"
    return f"coalesce(nullif(e.{column.text}, ''), {digits})"


def _anonymous(known: PropertyColumns) -> str:
    return f"coalesce(lower({_text('anonymous', known)}), 'false') = 'true'"


def _part(known: PropertyColumns) -> str:
    """Which part of its response it is, as the view ``survey_responses`` counts them."""
    column = known.own().get("part")
    if column is None:
        return "1"
    return f"coalesce(e.{column.number} // 1000000, TRY_CAST(e.{column.text} AS BIGINT), 1)"


def _score(paths: tuple[str, ...], known: PropertyColumns) -> str:
    columns = [column.number for path in paths if (column := known.own().get(path)) is not None]
    if not columns:
        return "CAST(NULL AS DOUBLE)"
    listed = ", ".join(f"e.{one}" for one in columns)
    return f"CAST(coalesce({listed}, CAST(NULL AS BIGINT)) AS DOUBLE) / CAST(1000000 AS DOUBLE)"
