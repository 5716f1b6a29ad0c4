"""What an event that opens cases says: whose it is, and of an answer to a survey its score and words."""

from __future__ import annotations

import pyarrow as pa

from foretell.care.openings import ANSWERED, NEVER, Opening
from foretell.condition import Scope, Selection, hits_sql
from foretell.engine import scratch
from foretell.ids import stable_id

MOST_WORDS = 5_000
"""So many characters of an answer are kept with a case; the answer itself keeps all."""
PROPERTIES = ("survey", "response_id", "part", "score", "text", "anonymous", "survey_message", "message_id")
"""Properties of an answer that a case knows."""
_MICRO = 1_000_000
_DIGITS = (
    f"CASE WHEN response_id_n % {_MICRO} = 0 THEN CAST(response_id_n // {_MICRO} AS VARCHAR) "
    f"ELSE rtrim(CAST(CAST(response_id_n AS DECIMAL(25, 6)) / {_MICRO} AS VARCHAR), '0') END"
)
"""A response that was named by a number, in its digits."""

_SHAPED = f"""
WITH told AS (
  SELECT message_id, event, profile_key, node_key, ts, survey_s AS survey,
    CASE WHEN event = '{ANSWERED}' THEN coalesce(nullif(response_id_s, ''), {_DIGITS}, message_id) END AS response_id,
    coalesce(part_n // {_MICRO}, TRY_CAST(part_s AS BIGINT), 1) AS part,
    coalesce(CAST(score_n AS DOUBLE) / {_MICRO}, TRY_CAST(score_s AS DOUBLE)) AS score,
    CASE WHEN event = '{ANSWERED}' THEN nullif(trim(text_s), '') END AS text,
    lower(coalesce(anonymous_s, '')) IN ('true', '1', 'yes') OR coalesce(anonymous_n, 0) <> 0 AS anonymous,
    coalesce(survey_message_s, message_id_s) AS about
  FROM a
)
SELECT message_id, event, profile_key, node_key, ts, survey, response_id,
  coalesce(coalesce(survey, '') || chr(31) || response_id, message_id) AS matter,
  part, CASE WHEN isfinite(score) THEN score END AS score,
  CASE WHEN length(text) > {MOST_WORDS} THEN left(text, {MOST_WORDS - 1}) || '…' ELSE text END AS words, about
FROM told WHERE NOT anonymous ORDER BY ts, message_id"""
_FIRST = """
SELECT * EXCLUDE (place) FROM (
  SELECT s.*, row_number() OVER (PARTITION BY matter ORDER BY part, ts, message_id) AS place FROM s
) WHERE place = 1 ORDER BY ts, message_id"""
_CASES = """
SELECT $rule AS rule, profile_key, node_key, ts AS opened_at, survey, response_id, matter, message_id AS by_message,
  score, words, about AS message_id,
  CASE WHEN event <> $answered THEN event
    ELSE 'answered ' || coalesce(CASE WHEN score = floor(score) THEN CAST(CAST(score AS BIGINT) AS VARCHAR)
      ELSE CAST(score AS VARCHAR) END || ' ', '') || 'to ' || coalesce(survey, 'a survey') END AS reason
FROM f ORDER BY ts, by_message"""


def found_sql(selection: Selection, scope: Scope) -> str:
    """SQL of the events of ``log_events`` that are meant and belong to somebody, with what :func:`shaped` reads.

    The window is left to the caller, who appends its tests of ``e``.
    """
    columns = ["e.message_id", "e.event", "e.profile_key", "e.node_key", "e.ts"]
    for name in PROPERTIES:
        array, value = scope.value(name)
        text, number = ("CAST(NULL AS VARCHAR)", "CAST(NULL AS BIGINT)") if array else (value.text, value.number)
        columns += [f"{text} AS {name}_s", f"{number} AS {name}_n"]
    return (
        f"SELECT {', '.join(columns)} FROM log_events AS e WHERE {hits_sql(selection, scope)} AND e.profile_key > 0 "
        f"AND e.event <> '{NEVER}'"
    )


def shaped(found: pa.Table) -> pa.Table:
    """Rows of :func:`found_sql` as answers, without what was said anonymously.

    Returns: ``message_id event profile_key node_key ts survey response_id matter part score words about``;
        ``matter`` is survey and response, of other events the event itself; ``about`` the message that asked.
    """
    return scratch(_SHAPED, {"a": found})


def cases_of(opening: Opening, answers: pa.Table) -> pa.Table:
    """The cases that answers open by a rule, one a matter: rows as :func:`~foretell.care.opening.open_cases` takes
    them, and ``matter``, ``by_message`` (the event that opens it)."""
    rows = scratch(_CASES, {"f": scratch(_FIRST, {"s": answers})}, {"rule": opening.rule, "answered": ANSWERED})
    ids = [case_id(opening.rule, matter) for matter in rows["matter"].to_pylist()]
    rows = rows.append_column("case_id", pa.array(ids, pa.string()))
    for name in ("title", "priority", "owner", "journey", "run", "step"):
        rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    return rows.append_column("due_at", pa.nulls(rows.num_rows, pa.timestamp("us")))


def case_id(rule: str, matter: str) -> str:
    """The id of the case that a response opens by a rule: however often it is told, the same."""
    return stable_id("case", "opens", rule, matter)
