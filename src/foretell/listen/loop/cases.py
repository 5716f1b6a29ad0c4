"""The cases and answers that the room looks at, as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch
from foretell.listen.loop.model import LoopQuery
from foretell.listen.loop.months import with_month

LOW = {"nps": 6, "csat": 2, "ces": 3, "stars": 2}
"""Measure → the highest score of somebody who is unhappy."""
RECONTACT = timedelta(days=14)
ASKING = ("Ticket Opened", "Chat Started", "Call Received")
"""Events by which people ask for help."""
ABOUT = "c.opened_at > $since AND c.opened_at <= $now"
_CASES = (
    "SELECT c.case_id, c.profile_id, c.rule, c.survey, c.response_id, c.score, c.owner, c.team, c.root_cause, "
    "c.outcome, c.opened_at, c.closed_at, c.first_contact_at, c.value_at_risk FROM cases c WHERE {tests}"
)
_TIMED = """
SELECT c.*, date_diff('microsecond', opened_at, coalesce(first_contact_at, closed_at, $now)) / 3.6e9 AS contact_hours,
  first_contact_at IS NOT NULL AS contacted, closed_at IS NOT NULL AS closed,
  date_diff('microsecond', opened_at, coalesce(closed_at, $now)) / 3.6e9 AS close_hours,
  closed_at + INTERVAL 14 DAY AS asked_until
FROM c ORDER BY case_id"""
_AGAIN = (
    "SELECT c.case_id FROM closed c JOIN events e ON e.profile_id = c.profile_id WHERE e.event IN ({names}) "
    "AND e.timestamp > c.closed_at AND e.timestamp <= c.asked_until GROUP BY c.case_id"
)
_ANSWERS = (
    "SELECT c.case_id, r.response_id, r.answered_at, r.score, CASE WHEN r.answered_at > c.closed_at THEN 1 ELSE 0 END "
    "AS later FROM closed c JOIN survey_responses r ON r.profile_id = c.profile_id AND r.survey = c.survey "
    "WHERE r.score IS NOT NULL AND coalesce(r.anonymous, FALSE) = FALSE AND r.answered_at <= $now"
)
_CHANGES = """
WITH placed AS (
  SELECT a.*, row_number() OVER (PARTITION BY case_id, later ORDER BY
    CASE WHEN later = 1 THEN epoch_us(answered_at) ELSE -epoch_us(answered_at) END, response_id) AS place FROM a
)
SELECT b.case_id, f.score - b.score AS change FROM placed b
JOIN placed f ON f.case_id = b.case_id AND f.later = 1 AND f.place = 1 WHERE b.later = 0 AND b.place = 1
ORDER BY b.case_id"""


def cases(engine: Engine, asked: LoopQuery, now: datetime, *, zone: ZoneInfo) -> pa.Table:
    """Cases that were opened in the span and are about an answer, or of the rule asked for.

    Returns: columns of the view ``cases``, and ``contact_hours contacted close_hours closed`` (hours to what happened,
        or so far), ``month`` (of ``zone``), ``recontacted`` (null where it is too early to say), ``change`` of the
        score (null where there is no answer before or after).
    """
    tests = [ABOUT]
    told: dict[str, Any] = {"since": naive_utc(asked.since), "now": naive_utc(now)}
    if asked.rule is None and asked.survey is None:
        tests.append("c.survey IS NOT NULL")
    for name in ("rule", "survey"):
        if getattr(asked, name) is not None:
            tests.append(f"c.{name} = ${name}")
            told[name] = getattr(asked, name)
    found = engine.analytics.query(_CASES.format(tests=" AND ".join(tests)), told)
    timed = with_month(scratch(_TIMED, {"c": found}, {"now": naive_utc(now)}), "opened_at", zone)
    return _with_change(engine, _with_recontact(engine, timed, now), now)


def _with_recontact(engine: Engine, timed: pa.Table, now: datetime) -> pa.Table:
    known = scratch(
        "SELECT case_id, profile_id, closed_at, asked_until FROM c WHERE asked_until <= $now AND profile_id <> ''",
        {"c": timed},
        {"now": naive_utc(now)},
    )
    again = pa.table({"case_id": pa.array([], pa.string())})
    if known.num_rows:
        names = ", ".join(f"'{name}'" for name in ASKING)
        again = engine.analytics.query(_AGAIN.format(names=names), tables={"closed": known})
    return scratch(
        "SELECT c.*, CASE WHEN k.case_id IS NULL THEN NULL ELSE a.case_id IS NOT NULL END AS recontacted FROM c "
        "LEFT JOIN k ON k.case_id = c.case_id LEFT JOIN a ON a.case_id = c.case_id ORDER BY c.case_id",
        {"c": timed, "k": known.select(["case_id"]), "a": again},
    )


def _with_change(engine: Engine, timed: pa.Table, now: datetime) -> pa.Table:
    closed = scratch(
        "SELECT case_id, profile_id, survey, closed_at FROM c WHERE closed AND survey IS NOT NULL AND profile_id <> ''",
        {"c": timed},
    )
    changes = pa.table({"case_id": pa.array([], pa.string()), "change": pa.array([], pa.float64())})
    if closed.num_rows:
        answers = engine.analytics.query(_ANSWERS, {"now": naive_utc(now)}, tables={"closed": closed})
        changes = scratch(_CHANGES, {"a": answers})
    return scratch(
        "SELECT c.*, g.change FROM c LEFT JOIN g ON g.case_id = c.case_id ORDER BY c.case_id",
        {"c": timed, "g": changes},
    )


def numbers(rows: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column as numbers (n,); null is NaN."""
    found: npt.NDArray[np.float64] = rows[name].cast(pa.float64()).to_numpy().astype(np.float64)
    return found


def flags(rows: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    """A column of true and false (n,); null is false."""
    told: npt.NDArray[np.bool_] = pc.fill_null(rows[name], False).to_numpy(zero_copy_only=False).astype(bool)
    return told


def low_test(prefix: str = "r") -> str:
    """SQL: an answer is low by its measure."""
    tests = (f"{prefix}.measure = '{name}' AND {prefix}.score <= {most}" for name, most in LOW.items())
    return f"({' OR '.join(tests)})"
