"""Which responses belong to which cases, and when people were spoken with: for those who measure."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from foretell.clock import from_micros, micros, naive_utc
from foretell.engine import TIMESTAMP, Engine, table_of

_REPEATS = {"survey": pa.string(), "response_id": pa.string(), "case_id": pa.string()}


def noted_responses(engine: Engine) -> pa.Table:
    """Responses that opened no case of their own since their person had one: ``survey response_id case_id``, the survey
    empty where it is not known."""
    rows = engine.ops.query(
        "SELECT coalesce(survey, ''), response_id, kept_id FROM case_repeats WHERE response_id IS NOT NULL "
        "ORDER BY kept_id, response_id"
    )
    return table_of(_REPEATS, rows)


def contacts(engine: Engine, since: datetime) -> pa.Table:
    """Each time that somebody of the team spoke with the person of a case after ``since``: ``case_id at`` (timestamp,
    UTC)."""
    rows = engine.ops.query(
        "SELECT case_id, at FROM case_history WHERE what = 'contact' AND at > ? ORDER BY at, case_id", (micros(since),)
    )
    told = [(case_id, naive_utc(from_micros(at))) for case_id, at in rows]
    return table_of({"case_id": pa.string(), "at": TIMESTAMP}, told)
